//! `runserver`: what it says, where it listens, how it ends.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::process::{Gate, Server, drain, listener, open, pipe};
use super::shop::{debugging, serious};
use crate::sandbox::Sandbox;

#[test]
fn the_banner_names_the_port_that_was_bound() {
    let server = Server::start(&debugging(), &["0"], &[]);
    let port = server.address().port();
    assert_eq!(server.url, format!("http://127.0.0.1:{port}/"));
    server.signal(Signal::TERM);
    let ended = server.end();
    assert!(ended.status.success(), "{}", ended.err);
    let out = &ended.out[ended.out.find("Performing").expect("the banner")..];
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines[..3], ["Performing system checks...", "", "System check identified no issues (0 silenced)."]);
    assert_eq!(lines[4], "Test version 1.2.3, using settings 'test'");
    assert_eq!(lines[5], format!("Starting development server at http://127.0.0.1:{port}/"));
    assert_eq!(lines[6..8], ["Quit the server with CONTROL-C.", ""]);
    assert!(lines[8].starts_with("WARNING: This is a development server."), "{out}");
}

#[test]
fn the_warning_and_the_checks_can_be_left_out() {
    let sandbox = debugging().var("APP__SERVER__HIDE_DEVELOPMENT_WARNING", "true");
    let server = Server::start(&sandbox, &["localhost:0", "--skip-checks"], &[]);
    assert_eq!(server.url, format!("http://localhost:{}/", server.address().port()));
    server.signal(Signal::INT);
    let ended = server.end();
    assert_eq!(ended.status.code(), Some(130), "{}", ended.err);
    for text in ["Performing system checks", "System check identified", "WARNING"] {
        assert!(!ended.out.contains(text), "{}", ended.out);
    }
    assert!(ended.out.contains("Starting development server at http://localhost:"), "{}", ended.out);
}

#[test]
fn without_debug_hosts_must_be_named() {
    let message = "CommandError: You must set settings.ALLOWED_HOSTS if DEBUG is False.\n";
    serious().line("runserver").is(1, "", message);
}

#[test]
fn its_help_hides_what_makes_no_sense_for_it() {
    let ran = debugging().line("runserver --help");
    assert!(
        ran.out.contains("--settings") && !ran.out.contains("--verbosity") && !ran.out.contains("--traceback"),
        "{}",
        ran.out
    );
    assert!(!ran.out.contains("--port-file"), "{}", ran.out);
    debugging().line("runserver nonsense:port").says_on_err(2, "is not a valid port number or address:port pair");
}

#[test]
fn a_busy_port_is_explained() {
    let busy = TcpListener::bind("127.0.0.1:0").expect("a listener");
    let port = busy.local_addr().expect("an address").port();
    let ran = debugging().line(&format!("runserver {port}"));
    assert_eq!(ran.code, 1);
    let expected = format!("CommandError: port {port} on 127.0.0.1 is in use by `");
    assert!(ran.err.contains(&expected) && ran.err.contains(&format!("(pid {})", std::process::id())), "{}", ran.err);
    assert!(ran.err.contains("\nhint: `app runserver "), "{}", ran.err);
    let ran = debugging().var("APP_PROG", "cargo xtask").line(&format!("runserver {port}"));
    assert!(ran.err.contains("\nhint: `cargo xtask dev "), "{}", ran.err);
}

#[test]
fn an_address_that_cannot_be_had_is_explained() {
    debugging().line("runserver 192.0.2.1:8000").says_err_after_checks("192.0.2.1 is not an address of this machine");
    debugging()
        .line("runserver no-such-host.invalid:8000")
        .says_err_after_checks("the host `no-such-host.invalid` has no address");
}

impl crate::sandbox::Ran {
    #[track_caller]
    fn says_err_after_checks(&self, text: &str) {
        assert!(self.code == 1 && self.err.starts_with(&format!("CommandError: {text}")), "{self:?}");
        assert!(!self.out.contains("Starting development server"), "{}", self.out);
    }
}

