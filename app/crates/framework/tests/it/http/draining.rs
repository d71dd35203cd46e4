//! How connections end: nobody loses an answer, nobody is kept waiting.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::process::{Gate, Server, open};
use super::runner::Runner;
use super::shop::debugging;

/// As much as no buffer of the system holds.
const LARGE: usize = 30_000_000;

/// The server that ends when nobody uses it any more, and not before 30 seconds otherwise.
fn patient() -> Server {
    Server::start(&debugging().var("APP__SERVER__DRAIN_SECONDS", "30"), &["0"], &[])
}

/// Tells the server to stop, and waits until it does.
fn drain(server: &Server) {
    server.signal(Signal::TERM);
    server.wait_until_it_stops_accepting();
}

#[test]
fn a_request_that_comes_as_its_connection_is_closed_is_answered() {
    let server = patient();
    let mut connections: Vec<_> = (0..20).map(|_| server.connect()).collect();
    for connection in &mut connections[..10] {
        connection.ask("/items/1/");
        assert!(connection.answer().is_some());
    }
    drain(&server);
    // The grace ends while the server sleeps, and the requests come: when it wakes up, it learns of both at once.
    server.signal(Signal::STOP);
    let start = Instant::now();
    while start.elapsed() < Duration::from_millis(1500) {
        std::thread::park_timeout(Duration::from_millis(1500));
    }
    for connection in &mut connections {
        connection.ask("/items/2/");
    }
    server.signal(Signal::CONT);
    for (index, connection) in connections.iter_mut().enumerate() {
        let (head, body) = connection.answer().unwrap_or_else(|| panic!("no answer on connection {index}"));
        assert!(head.contains("connection: close") && body == "GET item 2", "{index}: {head}");
    }
    assert!(server.end().status.success());
}

