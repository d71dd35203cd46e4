//! A server in a process of its own: this test program, run again.

use std::ffi::OsString;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsFd, AsRawFd as _, OwnedFd};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use framework::conf::Env;
use framework::management::{Console, execute};
use framework::project::Project;
use rustix::io::{FdFlags, fcntl_setfd};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, Signal, kill_process};

use super::{shop, studio};
use crate::sandbox::Sandbox;

/// Holds the arguments of the command that the process is to run.
const ARGUMENTS: &str = "FRAMEWORK_TEST_ARGUMENTS";

/// Longer than anything should take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// One process is started at a time: what one is to inherit, another must not.
static STARTING: Mutex<()> = Mutex::new(());

/// The process itself. Run by [`Server::start`] only.
#[test]
#[ignore = "it is the server of the other tests"]
#[expect(clippy::disallowed_methods, reason = "it stands in for the app's `main`")]
fn main() {
    let env = Env::from_process();
    let Some(arguments) = env.get(ARGUMENTS).map(|arguments| arguments.to_string_lossy().into_owned()) else {
        return;
    };
    let project = Project::new("Test", "1.2.3", &[shop::module, shop::annex, studio::module]);
    let arguments = arguments.split('\n').map(OsString::from).collect();
    std::process::exit(execute(&project, arguments, env, Console::process(), framework::logging::init).into());
}

/// A running server.
pub(super) struct Server {
    child: Child,
    stderr: BufReader<ChildStderr>,
    /// What it wrote on stderr before it was ready.
    pub(super) said: String,
    pub(super) url: String,
}

/// The end of a server.
pub(super) struct Ended {
    pub(super) status: ExitStatus,
    pub(super) out: String,
    pub(super) err: String,
}

impl Server {
    /// Starts `runserver` with these arguments in the sandbox, and waits until it is ready. The descriptors are
    /// inherited; each one's number stands in its variable.
    pub(super) fn start(sandbox: &Sandbox, arguments: &[&str], inherited: &[(&str, &OwnedFd)]) -> Self {
        Self::ready(spawn(sandbox, &[&["runserver"], arguments].concat(), inherited))
    }

    /// Starts `serve` with these arguments on a free port, and waits until it is ready.
    pub(super) fn serve(sandbox: &Sandbox, arguments: &[&str]) -> Self {
        Self::ready(spawn(sandbox, &[&["serve", "--bind", "127.0.0.1:0"], arguments].concat(), &[]))
    }

    fn ready((child, mut stderr): (Child, BufReader<ChildStderr>)) -> Self {
        let (mut said, mut url) = (String::new(), String::new());
        while url.is_empty() {
            let start = said.len();
            let read = stderr.read_line(&mut said).expect("text");
            assert!(read > 0, "it ended before it was ready: {said}");
            url = said[start..].trim().strip_prefix("ready: ").unwrap_or_default().to_owned();
        }
        Self { child, stderr, said, url }
    }

    /// The same for one that says nothing but to the process that started it.
    pub(super) fn start_quietly(sandbox: &Sandbox, arguments: &[&str], inherited: &[(&str, &OwnedFd)]) -> Self {
        let (reader, writer) = pipe();
        let inherited: Vec<_> = inherited.iter().copied().chain([("APP_READY_FD", &writer)]).collect();
        let (child, stderr) = spawn(sandbox, &[&["runserver"], arguments].concat(), &inherited);
        drop(inherited);
        drop(writer);
        let mut line = String::new();
        BufReader::new(File::from(reader)).read_line(&mut line).expect("a report");
        let url = line.trim().strip_prefix("READY ").unwrap_or_else(|| panic!("not ready: {line}")).to_owned();
        Self { child, stderr, said: String::new(), url }
    }

    pub(super) fn address(&self) -> SocketAddr {
        let address = self.url.trim_start_matches("http://").trim_end_matches('/');
        address.replace("localhost", "127.0.0.1").parse().expect("an address")
    }

    pub(super) fn connect(&self) -> Connection {
        Connection(BufReader::new(TcpStream::connect(self.address()).expect("a connection")))
    }

    pub(super) fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.child.id().try_into().expect("a pid")).expect("a pid");
        kill_process(pid, signal).expect("a living process");
    }

    /// Waits until it listens no more: then, and not before, somebody else can.
    pub(super) fn wait_until_it_stops_accepting(&self) {
        let start = Instant::now();
        while TcpListener::bind(self.address()).is_err() {
            assert!(start.elapsed() < PATIENCE, "it still listens");
            std::thread::yield_now();
        }
    }

    /// Waits for the end.
    pub(super) fn end(mut self) -> Ended {
        let (mut out, mut err) = (String::new(), self.said);
        self.stderr.read_to_string(&mut err).expect("text");
        self.child.stdout.take().expect("a pipe").read_to_string(&mut out).expect("text");
        Ended { status: self.child.wait().expect("a status"), out, err }
    }
}