#[test]
fn routes_that_exclude_each_other_stop_the_start() {
    use framework::http::{Error, Request, Result, get};
    use framework::module::Module;
    async fn never(_: Request) -> Result {
        Err(Error::NotFound)
    }
    fn twice() -> Module {
        Module::new("twice").routes(vec![get("/a/", never), get("/a/", never)]).clone()
    }
    let ran = Sandbox::new(&[twice]).var("APP__DEBUG", "true").line("runserver 0");
    assert!(ran.code == 1 && ran.err.contains("module `twice` has two routes for GET `/a/`"), "{ran:?}");
}

const MIGRATION: &str = "initial = true\n";

#[test]
fn unapplied_migrations_are_a_notice_and_no_stop() {
    let sandbox = debugging()
        .var("APP_PROG", "cargo xtask")
        .file("src/modules/shop/migrations/0001_initial.toml", MIGRATION)
        .file("src/modules/annex/migrations/0001_initial.toml", MIGRATION);
    let server = Server::start(&sandbox, &["0"], &[]);
    server.signal(Signal::TERM);
    let ended = server.end();
    let notice = "\nYou have 2 unapplied migration(s). Your project may not work properly until you apply the migrations \
                  for app(s): annex, shop.\nRun 'cargo xtask migrate' to apply them.\n";
    assert!(ended.out.contains(notice) || ended.err.contains(notice), "{} {}", ended.out, ended.err);
    assert!(ended.status.success(), "{}", ended.err);
}

#[test]
fn it_starts_without_its_database() {
    let sandbox = debugging().var("APP__DATABASE__URL", "postgres://nobody@127.0.0.1:1/none");
    let server = Server::start(&sandbox, &["0"], &[]);
    let mut connection = server.connect();
    connection.ask("/items/1/");
    assert!(connection.answer().is_some());
    server.signal(Signal::TERM);
    assert!(server.end().status.success());
}

