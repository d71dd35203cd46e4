//! What becomes of one connection: who may ask, and which path has which answer.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv6Addr, Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use serde_json::{Value, json};

use super::http::{self, Answer, Head, Unread};
use super::hub::{Hub, Number};
use super::page;

/// The script of every page, and the style of what it shows.
const CLIENT: &str = include_str!("../client.js");
const STYLE: &str = include_str!("../client.css");

/// How often a stream without events gets a sign of life, by which both sides notice a dead connection.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);

/// What all connections of one listening socket share.
pub(super) struct Door {
    pub(super) hub: Arc<Hub>,
    pub(super) caller: Caller,
}

/// Who stands before the door.
pub(super) enum Caller {
    /// Apps of ours, on a port of our own.
    App { token: String, port: u16 },
    /// Browsers, on the socket of the site.
    Anybody {
        /// The name that the socket was asked for.
        host: String,
        number: Number,
        /// Whether an app takes the connections by now.
        stopped: Arc<AtomicBool>,
    },
}

/// Reads the request and answers it.
pub(super) fn answer(door: &Door, stream: &TcpStream) {
    let head = match http::read(stream) {
        Ok(head) => head,
        Err(Unread::Gone) => return,
        Err(unread) => {
            let answer = match unread {
                Unread::TooLong => Answer::text("431 Request Header Fields Too Large", "the head is too long\n"),
                _ => Answer::text("400 Bad Request", "this is no HTTP\n"),
            };
            let _ = answer.send(stream, &Head::default());
            return;
        }
    };
    let answered = match door.refusal(&head) {
        Some(refusal) => refusal.send(stream, &head),
        None => door.route(&head, stream),
    };
    // The client is gone: there is nobody to tell.
    drop(answered);
}

impl Door {
    /// Why the request is not answered, if it is not.
    fn refusal(&self, head: &Head) -> Option<Answer> {
        let refuse = |status, why: &str| Some(Answer::text(status, format!("{why}\n")));
        let Some(host) = head.header("host") else { return refuse("400 Bad Request", "the request names no host") };
        let is_dev = head.path().starts_with("/__dev/");
        match &self.caller {
            Caller::App { token, port } => {
                let loopback = [format!("127.0.0.1:{port}"), format!("localhost:{port}"), format!("[::1]:{port}")];
                if !loopback.iter().any(|name| name == host) {
                    return refuse("403 Forbidden", "this is not the host that was asked for");
                }
                let given = head.header("x-dev-token").and_then(|given| given.split('.').next()).unwrap_or_default();
                if !is_same(given.as_bytes(), token.as_bytes()) {
                    return refuse("403 Forbidden", "the token is missing or wrong");
                }
            }
            Caller::Anybody { host: ours, .. } => {
                if !is_ours(host, ours) {
                    return refuse("400 Bad Request", "this is not the host that was asked for");
                }
                let foreign = |origin: &str| {
                    origin.split_once("://").is_none_or(|(_, authority)| !authority.eq_ignore_ascii_case(host))
                };
                if is_dev && head.header("origin").is_some_and(foreign) {
                    return refuse("403 Forbidden", "the request comes from another site");
                }
            }
        }
        let known = ["GET", "HEAD", "POST"].contains(&head.method.as_str());
        // While the app is away, nobody knows what it would have answered.
        (is_dev && !known).then(|| Answer::text("405 Method Not Allowed", "only GET, HEAD and POST are answered\n"))
    }

    fn route(&self, head: &Head, stream: &TcpStream) -> std::io::Result<()> {
        if self.has_stopped() {
            return elsewhere(head).send(stream, head);
        }
        let method = if head.method == "POST" { "POST" } else { "GET" };
        match (method, head.path()) {
            ("GET", "/__dev/events") if head.method == "GET" => self.events(head, stream),
            ("GET", "/__dev/status") => {
                let mut status = self.hub.status();
                status["via"] = json!(via(head));
                json(&status).send(stream, head)
            }
            ("GET", "/__dev/client.js") => {
                let mut given = self.hub.given(via(head));
                given["css"] = STYLE.into();
                Answer {
                    status: "200 OK",
                    content_type: "text/javascript; charset=utf-8",
                    headers: Vec::new(),
                    body: CLIENT.replacen("'__GIVEN__'", &given.to_string(), 1),
                }
                .send(stream, head)
            }
            ("POST", "/__dev/migrate") => self.migrate(head, stream),
            (_, path) if path.starts_with("/__dev/") || matches!(self.caller, Caller::App { .. }) => {
                Answer::text("404 Not Found", "there is no such page\n").send(stream, head)
            }
            _ => page::holding(&self.hub.view(), head).send(stream, head),
        }
    }

    /// Whether an app has taken over since this connection was taken.
    fn has_stopped(&self) -> bool {
        matches!(&self.caller, Caller::Anybody { stopped, .. } if stopped.load(Ordering::SeqCst))
    }

