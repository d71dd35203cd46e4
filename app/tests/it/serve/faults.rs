//! Starts and stops that meet each other or something that is in the way.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use super::{Server, ask, command, get, is_alive, port, root, serving, wait_until};

/// A request whose body does not come: its process drains for as long as it may.
fn half_a_request(address: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.write_all(b"POST /login/ HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\nx").expect("it is open");
    stream
}

#[test]
fn there_is_one_server_and_the_second_says_which() {
    let server = Server::start(root(), &[]);
    let pid = server.pid();
    for arguments in ["serve --bind 127.0.0.1:0", "serve --detached --bind 127.0.0.1:0"] {
        let ran = server.root.line(arguments);
        ran.fails(1, &[&format!("the server runs already: pid {pid}, since "), &format!(", on {}", server.address)]);
        assert!(ran.err.ends_with(&format!("\nhint: `kill {pid}` stops it\n")), "{}", ran.err);
    }
    assert!(server.get("/health").is_ok());
}

#[test]
fn a_start_during_a_stop_waits_for_its_end() {
    let server = Server::start(root(), &[]);
    let stream = half_a_request(&server.address);
    server.signal(Signal::TERM);
    wait_until("it is stopping", || server.status()["state"] == "stopping");
    let root = server.root.path().to_owned();
    let mut next = command(&server.root, &["--bind", &server.address]);
    let mut next = next.spawn().expect("the second starts");
    let mut lines = BufReader::new(next.stderr.take().expect("a pipe")).lines();
    drop(stream);
    let address = &server.address;
    let said = lines.next().expect("a line").expect("text");
    assert_eq!(said, format!("ready: http://{address}/"));
    assert!(get(address, "/health").is_ok());
    assert_eq!(ask(&root, &json!({"do": "stop"})).last(), Some(&json!({"done": true})));
    assert_eq!(next.wait().expect("an end").code(), Some(0));
}

#[test]
fn a_stop_during_a_start_is_heeded() {
    // A database that accepts, and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("postgres://x@127.0.0.1:{}/x", silent.local_addr().expect("an address").port());
    let root = root().var("APP__DATABASE__URL", &url);
    let mut child = command(&root, &["--bind", "127.0.0.1:0"]).spawn().expect("it starts");
    let state = || super::control(root.path()).is_ok().then(|| ask(root.path(), &json!({"do": "status"})));
    wait_until("it is starting", || state().is_some_and(|status| status[0]["state"] == "starting"));
    let status = ask(root.path(), &json!({"do": "status"})).remove(0);
    let restart = ask(root.path(), &json!({"do": "restart"}));
    assert_eq!(restart[0]["error"], "the server is starting", "{restart:?}");
    kill_process(Pid::from_child(&child), Signal::TERM).expect("it lives");
    assert_eq!(child.wait().expect("an end").code(), Some(0));
    let worker = status["workers"][0]["pid"].as_i64().expect("a number");
    assert!(!is_alive(i32::try_from(worker).expect("a pid")));
    assert!(!root.path().join("var/run/server.sock").exists());
}

#[test]
fn a_stop_tells_its_steps_and_kills_at_the_deadline() {
    let server = Server::start(root(), &["--workers", "2"]);
    let _open = half_a_request(&server.address);
    // It has been read by now: an answer on another connection of the same process is not to be had, but time is.
    wait_until("it was read", || server.get("/health").is_ok());
    let pids = server.serving();
    let said = server.ask(&json!({"do": "stop", "timeout": 1}));
    let text = |text: &str| json!({ "say": text });
    let expected = [
        text("stopping: 2 processes finish what is open, for at most 1 s"),
        text("killed 1 process that did not end in time"),
        json!({"done": true}),
    ];
    assert_eq!(said, expected);
    assert!(!pids.iter().any(|pid| is_alive(*pid)));
    assert!(TcpStream::connect(&server.address).is_err());
    let lock = fs::read_to_string(server.root.path().join("var/run/server.lock")).expect("a lock");
    assert_eq!(lock, "", "it stopped in order");
    assert_eq!(server.end().0, Some(0));
}

#[test]
fn ctrl_c_ends_it_as_a_signal_does() {
    let server = Server::start(root(), &[]);
    server.signal(Signal::INT);
    assert_eq!(server.end().0, Some(130));
}

#[test]
fn a_taken_port_names_its_owner() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port();
    let owner = format!("port {port} on 127.0.0.1 is in use by `");
    let pid = format!("(pid {})", std::process::id());
    let root = root();
    for arguments in ["serve", "serve --detached"] {
        let ran = root.line(&format!("{arguments} --bind 127.0.0.1:{port}"));
        ran.fails(1, &[&owner, &pid, "\nhint: `app serve --bind "]);
    }
    assert!(!root.path().join("var/run/server.sock").exists());
}

