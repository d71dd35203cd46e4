//! The production server, and requests that are open while its processes are told to end. The rest of it is tested with
//! the product's binary.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::process::{Gate, Server, open};
use super::shop::debugging;
use crate::sandbox::Sandbox;

/// Longer than anything should take on a busy machine; shorter than requests may be open.
const PATIENCE: Duration = Duration::from_secs(60);

fn sandbox() -> Sandbox {
    debugging().var("APP__SERVER__DRAIN_SECONDS", "300")
}

/// The number of its only process that serves.
fn serving(sandbox: &Sandbox) -> Pid {
    let mut control = UnixStream::connect(sandbox.dir.path().join("var/run/server.sock")).expect("it listens");
    control.write_all(b"{\"do\":\"status\"}\n").expect("it is open");
    let mut line = String::new();
    BufReader::new(control).read_line(&mut line).expect("an answer");
    let status: serde_json::Value = serde_json::from_str(&line).expect("JSON");
    let pid = status["workers"][0]["pid"].as_i64().expect("a number");
    Pid::from_raw(pid.try_into().expect("a pid")).expect("a pid")
}

#[test]
fn streams_of_events_end_at_once_and_open_requests_are_finished() {
    for signal in [Signal::TERM, Signal::HUP] {
        let sandbox = sandbox();
        let server = Server::serve(&sandbox, &[]);
        let begin = Instant::now();
        let gate = Gate::new();
        let (mut events, mut slow) = (server.connect(), server.connect());
        events.ask("/events/");
        events.read_until("data: first\n\n\r\n");
        slow.ask(&gate.path());
        let knock = gate.knock();
        server.signal(signal);
        assert_eq!(events.rest().expect("an orderly end"), "0\r\n\r\n");
        open(knock);
        assert_eq!(slow.answer().expect("the slow answer").1, "slow but sure");
        if signal == Signal::HUP {
            let mut next = server.connect();
            next.ask("/items/1/");
            assert_eq!(next.answer().expect("an answer").1, "GET item 1");
            server.signal(Signal::TERM);
        }
        let ended = server.end();
        assert!(ended.status.success(), "{}: {}", ended.status, ended.err);
        assert!(begin.elapsed() < PATIENCE, "{:?}", begin.elapsed());
    }
}

#[test]
fn what_waits_to_be_accepted_is_answered_before_the_end() {
    let sandbox = sandbox();
    let server = Server::serve(&sandbox, &[]);
    let worker = serving(&sandbox);
    kill_process(worker, Signal::STOP).expect("it lives");
    let mut waiting: Vec<_> = (0..40).map(|_| server.connect()).collect();
    for connection in &mut waiting {
        connection.send("GET /items/1/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    }
    server.signal(Signal::TERM);
    let lock = || std::fs::read_to_string(sandbox.dir.path().join("var/run/server.lock")).expect("a lock");
    let begin = Instant::now();
    while !lock().contains("\"stopping\"") {
        assert!(begin.elapsed() < PATIENCE, "{}", lock());
        std::thread::yield_now();
    }
    kill_process(worker, Signal::CONT).expect("it lives");
    for connection in &mut waiting {
        assert!(connection.rest().expect("an answer").ends_with("GET item 1"));
    }
    assert!(server.end().status.success());
}