#[test]
fn half_a_request_is_waited_for() {
    let server = patient();
    let (mut kept, mut fresh, mut idle) = (server.connect(), server.connect(), server.connect());
    for connection in [&mut kept, &mut idle] {
        connection.ask("/items/1/");
        assert!(connection.answer().is_some());
    }
    kept.send("GET /items/2/ HT");
    fresh.send("GET /items/3/ HTTP/1.1\r\nHo");
    drain(&server);
    assert_eq!(idle.rest().expect("an orderly end"), "");
    kept.send("TP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(kept.answer().expect("an answer").1, "GET item 2");
    fresh.send("st: localhost\r\n\r\n");
    assert_eq!(fresh.answer().expect("an answer").1, "GET item 3");
    assert!(server.end().status.success());
}

#[test]
fn an_answer_is_not_lost_for_what_else_was_sent() {
    let server = patient();
    // Two requests at once while it drains, and the second is never read.
    let mut pipelined = server.connect();
    // A body that nobody reads.
    let mut refused = server.connect();
    let body = "x".repeat(500_000);
    let head = format!("Host: localhost\r\nContent-Length: {}\r\n\r\n", body.len());
    refused.send(format!("POST /large/?size={LARGE} HTTP/1.1\r\n{head}{}", &body[1..]));
    let answered = refused.read_until("\r\n\r\n");
    assert!(answered.starts_with("HTTP/1.1 200 ") && answered.contains("connection: close"), "{answered}");
    refused.send("x");
    assert_eq!(refused.rest().expect("no reset").len(), LARGE);
    drain(&server);
    let large = format!("GET /large/?size={LARGE} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    pipelined.send(large.repeat(200));
    let answered = pipelined.read_until("\r\n\r\n");
    assert!(answered.contains("connection: close"), "{answered}");
    assert_eq!(pipelined.rest().expect("no reset").len(), LARGE);
    assert!(server.end().status.success());
}

#[test]
fn a_slow_reader_gets_all() {
    let server = patient();
    let (mut slow, mut idle) = (server.connect(), server.connect());
    slow.ask(&format!("/large/?size={LARGE}"));
    let head = slow.read_until("\r\n\r\n");
    assert!(!head.contains("connection: close"), "{head}");
    idle.ask("/items/1/");
    assert!(idle.answer().is_some());
    drain(&server);
    assert_eq!(idle.rest().expect("an orderly end"), "");
    // What was begun before the end goes on, and the connection is good for one more.
    slow.read_until(&"x".repeat(1000));
    slow.ask("/items/2/");
    let rest = slow.rest().expect("no reset");
    assert!(rest.starts_with('x') && rest.ends_with("GET item 2") && rest.contains("connection: close"));
    assert!(server.end().status.success());
}

#[test]
fn after_an_answer_that_was_begun_before_there_is_time_for_one_more_request() {
    let server = patient();
    let gate = Gate::new();
    let (mut drip, mut idle) = (server.connect(), server.connect());
    drip.ask(&gate.path().replace("/slow/", "/drip/"));
    drip.read_until("first ");
    let knock = gate.knock();
    drain(&server);
    assert_eq!(idle.rest().expect("an orderly end"), "");
    open(knock);
    drip.read_until("0\r\n\r\n");
    drip.ask("/items/4/");
    let (head, body) = drip.answer().expect("an answer");
    assert!(head.contains("connection: close") && body == "GET item 4", "{head}");
    assert!(server.end().status.success());
}

#[test]
fn streams_of_events_end_at_once() {
    let server = patient();
    let gate = Gate::new();
    let (mut events, mut slow, mut idle) = (server.connect(), server.connect(), server.connect());
    events.ask("/events/");
    let head = events.read_until("data: first\n\n\r\n").to_lowercase();
    assert!(head.contains("connection: close"), "who comes back should ask somebody else: {head}");
    slow.ask(&gate.path());
    let knock = gate.knock();
    idle.ask("/items/1/");
    assert!(idle.answer().is_some());
    server.signal(Signal::TERM);
    assert_eq!(events.rest().expect("an orderly end"), "0\r\n\r\n");
    // Before idle connections are closed.
    idle.ask("/items/2/");
    assert_eq!(idle.answer().expect("an answer").1, "GET item 2");
    open(knock);
    assert_eq!(slow.answer().expect("the slow answer").1, "slow but sure");
    assert!(server.end().status.success());
}

#[test]
fn a_browser_is_sent_on_to_the_successor() {
    let runner = Runner::new();
    let sandbox = runner.develops(debugging());
    let server = Server::start_quietly(&sandbox, &["0"], &[]);
    let gate = Gate::new();
    let browsers = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Mode: navigate\r\n\r\n");
    let (mut slow, mut browser, mut program) = (server.connect(), server.connect(), server.connect());
    for connection in [&mut browser, &mut program] {
        connection.send(browsers("/items/1/"));
        assert!(connection.answer().is_some_and(|(_, body)| body == "GET item 1"));
    }
    slow.send(browsers(&gate.path()));
    let knock = gate.knock();
    drain(&server);
    browser.send(browsers("/items/1/?x=1"));
    let (head, body) = browser.answer().expect("an answer");
    assert!(head.starts_with("http/1.1 307 ") && head.contains("\r\nlocation: /items/1/?x=1\r\n"), "{head}");
    assert!(head.contains("connection: close") && head.contains("no-store") && body.is_empty(), "{head}");
    program.ask("/items/2/");
    assert_eq!(program.answer().expect("an answer").1, "GET item 2");
    // What it was shown now would be of yesterday.
    open(knock);
    assert!(slow.answer().is_some_and(|(head, _)| head.starts_with("http/1.1 307 ")));
    let ended = server.end();
    assert!(ended.status.success(), "{}", ended.err);
    for words in ["Performing", "System check", "Starting", "Quit", "WARNING", "ready", "unapplied"] {
        assert!(!ended.out.contains(words) && !ended.err.contains(words), "{} {}", ended.out, ended.err);
    }
}

#[test]
fn the_task_runners_events_stream_and_end_with_the_browser() {
    let runner = Runner::new();
    let sandbox = runner.develops(debugging());
    let server = Server::start_quietly(&sandbox, &["0"], &[]);
    let (mut leaving, mut staying) = (server.connect(), server.connect());
    let mut upstream = Vec::new();
    for browser in [&mut leaving, &mut staying] {
        browser.ask("/__dev/events");
        let mut asked = runner.asked();
        asked.says("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
        browser.read_until("\r\n\r\n");
        for event in ["data: 1\n\n", "data: 2\n\n"] {
            asked.says(&format!("9\r\n{event}\r\n"));
            assert_eq!(browser.read_until(&format!("{event}\r\n")), format!("9\r\n{event}\r\n"));
        }
        upstream.push(asked);
    }
    drop(leaving);
    upstream.remove(0).wait_until_gone();
    server.signal(Signal::TERM);
    assert_eq!(staying.rest().expect("an orderly end"), "0\r\n\r\n");
    upstream.remove(0).wait_until_gone();
    assert!(server.end().status.success());
    let log = sandbox.text("var/log/app.log");
    assert!(!log.contains("/__dev/"), "{log}");
}
