//! How much one client can take from the others.

use std::time::{Duration, Instant};

use super::process::{Gate, Server, open};
use super::shop::debugging;

/// As much as no buffer of the system holds.
const LARGE: usize = 30_000_000;

/// The server with these settings, which wait for a second otherwise for what takes minutes in life.
fn server(settings: &[(&str, &str)]) -> Server {
    let sandbox = settings.iter().fold(debugging(), |sandbox, (name, value)| sandbox.var(name, value));
    Server::start(&sandbox, &["0"], &[])
}

#[test]
fn a_head_that_does_not_come_is_not_waited_for() {
    let server = server(&[("APP__SERVER__CLIENT_SECONDS", "1")]);
    let (mut silent, mut dripping, mut second) = (server.connect(), server.connect(), server.connect());
    silent.send("GET /items/1/ HT");
    second.ask("/items/1/");
    assert!(second.answer().is_some());
    second.send("GET /items/2/");
    let told = "http/1.1 408 request timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    let start = Instant::now();
    // It sends a byte now and then, as long as it is listened to.
    while start.elapsed() < Duration::from_secs(30) && dripping.try_send("G").is_ok() {
        std::thread::park_timeout(Duration::from_millis(50));
    }
    assert!(start.elapsed() < Duration::from_secs(20), "dripping keeps a connection");
    for connection in [&mut silent, &mut second] {
        assert_eq!(connection.rest().expect("an orderly end").to_lowercase(), told);
    }
}

#[test]
fn a_body_that_does_not_come_is_not_waited_for() {
    let server = server(&[("APP__SERVER__CLIENT_SECONDS", "1")]);
    let mut connection = server.connect();
    let head = "POST /json/ HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\nCookie: csrftoken=x\r\n";
    connection.send(format!("{head}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 10\r\n\r\na=b"));
    let (head, body) = connection.answer().expect("an answer");
    assert!(head.starts_with("http/1.1 408 ") && head.contains("connection: close"), "{head}");
    assert!(body.contains("the request did not come in time"), "{body}");
    assert_eq!(connection.rest().expect("an orderly end"), "");
}

#[test]
fn a_body_that_trickles_is_not_waited_for_longer_than_a_request_may_take() {
    let server = server(&[("APP__SERVER__REQUEST_SECONDS", "1")]);
    let mut connection = server.connect();
    connection.send("POST /json/ HTTP/1.1\r\nHost: localhost\r\nCookie: csrftoken=x\r\n");
    connection.send("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000000\r\n\r\n");
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(30) && !connection.has_answer() {
        let _ = connection.try_send("a");
        std::thread::park_timeout(Duration::from_millis(50));
    }
    let (head, _) = connection.answer().expect("an answer");
    assert!(head.starts_with("http/1.1 408 "), "{head}");
}

#[test]
fn an_answer_that_nobody_reads_is_given_up() {
    let server = server(&[("APP__SERVER__CLIENT_SECONDS", "1")]);
    let (mut deaf, mut slow) = (server.connect(), server.connect());
    for connection in [&mut deaf, &mut slow] {
        connection.ask(&format!("/large/?size={LARGE}"));
    }
    let start = Instant::now();
    // Somebody who reads is not given up, however slowly.
    slow.read_until("\r\n\r\n");
    let mut read = 0;
    while start.elapsed() < Duration::from_secs(30) && deaf.try_send("x").is_ok() {
        read += if read < LARGE / 2 { slow.read_some(300_000) } else { 0 };
        std::thread::park_timeout(Duration::from_millis(50));
    }
    assert!(start.elapsed() < Duration::from_secs(4), "a client that does not read keeps its connection");
    while read < LARGE {
        read += slow.read_some(LARGE);
    }
    assert_eq!(read, LARGE);
}

#[test]
fn an_idle_connection_ends_after_a_while_and_not_before() {
    let server = server(&[("APP__SERVER__IDLE_SECONDS", "3")]);
    let (mut used, mut fresh) = (server.connect(), server.connect());
    let start = Instant::now();
    for _ in 0..3 {
        used.ask("/items/1/");
        assert!(used.answer().is_some());
        // Long enough for the server to give back what the connection held.
        let asked = Instant::now();
        while asked.elapsed() < Duration::from_millis(1300) {
            std::thread::park_timeout(Duration::from_millis(1300));
        }
    }
    assert_eq!(fresh.rest().expect("an orderly end"), "");
    assert!(start.elapsed() >= Duration::from_secs(3));
    assert_eq!(used.rest().expect("an orderly end"), "");
}

#[test]
fn a_page_that_takes_too_long_is_answered_for() {
    let server = server(&[("APP__SERVER__REQUEST_SECONDS", "1")]);
    let gate = Gate::new();
    let mut connection = server.connect();
    connection.ask(&gate.path());
    let knock = gate.knock();
    let (head, body) = connection.answer().expect("an answer");
    assert!(head.starts_with("http/1.1 503 ") && !head.contains("connection: close"), "{head}");
    assert!(body.contains("the page took too long"), "{body}");
    connection.ask("/items/1/");
    assert!(connection.answer().is_some_and(|(_, body)| body == "GET item 1"));
    drop(knock);
}

#[test]
fn who_rests_makes_room_and_who_is_served_does_not() {
    let server = server(&[("APP__SERVER__MAX_CONNECTIONS", "3")]);
    let gate = Gate::new();
    let (mut served, mut first, mut second) = (server.connect(), server.connect(), server.connect());
    served.ask(&gate.path());
    let knock = gate.knock();
    for connection in [&mut first, &mut second] {
        connection.ask("/items/1/");
        assert!(connection.answer().is_some());
    }
    let mut waiting: Vec<_> = (0..3).map(|_| server.connect()).collect();
    for connection in &mut waiting {
        connection.ask("/items/2/");
        assert!(connection.answer().is_some_and(|(_, body)| body == "GET item 2"));
    }
    for connection in [&mut first, &mut second] {
        assert_eq!(connection.rest().expect("an orderly end"), "");
    }
    open(knock);
    assert!(served.answer().is_some_and(|(_, body)| body == "slow but sure"));
}

#[test]
fn a_head_and_a_body_have_a_limit() {
    let server = server(&[("APP__SERVER__MAX_BODY_BYTES", "100")]);
    let mut connection = server.connect();
    connection.send(format!("GET / HTTP/1.1\r\nHost: localhost\r\nX-Large: {}\r\n\r\n", "x".repeat(200_000)));
    let (head, _) = connection.answer().expect("an answer");
    assert!(head.starts_with("http/1.1 431 "), "{head}");
    let mut connection = server.connect();
    let head = "POST /json/ HTTP/1.1\r\nHost: localhost\r\nCookie: csrftoken=x\r\n";
    let kind = "Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n";
    connection.send(format!("{head}{kind}65\r\n{}\r\n", "x".repeat(0x65)));
    let (head, body) = connection.answer().expect("an answer");
    assert!(head.starts_with("http/1.1 413 ") && body.contains("may have 100 bytes"), "{head}{body}");
}
