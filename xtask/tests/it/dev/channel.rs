//! The dev channel as programs see it: who is let in, what they get, and that no connection is lost when the app takes
//! over.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::{Value, json};
use xtask::dev::channel::{Editor, Holding};
use xtask::dev::model::{Message, Request, Status};

use super::front::Front;
use super::stage::{Stage, project};
use crate::sandbox::PATIENCE;

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
    stream
}

/// Sends it, and reads to the end of the connection.
fn ask(address: SocketAddr, request: &str) -> String {
    let mut stream = connect(address);
    stream.write_all(request.as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap_or_else(|error| panic!("{request}: {error}"));
    answer
}

fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or_else(|| panic!("no answer: {answer:?}"))
}

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").expect("a body").1
}

impl Stage {
    fn address(&self) -> SocketAddr {
        self.listener.local_addr().expect("an address")
    }

    fn port(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.channel.port()))
    }

    /// A request of an app of the third generation.
    fn request(&self, line: &str) -> String {
        let (port, token) = (self.channel.port(), self.channel.token(3));
        format!("{line} HTTP/1.1\r\nHost: localhost:{port}\r\nX-Dev-Token: {token}\r\n\r\n")
    }

    fn json(&self, line: &str) -> Value {
        serde_json::from_str(body(&ask(self.port(), &self.request(line)))).expect("JSON")
    }
}

/// The events of a stream, as JSON.
fn events(stream: TcpStream) -> impl FnMut() -> Option<Value> {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    move || {
        let event = lines.by_ref().find_map(|line| line.strip_prefix("data: ").map(str::to_owned))?;
        Some(serde_json::from_str(&event).expect("JSON"))
    }
}

#[test]
fn only_an_app_with_the_token_is_answered() {
    let stage = Stage::new();
    let (port, token) = (stage.channel.port(), stage.channel.token(1));
    let other = "0".repeat(32);
    assert_eq!(token.split('.').next().map(str::len), Some(32));
    for (host, header, expected) in [
        (format!("127.0.0.1:{port}"), format!("X-Dev-Token: {token}"), 200),
        (format!("[::1]:{port}"), format!("x-dev-token: {token}"), 200),
        (format!("localhost:{port}"), "X-Other: 1".to_owned(), 403),
        (format!("localhost:{port}"), format!("X-Dev-Token: {other}.1"), 403),
        (format!("localhost:{port}"), "X-Dev-Token: ".to_owned(), 403),
        (format!("localhost:{port}"), format!("X-Dev-Token: {token}\r\nX-Dev-Token: {token}"), 403),
        ("localhost".to_owned(), format!("X-Dev-Token: {token}"), 403),
        (format!("evil.example:{port}"), format!("X-Dev-Token: {token}"), 403),
    ] {
        let request = format!("GET /__dev/status HTTP/1.1\r\nHost: {host}\r\n{header}\r\n\r\n");
        assert_eq!(status(&ask(stage.port(), &request)), expected, "{request}");
    }
    assert_eq!(status(&ask(stage.port(), "GET / HTTP/1.1\r\n\r\n")), 400);
    assert_eq!(status(&ask(stage.port(), "nonsense\r\n\r\n")), 400);
    assert_eq!(status(&ask(stage.port(), &stage.request("GET /other"))), 404);
    assert_eq!(status(&ask(stage.port(), &stage.request("GET /__dev/migrate"))), 404);
    assert_eq!(status(&ask(stage.port(), &stage.request("DELETE /__dev/status"))), 405);
    let long = stage.request("GET /__dev/status").replace("Host", &format!("X-Long: {}\r\nHost", "x".repeat(20_000)));
    assert_eq!(status(&ask(stage.port(), &long)), 431);
}

#[test]
fn the_status_and_the_script_say_how_things_stand() {
    let stage = Stage::new();
    stage.fail("`app` <does> not build", &["\u{1b}[31merror\u{1b}[0m: a<b>\n"]);
    let status = stage.json("GET /__dev/status");
    let file = stage.source().display().to_string();
    let expected = json!([{
        "level": "error", "text": "error: a<b>\n", "html": "<span class=\"c1\">error</span>: a&lt;b&gt;\n",
        "file": file, "line": 42, "column": 17, "href": format!("vscode://file{file}:42:17"),
    }]);
    assert_eq!(status["errors"], expected);
    let brief = json!([status["generation"], status["state"], status["title"], status["pending"], status["via"]]);
    assert_eq!(brief, json!([1, "failed", "`app` <does> not build", [], 3]));

    let script = ask(stage.port(), &stage.request("GET /__dev/client.js?x=1"));
    assert!(script.contains("Content-Type: text/javascript") && script.contains("Cache-Control: no-store"));
    assert!(script.contains("const GIVEN = {\"generation\":3,"), "{script}");
    let head = ask(stage.port(), &stage.request("HEAD /__dev/client.js"));
    assert_eq!(body(&head), "");
    assert!(head.contains(&format!("Content-Length: {}", body(&script).len())));
}