#[test]
fn socket_files_of_others_are_left_alone() {
    let root = root();
    let path = root.path().join("var/mine");
    fs::write(&path, "mine").expect("a file");
    root.line("serve --bind unix:var/mine")
        .fails(1, &[&format!("`{}` is there already and is no socket", path.display())]);
    assert_eq!(fs::read_to_string(&path).expect("it is there"), "mine");
    let other = root.path().join("var/other");
    let _listens = std::os::unix::net::UnixListener::bind(&other).expect("a socket");
    root.line("serve --bind unix:var/other").fails(1, &[&format!("another program listens at `{}`", other.display())]);
}

#[test]
fn a_detached_server_answers_when_its_starter_returns() {
    let root = root();
    let ran = root.line("serve --detached --bind 127.0.0.1:0 --bind unix:var/web.sock");
    let status = ask(root.path(), &json!({"do": "status"})).remove(0);
    let address = status["addresses"][0].as_str().expect("an address").to_owned();
    ran.is(0, "", &format!("ready: http://{address}/ (pid {})\n", status["pid"]));
    assert!(get(&address, "/health").is_ok());
    let log = fs::read_to_string(root.path().join("var/log/server.log")).expect("a log");
    let socket = root.path().join("var/web.sock");
    assert_eq!(log, format!("ready: http://{address}/\nready: unix:{}\n", socket.display()));
    // It has a session of its own, and nothing of ours.
    let pid = status["pid"].as_u64().expect("a number");
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("it lives");
    let fields: Vec<&str> = stat.rsplit_once(')').expect("a name").1.split_whitespace().collect();
    assert_eq!(fields[3], pid.to_string(), "the session");
    assert_eq!(fs::read_link(format!("/proc/{pid}/fd/0")).expect("it is open").to_str(), Some("/dev/null"));
    let mut web = std::os::unix::net::UnixStream::connect(&socket).expect("it listens");
    web.write_all(b"GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").expect("it is open");
    let mut answer = String::new();
    web.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let workers = serving(&status);
    assert_eq!(ask(root.path(), &json!({"do": "stop"})).last(), Some(&json!({"done": true})));
    assert!(!workers.iter().any(|pid| is_alive(*pid)) && !socket.exists());
}

#[test]
fn a_detached_server_that_does_not_start_says_why() {
    let root = root().var("APP__ENVIRONMENT", "production").var("APP__DEBUG", "true");
    let ran = root.line("serve --detached --bind 127.0.0.1:0");
    ran.fails(1, &["security.E001", "security.E002"]);
    let log = fs::read_to_string(root.path().join("var/log/server.log")).expect("a log");
    assert_eq!(log, ran.err);
    assert!(super::control(root.path()).is_err());
}

#[test]
fn without_a_directory_for_its_log_it_does_not_detach_but_serves() {
    let root = root();
    fs::remove_dir_all(root.path().join("var/log")).expect("it is there");
    fs::write(root.path().join("var/log"), "").expect("a file in the way");
    let hint = "hint: the server needs a directory that it may write its log to\n";
    let ran = root.line("serve --detached --bind 127.0.0.1:0");
    ran.fails(1, &["failed to open `", "var/log/server.log`: ", hint]);
    let server = Server::start(root, &[]);
    assert!(server.get("/health").is_ok());
}

#[test]
fn nonsense_on_the_control_socket_does_no_harm() {
    let server = Server::start(root(), &[]);
    for request in ["", "{}", "[1]", "{\"do\":\"nothing\"}", "stop"] {
        let mut stream = super::control(server.root.path()).expect("a control socket");
        writeln!(stream, "{request}").expect("it listens");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        assert!(answer.starts_with("{\"error\":\"not understood: "), "{request}: {answer}");
    }
    drop(super::control(server.root.path()));
    assert_eq!(server.status()["state"], "serving");
}

#[test]
fn metrics_are_those_of_all_processes_also_of_those_that_ended() {
    let port = port();
    let metrics = format!("127.0.0.1:{port}");
    let server = Server::start(root().var("APP__SERVER__METRICS", &metrics), &["--workers", "2"]);
    let count = || {
        let text = get(&metrics, "/metrics").expect("an answer");
        let line = text.lines().find_map(|line| line.strip_prefix("app_http_requests_total{status=\"200\"} "));
        line.map_or(0, |count| count.trim().parse::<u64>().expect("a number"))
    };
    for _ in 0..20 {
        server.get("/health").expect("an answer");
    }
    wait_until("all are counted", || count() == 20);
    assert_eq!(server.restart().last(), Some(&json!({"done": true})));
    wait_until("those of before count too", || count() == 20);
    server.get("/health").expect("an answer");
    wait_until("and those of now", || count() == 21);
    assert!(get(&metrics, "/metrics").expect("an answer").contains("\napp_server_workers 2\n"));
    assert!(get(&metrics, "/else").is_err());
}