/// Starts the process.
fn spawn(sandbox: &Sandbox, arguments: &[&str], inherited: &[(&str, &OwnedFd)]) -> (Child, BufReader<ChildStderr>) {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command
        .args(["--exact", "http::process::main", "--ignored", "--nocapture", "--test-threads=1"])
        .env_clear()
        .env(ARGUMENTS, arguments.join("\n"))
        .envs(sandbox.env().iter())
        .current_dir(sandbox.dir.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let guard = STARTING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    for (variable, fd) in inherited {
        command.env(variable, fd.as_raw_fd().to_string());
        fcntl_setfd(fd, FdFlags::empty()).expect("an open descriptor");
    }
    let mut child = command.spawn().expect("a process");
    for (_, fd) in inherited {
        fcntl_setfd(fd, FdFlags::CLOEXEC).expect("an open descriptor");
    }
    drop(guard);
    let stderr = BufReader::new(child.stderr.take().expect("a pipe"));
    (child, stderr)
}

/// A connection, and the answers on it.
pub(super) struct Connection(BufReader<TcpStream>);

impl Connection {
    pub(super) fn ask(&mut self, path: &str) {
        self.send(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    }

    /// Sends what need not be a request.
    pub(super) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.get_mut().write_all(bytes.as_ref()).expect("bytes sent");
    }

    /// Sends what the server may no longer want.
    pub(super) fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> std::io::Result<()> {
        self.0.get_mut().write_all(bytes.as_ref())
    }

    /// Whether the start of an answer has come.
    pub(super) fn has_answer(&self) -> bool {
        self.0.get_ref().set_nonblocking(true).expect("a socket");
        let peeked = self.0.get_ref().peek(&mut [0]);
        self.0.get_ref().set_nonblocking(false).expect("a socket");
        peeked.is_ok()
    }

    /// Reads what is there, some of it.
    pub(super) fn read_some(&mut self, most: usize) -> usize {
        self.0.read(&mut vec![0; most]).expect("more to read")
    }

    /// Reads until the text has come.
    pub(super) fn read_until(&mut self, text: &str) -> String {
        self.0.get_ref().set_read_timeout(Some(PATIENCE)).expect("a timeout");
        let mut read = Vec::new();
        while !read.ends_with(text.as_bytes()) {
            let mut byte = [0];
            self.0.read_exact(&mut byte).expect("more to read");
            read.extend(byte);
        }
        String::from_utf8(read).expect("text")
    }

    /// Reads until the server closes the connection. A connection that is reset is an error.
    pub(super) fn rest(&mut self) -> std::io::Result<String> {
        self.0.get_ref().set_read_timeout(Some(PATIENCE)).expect("a timeout");
        let mut text = String::new();
        self.0.read_to_string(&mut text).map(|_| text)
    }

    /// The same, as bytes.
    pub(super) fn rest_bytes(&mut self) -> std::io::Result<Vec<u8>> {
        self.0.get_ref().set_read_timeout(Some(PATIENCE)).expect("a timeout");
        let mut bytes = Vec::new();
        self.0.read_to_end(&mut bytes).map(|_| bytes)
    }

    /// The head and the body of the next answer; nothing when the connection was closed instead.
    pub(super) fn answer(&mut self) -> Option<(String, String)> {
        self.0.get_ref().set_read_timeout(Some(PATIENCE)).expect("a timeout");
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.0.read_line(&mut head).unwrap_or(0) == 0 {
                return None;
            }
        }
        let head = head.to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).ok()?;
        Some((head, String::from_utf8(body).expect("text")))
    }
}

/// What the page `/slow/` knocks at.
pub(super) struct Gate(TcpListener);

impl Gate {
    pub(super) fn new() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").expect("a listener"))
    }

    /// The path that leads to it.
    pub(super) fn path(&self) -> String {
        format!("/slow/?gate={}", self.0.local_addr().expect("an address"))
    }

    /// Waits until a request has come so far; the stream lets it go on.
    pub(super) fn knock(&self) -> TcpStream {
        self.0.accept().expect("a knock").0
    }
}

/// Lets the request go on that knocked.
pub(super) fn open(mut knock: TcpStream) {
    knock.write_all(&[1]).expect("the gate opened");
}

/// A pipe: read end, write end. Neither is passed on to children.
pub(super) fn pipe() -> (OwnedFd, OwnedFd) {
    pipe_with(PipeFlags::CLOEXEC).expect("a pipe")
}

/// All that is written into a pipe until its last writer is gone.
pub(super) fn drain(reader: OwnedFd) -> String {
    let mut text = String::new();
    std::fs::File::from(reader).read_to_string(&mut text).expect("text");
    text
}

/// A socket that a supervisor keeps.
pub(super) fn listener() -> (OwnedFd, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
    let address = listener.local_addr().expect("an address");
    (listener.as_fd().try_clone_to_owned().expect("a descriptor"), address)
}