#[test]
fn who_listens_is_told_what_happens() {
    let stage = Stage::new();
    let mut stream = connect(stage.port());
    stream.write_all(stage.request("GET /__dev/events").as_bytes()).expect("sent");
    let mut next = events(stream);
    let hello = next().expect("hello");
    assert_eq!(json!([hello["type"], hello["generation"], hello["state"]]), json!(["hello", 0, "building"]));
    stage.wait_for_stream();
    stage.channel.publish(&Stage::serving(1));
    stage.channel.publish(&Stage::serving(1));
    stage.channel.tell(&Message::Reload);
    stage.channel.tell(&Message::Css(vec!["css/a.css".to_owned()]));
    stage.channel.publish(&Status { pending: vec!["a.0001_b".to_owned()], ..Stage::serving(1) });
    stage.channel.tell(&Message::Migrations);
    stage.channel.tell(&Message::Clear);
    let state = next().expect("the state");
    assert_eq!(json!([state["type"], state["generation"], state["state"]]), json!(["state", 1, "serving"]));
    assert_eq!(next(), Some(json!({ "type": "reload", "reloads": 1 })));
    assert_eq!(next(), Some(json!({ "type": "css", "paths": ["css/a.css"], "styles": 1 })));
    let migrations = next().expect("the migrations");
    assert_eq!(json!([migrations["type"], migrations["pending"]]), json!(["migrations", ["a.0001_b"]]));
    assert_eq!(next().expect("an end of failures")["type"], "clear");
    // With the channel the streams end.
    drop(stage);
    assert_eq!(next(), None);
}

#[test]
fn a_client_that_reads_nothing_keeps_nobody_waiting() {
    let stage = Stage::new();
    let open = || {
        let mut stream = connect(stage.port());
        stream.write_all(stage.request("GET /__dev/events").as_bytes()).expect("sent");
        stage.wait_for_stream();
        stream
    };
    let (idle, mut next) = (open(), events(open()));
    let long = vec!["x".repeat(100_000)];
    for round in 0..400 {
        // Only as fast as somebody who reads takes it.
        stage.channel.tell(&Message::Css(long.clone()));
        while next().expect("an event")["styles"] != round + 1 {}
    }
    // It was sent what its socket took, and then dropped.
    let mut idle = events(idle);
    let last = std::iter::from_fn(|| idle().filter(|event| event["styles"] != 400)).last().expect("an event");
    assert!(last["styles"].as_u64() < Some(399), "{}", last["styles"]);
}

#[test]
fn who_asks_for_migrations_gets_the_answer() {
    let stage = Stage::new();
    for (result, expected) in [
        (Err("no <table>".to_owned()), json!({ "ok": false, "error": "no <table>" })),
        (Ok(()), json!({ "ok": true, "error": null })),
    ] {
        let mut stream = connect(stage.port());
        stream.write_all(stage.request("POST /__dev/migrate").as_bytes()).expect("sent");
        assert_eq!(stage.asked.recv_timeout(PATIENCE), Ok(Request::Migrate));
        stage.channel.migrated(result);
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        assert_eq!(serde_json::from_str::<Value>(body(&answer)).expect("JSON"), expected);
    }
}

#[test]
fn while_there_is_no_app_every_page_says_so() {
    let stage = Stage::new();
    stage.fail("it <fails>", &["error: so\n"]);
    let holding = Holding::start(&stage.listener, "my.lan", &stage.channel).expect("a server");
    let ask = |line: &str, headers: &str| ask(stage.address(), &format!("{line} HTTP/1.1\r\nHost: {headers}\r\n\r\n"));
    let plain = ask("GET /mailings/?page=2", "localhost:8000");
    assert_eq!((status(&plain), body(&plain)), (503, "it <fails>\n\nerror: so\n"));
    assert!(plain.contains("\r\nRetry-After: 1\r\n") && plain.contains("\r\nConnection: close\r\n"));
    let page = ask("GET /", "my.lan\r\nAccept: text/html,*/*");
    assert!(page.contains("src=\"/__dev/client.js\"") && page.contains("<h1>it &lt;fails&gt;</h1>"), "{page}");
    let posted = ask("POST /", "localhost\r\nAccept: text/html\r\nContent-Length: 3\r\n\r\nabc");
    assert!(status(&posted) == 503 && !posted.contains("client.js") && posted.contains("has not reached the app"));
    assert_eq!(status(&ask("PUT /", "localhost")), 503);
    assert_eq!(status(&ask("GET /", "evil.example")), 400);
    assert_eq!(status(&ask("GET /__dev/status", "localhost:1\r\nOrigin: http://localhost:1")), 200);
    assert_eq!(status(&ask("GET /__dev/status", "LocalHost:1\r\nOrigin: http://localhost:1")), 200);
    assert_eq!(status(&ask("GET /__dev/status", "localhost:1\r\nOrigin: http://evil.example")), 403);
    assert_eq!(status(&ask("POST /__dev/migrate", "localhost:1\r\nOrigin: null")), 403);
    assert_eq!(status(&ask("DELETE /__dev/status", "localhost")), 405);
    drop(holding);
}