    fn migrate(&self, head: &Head, stream: &TcpStream) -> std::io::Result<()> {
        // It takes the time that it takes. Only when the session is at its end will nobody answer.
        let result = self.hub.migrate().recv().unwrap_or_else(|_| Err("the dev server stops".to_owned()));
        json(&json!({ "ok": result.is_ok(), "error": result.err() })).send(stream, head)
    }

    fn events(&self, head: &Head, stream: &TcpStream) -> std::io::Result<()> {
        let holding = match &self.caller {
            Caller::App { .. } => None,
            Caller::Anybody { number, .. } => Some(*number),
        };
        let Some((number, events)) = self.hub.join(holding) else {
            return Answer::text("503 Service Unavailable", "there are too many streams\n").send(stream, head);
        };
        // It may have stopped after it was asked and before the stream was known.
        let watcher = stream.try_clone().ok().filter(|_| !self.has_stopped());
        let Some(watcher) = watcher else {
            self.hub.leave(number);
            return elsewhere(head).send(stream, head);
        };
        let hub = Arc::clone(&self.hub);
        let watching = std::thread::Builder::new().name("dev-stream".to_owned()).spawn(move || {
            wait_for_end(&watcher);
            hub.leave(number);
        });
        let sent = watching.and_then(|_| send_events(stream, &events));
        self.hub.leave(number);
        // Also for the thread that waits for the end.
        let _ = stream.shutdown(Shutdown::Both);
        sent
    }
}

fn json(body: &Value) -> Answer {
    Answer { status: "200 OK", content_type: "application/json", headers: Vec::new(), body: body.to_string() }
}

fn send_events(mut stream: &TcpStream, events: &Receiver<Arc<str>>) -> std::io::Result<()> {
    http::begin_stream(stream)?;
    stream.write_all(b"retry: 100\n\n")?;
    loop {
        match events.recv_timeout(SIGN_OF_LIFE) {
            Ok(event) => stream.write_all(event.as_bytes())?,
            Err(RecvTimeoutError::Timeout) => stream.write_all(b":\n\n")?,
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        }
    }
}

/// The generation of the process that passes the request on: its token ends with it.
fn via(head: &Head) -> Option<u64> {
    head.header("x-dev-token").and_then(|token| token.split_once('.')?.1.parse().ok())
}

/// Returns when the client has closed the connection.
fn wait_for_end(mut stream: &TcpStream) {
    if stream.set_read_timeout(None).is_ok() {
        while stream.read(&mut [0; 64]).is_ok_and(|count| count > 0) {}
    }
}

/// The same once more, at the app: browsers open connections before they need them, and such a one came too early.
fn elsewhere(head: &Head) -> Answer {
    // Two slashes at the begin would be the address of another host.
    let target = format!("/{}", head.target.trim_start_matches('/'));
    Answer { headers: vec![format!("Location: {target}")], ..Answer::text("307 Temporary Redirect", "") }
}

/// Whether two texts are the same, in a time that does not tell where they differ.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |differs, (one, other)| differs | (one ^ other)) == 0
}

/// Whether a `Host` header names us: a loopback name, an address, or the name that was asked for. Any other name may
/// have been made to point here by somebody whose page wants to read ours.
fn is_ours(host: &str, ours: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let inner = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    name == "localhost"
        || name.ends_with(".localhost")
        || name == ours.to_ascii_lowercase()
        || name.parse::<IpAddr>().is_ok_and(|address| address.is_ipv4())
        || inner.is_some_and(|inner| inner.parse::<Ipv6Addr>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_loopback_names_addresses_and_the_name_asked_for() {
        for host in [
            "localhost",
            "localhost:8000",
            "LOCALHOST.:8000",
            "a.localhost",
            "127.0.0.1:1",
            "192.168.1.2",
            "[::1]:80",
            "[::1]",
            "My.lan:8000",
        ] {
            assert!(is_ours(host, "my.lan"), "{host}");
        }
        for host in
            ["", ":80", "evil.example", "localhost.evil", "127.0.0.1.evil", "::1", "my.lan.evil", "localhost:80a"]
        {
            assert!(!is_ours(host, "my.lan"), "{host}");
        }
    }

    #[test]
    fn tokens_are_compared_as_a_whole() {
        assert!(is_same(b"abc", b"abc") && !is_same(b"abc", b"abd") && !is_same(b"abc", b"ab") && !is_same(b"", b"a"));
    }

    #[test]
    fn a_redirect_stays_on_this_host() {
        let head = |target: &str| Head { target: target.to_owned(), ..Head::default() };
        assert_eq!(elsewhere(&head("//evil/a?b")).headers, ["Location: /evil/a?b"]);
        assert_eq!(elsewhere(&head("/a?b")).headers, ["Location: /a?b"]);
    }
}