#[test]
fn pages_arrive_over_the_socket() {
    let server = Server::start(&debugging(), &["0"], &[]);
    let mut connection = server.connect();
    for _ in 0..2 {
        connection.ask("/items/7/");
        let (head, body) = connection.answer().expect("an answer");
        assert!(head.starts_with("http/1.1 200 ok") && !head.contains("connection: close"), "{head}");
        assert_eq!(body, "GET item 7");
    }
    connection.ask("/panic/");
    assert!(connection.answer().expect("an answer").0.starts_with("http/1.1 500"));
    connection.ask("/health");
    assert_eq!(connection.answer().expect("an answer").1, r#"{"status":"ok"}"#);
    server.signal(Signal::TERM);
    assert!(server.end().status.success());
}

#[test]
fn readiness_is_reported_on_the_descriptor_and_in_the_file() {
    let sandbox = debugging();
    let (reader, writer) = pipe();
    let server = Server::start(&sandbox, &["0", "--port-file", "port"], &[("APP_READY_FD", &writer)]);
    drop(writer);
    let written = std::fs::read_to_string(sandbox.dir.path().join("port")).expect("a port file");
    assert_eq!(written.trim(), server.address().to_string());
    let gate = Gate::new();
    let mut slow = server.connect();
    slow.ask(&gate.path());
    let knock = gate.knock();
    server.signal(Signal::TERM);
    // It accepts no more, but it still works on what it accepted.
    assert_eq!(drain(reader), format!("READY {}\nDRAINING\n", server.url));
    TcpListener::bind(server.address()).expect("a free port");
    open(knock);
    assert_eq!(slow.answer().expect("the slow answer").1, "slow but sure");
    assert!(server.end().status.success());
}

#[test]
fn without_readiness_the_descriptor_is_closed_silently() {
    let (reader, writer) = pipe();
    let busy = TcpListener::bind("127.0.0.1:0").expect("a listener");
    let port = busy.local_addr().expect("an address").port().to_string();
    let failed = std::panic::catch_unwind(|| Server::start(&debugging(), &[&port], &[("APP_READY_FD", &writer)]));
    assert!(failed.is_err());
    drop(writer);
    assert_eq!(drain(reader), "");
}

#[test]
fn open_requests_are_finished_and_fresh_connections_served() {
    let sandbox = debugging().var("APP__SERVER__DRAIN_SECONDS", "30");
    let server = Server::start(&sandbox, &["0"], &[]);
    let gate = Gate::new();
    let (mut slow, mut fresh, mut idle) = (server.connect(), server.connect(), server.connect());
    idle.ask("/items/1/");
    assert!(idle.answer().is_some());
    slow.ask(&gate.path());
    let knock = gate.knock();
    server.signal(Signal::TERM);
    server.wait_until_it_stops_accepting();
    fresh.ask("/items/2/");
    let (head, body) = fresh.answer().expect("an answer on a fresh connection");
    assert!(head.contains("connection: close"), "{head}");
    assert_eq!(body, "GET item 2");
    assert!(fresh.answer().is_none());
    // Closed after the grace, long before the deadline, while the slow request still runs.
    assert!(idle.answer().is_none());
    open(knock);
    let (head, body) = slow.answer().expect("the slow answer");
    assert!(head.contains("connection: close"), "{head}");
    assert_eq!(body, "slow but sure");
    assert!(server.end().status.success());
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let sandbox = debugging().var("APP__SERVER__DRAIN_SECONDS", "600");
    let server = Server::start(&sandbox, &["0"], &[]);
    let gate = Gate::new();
    let mut slow = server.connect();
    slow.ask(&gate.path());
    let _knock = gate.knock();
    server.signal(Signal::TERM);
    server.wait_until_it_stops_accepting();
    server.signal(Signal::TERM);
    assert!(slow.answer().is_none());
    assert!(server.end().status.success());
}

#[test]
fn the_deadline_cuts_off_what_is_still_open() {
    let sandbox = debugging().var("APP__SERVER__DRAIN_SECONDS", "1");
    let server = Server::start(&sandbox, &["0"], &[]);
    let gate = Gate::new();
    let mut slow = server.connect();
    slow.ask(&gate.path());
    let _knock = gate.knock();
    let start = Instant::now();
    server.signal(Signal::TERM);
    assert!(slow.answer().is_none());
    assert!(start.elapsed() >= Duration::from_secs(1));
    assert!(server.end().status.success());
}

#[test]
fn it_ends_with_the_process_that_started_it() {
    let (reader, writer) = pipe();
    let server = Server::start(&debugging(), &["0"], &[("APP_PARENT_FD", &reader)]);
    server.connect();
    drop((reader, writer));
    assert!(server.end().status.success());
}

#[test]
fn an_inherited_socket_outlives_the_server() {
    let (socket, address) = listener();
    let sandbox = debugging().var("LISTEN_FDS", "1");
    let first = Server::start(&sandbox, &[], &[("LISTEN_FDS_FIRST_FD", &socket)]);
    assert_eq!(first.url, format!("http://{address}/"));
    let second = Server::start(&sandbox, &["localhost:1"], &[("LISTEN_FDS_FIRST_FD", &socket)]);
    assert_eq!(second.url, format!("http://localhost:{}/", address.port()));
    first.signal(Signal::TERM);
    assert!(first.end().status.success());
    let mut connection = second.connect();
    connection.ask("/items/3/");
    assert_eq!(connection.answer().expect("an answer of the successor").1, "GET item 3");
    second.signal(Signal::TERM);
    assert!(second.end().status.success());
    // Nobody reads, but the socket still takes connections.
    std::net::TcpStream::connect(address).expect("a listening socket");
}

#[test]
fn a_hand_over_that_is_none_is_an_error() {
    let sandbox = debugging().var("LISTEN_FDS", "1").var("LISTEN_FDS_FIRST_FD", "987654");
    let ran = sandbox.line("runserver 0");
    assert!(
        ran.code == 1 && ran.err.contains("failed to take over the descriptor 987654 named in `LISTEN_FDS_FIRST_FD`"),
        "{ran:?}"
    );
    let ran = debugging().var("APP_READY_FD", "x").line("runserver 0");
    assert!(ran.code == 1 && ran.err.contains("`APP_READY_FD` must be a number from 3 on, not \"x\""), "{ran:?}");
    let twice = debugging().var("APP_READY_FD", "987654").var("APP_PARENT_FD", "987654").line("runserver 0");
    assert!(
        twice.code == 1 && twice.err.contains("`APP_READY_FD` names the descriptor 987654, as another"),
        "{twice:?}"
    );
}
