//! The development server as a process: readiness, signals, the death of its parent, a port that is taken.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::binary::Root;

pub(crate) struct Server {
    child: Child,
    root: Root,
    address: String,
}

impl Server {
    /// Starts a server on a free port, and waits until it says that it is ready.
    pub(crate) fn start(root: Root) -> Self {
        let mut command = root.command();
        command.args(["runserver", "127.0.0.1:0"]).env("APP__DEBUG", "true").env("APP__AUTH__ANONYMOUS_READ", "true");
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the server starts");
        let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines().map(|line| line.expect("UTF-8"));
        let ready =
            lines.find_map(|line| line.strip_prefix("ready: http://").map(str::to_owned)).expect("a readiness line");
        // Somebody must go on reading, or the server blocks on a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, root, address: ready.trim_end_matches('/').to_owned() }
    }

    fn get(&self, path: &str) -> String {
        self.send(&format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"))
    }

    /// Sends a request as it is, and reads to the end of the connection.
    pub(crate) fn send(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).expect("a connection");
        stream.write_all(request.as_bytes()).expect("a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("a signal");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn migrated() -> Root {
    let root = Root::new();
    root.line("migrate -v 0").is(0, "", "");
    root
}

#[test]
fn it_serves_and_ends_in_order_on_either_signal() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 0)] {
        let mut server = Server::start(migrated());
        assert!(server.get("/mailings/").starts_with("HTTP/1.1 200 OK"));
        assert!(server.get("/nope/").starts_with("HTTP/1.1 404 Not Found"));
        server.signal(signal);
        assert_eq!(server.child.wait().expect("an end").code(), Some(code));
        assert!(TcpStream::connect(&server.address).is_err(), "the port is free again");
    }
}

#[test]
fn requests_are_logged_with_their_ids() {
    let server = Server::start(migrated());
    assert!(server.get("/nope/").contains("x-request-id: "));
    let log = || std::fs::read_to_string(server.root.path().join("var/log/app.log")).expect("a log file");
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while !log().contains("GET /nope/ 404") {
        assert!(std::time::Instant::now() < deadline, "{}", log());
        std::thread::yield_now();
    }
}

#[test]
fn a_taken_port_names_its_owner_and_a_free_one() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port();
    let ran = migrated().var("APP__DEBUG", "true").line(&format!("runserver 127.0.0.1:{port}"));
    assert_eq!(ran.code, Some(1));
    let owner = format!("(pid {})", std::process::id());
    for text in [&format!("port {port}"), owner.as_str(), "hint: `app runserver "] {
        assert!(ran.err.contains(text), "{:?} lacks {text:?}", ran.err);
    }
}

#[test]
fn a_database_without_tables_is_a_warning_not_a_stop() {
    let mut server = Server::start(Root::new());
    assert!(server.get("/health").starts_with("HTTP/1.1 200 OK"));
    server.signal(Signal::TERM);
    assert_eq!(server.child.wait().expect("an end").code(), Some(0));
}

#[test]
fn a_command_that_waits_ends_when_its_parent_is_gone() {
    use std::os::fd::AsRawFd as _;
    let Some(postgres) = crate::postgres::server() else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let name = runtime.block_on(crate::postgres::database(postgres));
    let url = format!("postgres://test@127.0.0.1:{}/{name}", postgres.port);
    // `migrate` waits for as long as somebody else holds the lock of migrations: here, one inside a transaction of ours.
    let (read, write) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).expect("a pipe");
    let root = Root::new().var("APP__DATABASE__URL", &url).var("APP_PARENT_FD", &read.as_raw_fd().to_string());
    let blocker = runtime.block_on(async {
        let blocker = sea_orm::Database::connect(&url).await.expect("a connection");
        let begun = sea_orm::TransactionTrait::begin(&blocker).await.expect("a transaction");
        let table = "CREATE TABLE users_user (id bigint)";
        sea_orm::ConnectionTrait::execute_unprepared(&begun, table).await.expect("a table that is not committed");
        begun
    });
    rustix::io::fcntl_setfd(&read, rustix::io::FdFlags::empty()).expect("an open descriptor");
    let mut child =
        root.command().arg("migrate").stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the app starts");
    drop(read);
    let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut said = Vec::new();
    // The migration of `users` has begun, and cannot go on.
    while !said.ends_with(b"Applying users.0001_initial...") {
        let mut byte = [0];
        out.read_exact(&mut byte).expect("more output");
        said.push(byte[0]);
    }
    drop(write);
    assert_eq!(child.wait().expect("an end").code(), Some(1));
    let mut err = String::new();
    child.stderr.take().expect("a pipe").read_to_string(&mut err).expect("UTF-8");
    assert_eq!(err, "CommandError: the process that started this command is gone\n");
    runtime.block_on(async { blocker.rollback().await.expect("an end") });
    root.var("APP_PARENT_FD", "").line("migrate -v 0").is(0, "", "");
}
