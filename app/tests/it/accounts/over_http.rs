//! A login as a browser does it, over a real connection to the real server.

use crate::binary::Root;
use crate::server::Server;

/// Sends a request, and gives back the status line, the headers and the body.
fn send(server: &Server, line: &str, cookies: &str, form: &str) -> (String, String) {
    let kind = if form.is_empty() { "" } else { "content-type: application/x-www-form-urlencoded\r\n" };
    let length = form.len();
    let answer = server.send(&format!(
        "{line} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\norigin: http://localhost\r\ncookie: {cookies}\r\n\
         {kind}content-length: {length}\r\n\r\n{form}"
    ));
    let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
    (head.to_owned(), body.to_owned())
}

/// The value that a response sets for a cookie.
fn cookie<'a>(head: &'a str, name: &str) -> &'a str {
    let (_, rest) = head.split_once(&format!("set-cookie: {name}=")).expect("a cookie");
    rest.split(';').next().unwrap_or_default()
}

#[test]
fn somebody_logs_in_and_out() {
    let root = Root::new().var("APP_SUPERUSER_PASSWORD", "sturdy-otter-47");
    root.line("migrate -v 0").is(0, "", "");
    root.line("createsuperuser --noinput --email joe@example.com -v 0").is(0, "", "");
    let server = Server::start(root);
    let (head, body) = send(&server, "GET /login/", "", "");
    assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
    let token = cookie(&head, "csrftoken");
    let (_, field) = body.split_once("name=\"csrfmiddlewaretoken\" value=\"").expect("a token");
    let field = field.split('"').next().unwrap_or_default();
    assert_ne!(field, token, "pages are compressed, so none holds what others hold too");
    let form =
        format!("username=joe%40example.com&password=sturdy-otter-47&next=%2Fmailings%2F&csrfmiddlewaretoken={field}");
    let (head, _) = send(&server, "POST /login/", "", &form);
    assert!(head.starts_with("HTTP/1.1 403"), "without the cookie: {head}");
    let (head, _) = send(&server, "POST /login/", &format!("csrftoken={token}"), &form);
    assert!(head.starts_with("HTTP/1.1 303") && head.contains("location: /mailings/"), "{head}");
    let (session, token) = (cookie(&head, "sessionid"), cookie(&head, "csrftoken"));
    let cookies = format!("sessionid={session}; csrftoken={token}");
    let (head, body) = send(&server, "GET /mailings/", &cookies, "");
    assert!(head.starts_with("HTTP/1.1 200 OK") && body.contains("joe@example.com"), "{head}\n{body}");
    let (head, _) = send(&server, "POST /logout/", &cookies, &format!("csrfmiddlewaretoken={token}"));
    assert!(head.starts_with("HTTP/1.1 303") && head.contains("set-cookie: sessionid=; Path=/; Max-Age=0"), "{head}");
    let (head, body) = send(&server, "GET /mailings/", &cookies, "");
    assert!(head.starts_with("HTTP/1.1 200 OK") && !body.contains("joe@example.com"), "{head}\n{body}");
}