#[test]
fn a_connection_that_came_too_early_is_sent_to_the_app() {
    let stage = Stage::new();
    let holding = Holding::start(&stage.listener, "localhost", &stage.channel).expect("a server");
    // Browsers open connections that they do not use yet. That it is taken is seen by what comes after it.
    let mut early = connect(stage.address());
    let mut stream = connect(stage.address());
    stream.write_all(b"GET /__dev/events HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("sent");
    let mut next = events(stream);
    assert_eq!(next().expect("hello")["type"], "hello");
    drop(holding);
    assert_eq!(next(), None, "the stream ends");
    early.write_all(b"GET /a?b=1 HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("sent");
    let mut answer = String::new();
    early.read_to_string(&mut answer).expect("an answer");
    assert!(status(&answer) == 307 && answer.contains("\r\nLocation: /a?b=1\r\n"), "{answer}");
}

#[test]
fn no_connection_is_lost_between_apps_and_the_server_in_their_place() {
    let stage = Stage::new();
    let (over, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    let address = stage.address();
    let mut taken = Vec::new();
    std::thread::scope(|scope| {
        let clients = [0; 3].map(|_| {
            scope.spawn(|| {
                let mut codes = [0; 3];
                while !over.load(Ordering::SeqCst) {
                    let answer = ask(address, "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
                    let index = [200, 503, 307].iter().position(|code| *code == status(&answer));
                    codes[index.unwrap_or_else(|| panic!("{answer}"))] += 1;
                    answered.fetch_add(1, Ordering::SeqCst);
                }
                codes
            })
        });
        let wait = || {
            let enough = answered.load(Ordering::SeqCst) + 10;
            while answered.load(Ordering::SeqCst) < enough && clients.iter().all(|client| !client.is_finished()) {
                std::thread::yield_now();
            }
        };
        for round in 1..=20 {
            let holding = Holding::start(&stage.listener, "localhost", &stage.channel).expect("a server");
            wait();
            let front =
                Front::start(&stage.listener, (stage.channel.port(), stage.channel.token(round)), &[("/", "yes")]);
            drop(holding);
            wait();
            drop(front);
        }
        // Whoever still waits in the queue is answered, too.
        over.store(true, Ordering::SeqCst);
        let last = Holding::start(&stage.listener, "localhost", &stage.channel).expect("a server");
        taken.extend(clients.map(|client| client.join().expect("every request was answered")));
        drop(last);
    });
    let total = |index: usize| taken.iter().map(|codes: &[usize; 3]| codes[index]).sum::<usize>();
    assert!(total(0) >= 100 && total(1) >= 100, "{taken:?}");
}

#[test]
fn a_client_without_manners_does_not_keep_others_out() {
    let stage = Stage::new();
    let silent: Vec<TcpStream> = (0..40).map(|_| connect(stage.port())).collect();
    assert_eq!(status(&ask(stage.port(), &stage.request("GET /__dev/status"))), 200);
    drop(silent);
    // They have left, so that there is room for as many again.
    let silent: Vec<TcpStream> = (0..60).map(|_| connect(stage.port())).collect();
    assert_eq!(status(&ask(stage.port(), &stage.request("GET /__dev/status"))), 200);
    drop(silent);
}

#[test]
fn the_editor_is_named_by_the_environment_or_the_manifest() {
    let directory = tempfile::tempdir().expect("a directory");
    let read = |manifest: &str, variable: &str| {
        std::fs::write(directory.path().join("Cargo.toml"), manifest).expect("a file");
        Editor::read(&project(directory.path(), variable))
    };
    let manifest = "[workspace.metadata.xtask.dev]\neditor = 'vi'\n";
    assert!(read(manifest, "zed").is_ok() && read("", "").is_ok());
    assert!(read("[workspace.metadata.xtask.dev]\neditor = 'x://{path}'\n", "").is_ok());
    let error = read(manifest, "").expect_err("not known").to_string();
    assert_eq!(error, "there is no editor `vi` to link to");
    assert!(read("[workspace.metadata.xtask.dev]\neditor = 3\n", "").is_err());
}
