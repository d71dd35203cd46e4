//! Processes that are killed: a serving one is replaced, the master's end is everybody's, and the next start finds order.

use std::fs;
use std::net::TcpListener;
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use super::{PATIENCE, Server, command, get, is_alive, kill, port, root, serving, wait_until};

#[test]
fn a_serving_process_that_is_killed_is_replaced() {
    let server = Server::start(root(), &["--workers", "2"]);
    let first = server.serving();
    let begin = Instant::now();
    kill(first[0]);
    wait_until("it is replaced", || server.serving().len() == 2 && !server.serving().contains(&first[0]));
    // A second, on a machine that does nothing else; here it is only said that nobody waits for a back-off.
    assert!(begin.elapsed() < PATIENCE / 4, "{:?}", begin.elapsed());
    let status = server.status();
    assert_eq!((&status["crashes"], &status["generation"]), (&json!(1), &json!(1)), "{status}");
    assert!(status["workers"].as_array().is_some_and(|all| all.iter().any(|one| one["restarts"] == 1)), "{status}");
    assert!(server.get("/health").is_ok());
}

#[test]
fn one_that_keeps_crashing_is_started_later_each_time() {
    let server = Server::start(root(), &[]);
    for crash in 1..=4 {
        let pid = server.serving()[0];
        let begin = Instant::now();
        kill(pid);
        wait_until("it is replaced", || server.serving().first().is_some_and(|now| *now != pid));
        // At once, 0.1 s, 0.2 s, 0.4 s.
        let least = [0, 100, 200, 400][crash - 1];
        assert!(begin.elapsed().as_millis() >= least, "crash {crash} after {:?}", begin.elapsed());
    }
    assert_eq!(server.status()["crashes"], 4);
}

#[test]
fn nothing_outlives_the_master_and_the_next_one_starts_on_the_same_port() {
    let port = port();
    let bind = format!("127.0.0.1:{port}");
    let root = root();
    let mut server = Server::spawn(command(&root, &["--bind", &bind, "--bind", "unix:var/web.sock"]), root);
    let pids = server.serving();
    server.child.kill().expect("it lives");
    server.child.wait().expect("an end");
    // No waiting for the end of the others: that is the next one's business.
    let lock = fs::read_to_string(server.root.path().join("var/run/server.lock")).expect("a lock");
    assert!(lock.contains("\"state\":\"serving\""), "it says that it did not stop in order: {lock}");
    let again = command(&server.root, &["--bind", &bind, "--bind", "unix:var/web.sock"]);
    let root = std::mem::replace(&mut server.root, super::Root::new());
    let again = Server::spawn(again, root);
    assert!(again.get("/health").is_ok());
    wait_until("the old ones have ended", || !pids.iter().any(|pid| is_alive(*pid)));
    again.signal(Signal::TERM);
    let path = again.root.path().to_owned();
    let log = fs::read_to_string(path.join("var/log/app.log")).expect("a log");
    assert!(log.contains("did not stop in order"), "{log}");
    drop(again.end());
}

#[test]
fn the_number_of_somebody_else_in_the_lock_means_nothing() {
    let root = root();
    let lock = root.path().join("var/run/server.lock");
    fs::create_dir_all(root.path().join("var/run")).expect("a directory");
    // This very test has that number now.
    let holder = json!({"pid": std::process::id(), "state": "serving", "addresses": ["127.0.0.1:1"]});
    fs::write(&lock, format!("{holder}\n")).expect("a file");
    let server = Server::start(root, &[]);
    assert_eq!(server.status()["pid"], server.pid());
    server.signal(Signal::TERM);
    let path = server.root.path().to_owned();
    let keep = server;
    wait_until("it has stopped", || {
        fs::read_to_string(path.join("var/run/server.lock")).is_ok_and(|text| text.is_empty())
    });
    assert_eq!(keep.end(), (Some(0), String::new()));
}

#[test]
fn a_server_that_is_to_be_kept_comes_back_and_stops_when_told() {
    let port = port();
    let address = format!("127.0.0.1:{port}");
    let root = root();
    let server = Server::spawn(command(&root, &["--bind", &address, "--restart-on-failure"]), root);
    let status = server.status();
    let master = i32::try_from(status["pid"].as_i64().expect("a number")).expect("a pid");
    assert_ne!(master, i32::try_from(server.pid()).expect("a pid"), "somebody watches it");
    kill(master);
    let ask = || server.ask(&json!({"do": "status"}));
    let comes_back =
        || super::control(server.root.path()).is_ok() && ask().first().is_some_and(|status| status["pid"] != master);
    wait_until("it is back", || comes_back() && get(&address, "/health").is_ok());
    let workers = serving(&server.status());
    server.signal(Signal::TERM);
    assert_eq!(server.end().0, Some(0));
    assert!(!workers.iter().any(|pid| is_alive(*pid)));
}

#[test]
fn a_start_that_fails_is_not_tried_again() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let ran = root().line(&format!("serve --restart-on-failure --bind {address}"));
    ran.fails(1, &[&format!("port {} on 127.0.0.1 is in use", taken.local_addr().expect("it").port())]);
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let server = Server::start(root(), &[]);
    // A request that never comes to its end keeps the process for as long as it may drain.
    let mut stream = std::net::TcpStream::connect(&server.address).expect("a connection");
    std::io::Write::write_all(&mut stream, b"POST /login/ HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\nx")
        .expect("it");
    let pids = server.serving();
    server.signal(Signal::TERM);
    wait_until("it is stopping", || server.status()["state"] == "stopping");
    let pid = Pid::from_raw(i32::try_from(server.pid()).expect("a pid")).expect("a pid");
    let begin = Instant::now();
    kill_process(pid, Signal::INT).expect("it lives");
    assert_eq!(server.end().0, Some(0));
    assert!(begin.elapsed() < PATIENCE / 8 && !pids.iter().any(|pid| is_alive(*pid)));
}
