//! The production server as processes: how it starts, is replaced, crashes and ends, through the real binary.

mod activation;
mod crashes;
mod faults;
mod restarts;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::binary::Root;

/// Longer than anything should take on a busy machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// A project that the server can run in.
pub(super) fn root() -> Root {
    let root = Root::new().var("APP__ALLOWED_HOSTS", "localhost,127.0.0.1").var("APP__SERVER__DRAIN_SECONDS", "10");
    root.line("migrate -v 0").is(0, "", "");
    root
}

/// A server. Whatever is left of it is killed in the end.
pub(super) struct Server {
    child: Child,
    pub(super) root: Root,
    pub(super) address: String,
    stderr: BufReader<ChildStderr>,
}

/// `serve` with these arguments, ready to start.
pub(super) fn command(root: &Root, arguments: &[&str]) -> Command {
    let mut command = root.command();
    command.arg("serve").args(arguments).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

impl Server {
    /// Starts it on a free port, and waits until it is ready.
    pub(super) fn start(root: Root, arguments: &[&str]) -> Self {
        let arguments = [&["--bind", "127.0.0.1:0"], arguments].concat();
        Self::spawn(command(&root, &arguments), root)
    }

    /// Starts what has been prepared.
    pub(super) fn spawn(mut command: Command, root: Root) -> Self {
        let mut child = command.spawn().expect("the server starts");
        let mut stderr = BufReader::new(child.stderr.take().expect("a pipe"));
        let (mut said, mut address) = (String::new(), None);
        while address.is_none() {
            let start = said.len();
            assert!(stderr.read_line(&mut said).expect("text") > 0, "it ended before it was ready: {said}");
            address = said[start..].trim().strip_prefix("ready: ").map(str::to_owned);
        }
        let address = address.unwrap_or_default();
        let address = address.trim_start_matches("http://").trim_end_matches('/').to_owned();
        Self { child, root, address, stderr }
    }

    pub(super) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("a living process");
    }

    /// Waits for the end: the exit code, and what was said after it was ready.
    pub(super) fn end(mut self) -> (Option<i32>, String) {
        let mut said = String::new();
        self.stderr.read_to_string(&mut said).expect("text");
        (self.child.wait().expect("an end").code(), said)
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The head and body of an answer, or why there is none.
    pub(super) fn get(&self, path: &str) -> std::io::Result<String> {
        get(&self.address, path)
    }

    /// Says something on the control socket, and reads to the end.
    pub(super) fn ask(&self, request: &Value) -> Vec<Value> {
        ask(self.root.path(), request)
    }

    pub(super) fn status(&self) -> Value {
        self.ask(&json!({"do": "status"})).remove(0)
    }

    /// The numbers of the processes that serve.
    pub(super) fn serving(&self) -> Vec<i32> {
        serving(&self.status())
    }

    pub(super) fn restart(&self) -> Vec<Value> {
        self.ask(&json!({"do": "restart", "timeout": 60}))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The others end when this one is gone.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The numbers of the processes that serve.
pub(super) fn serving(status: &Value) -> Vec<i32> {
    let workers = status["workers"].as_array().expect("a list").iter();
    let serving = workers.filter(|worker| worker["state"] == "serving");
    serving.map(|worker| i32::try_from(worker["pid"].as_i64().expect("a number")).expect("a pid")).collect()
}

pub(super) fn get(address: &str, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(stream, "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    if answer.starts_with("HTTP/1.1 200 ") { Ok(answer) } else { Err(std::io::Error::other(answer)) }
}

/// A short way to the control socket: its own path may be too long for an address.
pub(super) fn control(root: &Path) -> std::io::Result<UnixStream> {
    use std::os::fd::AsRawFd as _;
    let run = std::fs::File::open(root.join("var/run"))?;
    UnixStream::connect(PathBuf::from(format!("/proc/self/fd/{}/server.sock", run.as_raw_fd())))
}

pub(super) fn ask(root: &Path, request: &Value) -> Vec<Value> {
    let mut stream = control(root).expect("a control socket");
    writeln!(stream, "{request}").expect("it listens");
    let lines = BufReader::new(stream).lines();
    // A server that is killed says nothing more.
    lines.map_while(Result::ok).map(|line| serde_json::from_str(&line).expect("JSON")).collect()
}

/// A port that can be bound again: not one that the system gives to anybody who asks for any.
pub(super) fn port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    loop {
        let process = u16::try_from(std::process::id() % 1000).expect("a small number");
        let port = 20_000 + process * 12 + NEXT.fetch_add(1, Ordering::Relaxed) % 12;
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// Waits for a condition.
#[track_caller]
pub(super) fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !condition() {
        assert!(begin.elapsed() < PATIENCE, "waited in vain until {what}");
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

pub(super) fn is_alive(pid: i32) -> bool {
    // One that has ended and was not waited for is dead enough.
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
}

pub(super) fn kill(pid: i32) {
    kill_process(Pid::from_raw(pid).expect("a pid"), Signal::KILL).expect("a living process");
}

/// Clients that ask all the time, on connections of their own and on kept ones.
pub(super) struct Load {
    stop: std::sync::Arc<AtomicBool>,
    clients: Vec<JoinHandle<(usize, Vec<String>)>>,
}

impl Load {
    pub(super) fn on(address: &str) -> Self {
        let stop = std::sync::Arc::<AtomicBool>::default();
        let client = |keeps: bool| {
            let (address, stop) = (address.to_owned(), std::sync::Arc::clone(&stop));
            std::thread::spawn(move || {
                let (mut answers, mut errors, mut kept) = (0, Vec::new(), None);
                while !stop.load(Ordering::Relaxed) {
                    match once(&address, kept.take()) {
                        Ok(connection) => {
                            answers += 1;
                            kept = connection.filter(|_| keeps);
                        }
                        Err(error) => errors.push(error.to_string()),
                    }
                }
                (answers, errors)
            })
        };
        let clients = [true, false, true, false].into_iter().map(client).collect();
        Self { stop, clients }
    }

    /// How many answers there were, and all errors.
    pub(super) fn end(self) -> (usize, Vec<String>) {
        self.stop.store(true, Ordering::Relaxed);
        let ended = self.clients.into_iter().map(|client| client.join().expect("no panic"));
        ended.fold((0, Vec::new()), |(sum, mut all), (answers, errors)| {
            all.extend(errors);
            (sum + answers, all)
        })
    }
}

fn once(address: &str, kept: Option<BufReader<TcpStream>>) -> std::io::Result<Option<BufReader<TcpStream>>> {
    let mut connection = match kept {
        Some(kept) => kept,
        None => BufReader::new(TcpStream::connect(address)?),
    };
    connection.get_ref().set_read_timeout(Some(PATIENCE))?;
    connection.get_mut().write_all(b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n")?;
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if connection.read_line(&mut head)? == 0 {
            return Err(std::io::Error::other(format!("closed after {head:?}")));
        }
    }
    let lower = head.to_ascii_lowercase();
    let length = lower.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.parse().ok());
    let mut body = vec![0; length.ok_or_else(|| std::io::Error::other(head.clone()))?];
    connection.read_exact(&mut body)?;
    if !head.starts_with("HTTP/1.1 200 ") {
        return Err(std::io::Error::other(head));
    }
    Ok((!lower.contains("connection: close")).then_some(connection))
}
