//! Processes of the development server: what they inherit, what is told of them, and that nothing of them stays.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};
use xtask::dev::child::{self, Child, Launch, Part};
use xtask::dev::model::{Life, Source, Stream};
use xtask::environment::Changes;
use xtask::plan::{Role, Step};
use xtask::process::Ended;

use crate::sandbox::{PATIENCE, Sandbox};

/// A process, with what was told of it and what it wrote.
struct Process {
    child: Child,
    lives: Receiver<Life>,
    lines: Arc<Mutex<Vec<(Source, String)>>>,
}

impl Process {
    fn start(step: Step, part: Part<'_>) -> Self {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let (kept, (send, lives)) = (Arc::clone(&lines), channel());
        let sink = Arc::new(move |source, line: &str| kept.lock().expect("lines").push((source, line.to_owned())));
        let child = child::start(Launch { step, part, sink }, move |life| drop(send.send(life)));
        Self { child: child.expect("it starts"), lives, lines }
    }

    /// The fake app as a server that behaves like this.
    fn server(sandbox: &Sandbox, listener: &TcpListener, behaviour: &str) -> Self {
        Self::start(runserver(sandbox, behaviour), Part::Server(listener))
    }

    fn next(&self) -> Life {
        self.lives.recv_timeout(PATIENCE).expect("news of the process")
    }

    fn wait_until_ready(&self) {
        let life = self.next();
        assert!(matches!(life, Life::Ready { .. }), "{life:?}");
    }

    /// Waits for its end, which must be what comes next, and the last. Gives how it ended, and the last words.
    fn end(&self) -> (Ended, String) {
        let life = self.next();
        let Life::Ended { ended, last_words, .. } = life else { panic!("{life:?}") };
        assert_eq!(self.lives.recv_timeout(PATIENCE), Err(RecvTimeoutError::Disconnected));
        (ended, last_words)
    }

    /// What it wrote to this stream so far.
    fn text(&self, stream: Stream) -> Vec<String> {
        let lines = self.lines.lock().expect("lines");
        let is_its = |source: &Source| match source {
            Source::Server(of) | Source::Companion(_, of) => *of == stream,
            _ => false,
        };
        lines.iter().filter(|(source, _)| is_its(source)).map(|(_, line)| line.clone()).collect()
    }

    /// The number in the line `helper NUMBER`.
    fn helper(&self) -> Pid {
        let number = self.text(Stream::Out).iter().find_map(|line| line.strip_prefix("helper ")?.parse().ok());
        number.and_then(Pid::from_raw).expect("a helper")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill();
    }
}

fn runserver(sandbox: &Sandbox, behaviour: &str) -> Step {
    let step = step(env!("CARGO_BIN_EXE_xtask-fake-app"), &["runserver"], sandbox.root());
    let env = step.env.with("APP_ROOT", sandbox.root()).with("FAKE_RUNSERVER", behaviour);
    Step { env, ..step }
}

fn step(program: &str, args: &[&str], directory: &Path) -> Step {
    Step {
        role: Role::Server,
        program: program.into(),
        args: args.iter().map(OsString::from).collect(),
        directory: directory.to_owned(),
        env: Changes::default(),
    }
}

fn shell(script: &str) -> Process {
    Process::start(step("sh", &["-c", script], Path::new("/")), Part::Companion("sh".into()))
}

fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").expect("a port")
}

/// What a request is answered with: the number of the process.
fn ask(address: SocketAddr) -> std::io::Result<u32> {
    let mut connection = TcpStream::connect(address)?;
    connection.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer)?;
    let number = answer.rsplit("\r\n\r\n").next().and_then(|body| body.split(' ').next()?.parse().ok());
    number.ok_or_else(|| std::io::Error::other(format!("no answer: {answer:?}")))
}

/// True when no process has this number, or it is one that nobody has waited for yet.
pub(super) fn is_gone(pid: Pid) -> bool {
    let deadline = Instant::now() + PATIENCE;
    while rustix::process::test_kill_process(pid).is_ok() {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap_or_default();
        if stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('Z')) {
            return true;
        }
        if Instant::now() > deadline {
            return false;
        }
        std::thread::yield_now();
    }
    true
}

#[test]
fn a_server_is_told_of_until_its_end() {
    let (sandbox, listener) = (Sandbox::new(), listener());
    let address = listener.local_addr().expect("an address");
    let mut step = runserver(&sandbox, "complain one; ready; serve; complain two; exit 3");
    step.env = step.env.with("FAKE_SHOW", "LISTEN_FDS LISTEN_PID APP_DEV_PORT").with("APP_DEV_PORT", "7");
    step.env = step.env.with("LISTEN_PID", "1");
    let server = Process::start(step, Part::Server(&listener));
    assert_eq!(server.next(), Life::Ready { url: format!("http://{address}/") });
    assert_eq!(ask(address).expect("an answer"), server.child.pid());
    server.child.terminate();
    assert_eq!(server.next(), Life::Draining);
    assert_eq!(server.end(), (Ended::Exited(3), "one\ntwo".to_owned()));
    // Nobody is signalled any more.
    server.child.terminate();
    server.child.kill();
    let env = r#"{"LISTEN_FDS":"1","LISTEN_PID":null,"APP_DEV_PORT":"7"}"#;
    let said = format!(r#"{{"app":["runserver"],"in":"","group":"own","env":{env}}}"#);
    assert_eq!(server.text(Stream::Out), [said]);
}

#[test]
fn old_and_new_share_one_socket_and_nobody_is_refused() {
    let (sandbox, listener) = (Sandbox::new(), listener());
    let address = listener.local_addr().expect("an address");
    let mut old = Process::server(&sandbox, &listener, "ready; serve");
    old.wait_until_ready();
    let over = Arc::new(AtomicBool::new(false));
    let visitors: Vec<_> = (0..4)
        .map(|_| {
            let over = Arc::clone(&over);
            std::thread::spawn(move || {
                let mut answers = 0;
                while !over.load(Ordering::Relaxed) {
                    ask(address).expect("an answer");
                    answers += 1;
                }
                answers
            })
        })
        .collect();
    for _ in 0..8 {
        let new = Process::server(&sandbox, &listener, "ready; serve");
        new.wait_until_ready();
        old.child.terminate();
        assert_eq!(old.next(), Life::Draining);
        // From here on, every new connection is the new one's.
        assert_eq!(ask(address).expect("an answer"), new.child.pid());
        assert_eq!(old.end().0, Ended::Exited(0));
        old = new;
    }
    over.store(true, Ordering::Relaxed);
    let answers: u32 = visitors.into_iter().map(|visitor| visitor.join().expect("no failure")).sum();
    assert!(answers > 8, "{answers}");
    // The socket is still ours: who comes now waits for the next server.
    old.child.terminate();
    assert_eq!((old.next(), old.end().0), (Life::Draining, Ended::Exited(0)));
    let waiting = std::thread::spawn(move || ask(address));
    let next = Process::server(&sandbox, &listener, "ready; serve");
    assert_eq!(waiting.join().expect("no panic").expect("an answer"), next.child.pid());
}

#[test]
fn one_that_fails_is_never_ready() {
    let (sandbox, listener) = (Sandbox::new(), listener());
    let cases = [
        ("fail no such table", Ended::Exited(101), "no such table"),
        ("signal 6", Ended::Killed(6), ""),
        ("exit 0", Ended::Exited(0), ""),
    ];
    for (behaviour, ended, words) in cases {
        let server = Process::server(&sandbox, &listener, behaviour);
        assert_eq!(server.end(), (ended, words.to_owned()), "{behaviour}");
    }
    let server = Process::server(&sandbox, &listener, "close; wait");
    let words = "error: the readiness pipe was closed without `READY`, so the process is ended";
    assert_eq!(server.end(), (Ended::Killed(9), words.to_owned()));
}

#[test]
fn one_that_closes_its_pipe_on_its_way_out_has_the_last_word() {
    let (sandbox, listener) = (Sandbox::new(), listener());
    let server = Process::server(&sandbox, &listener, "close; pause 100; fail too late");
    assert_eq!(server.end(), (Ended::Exited(101), "too late".to_owned()));
}

#[test]
fn one_that_dies_later_was_ready_before() {
    let (sandbox, listener) = (Sandbox::new(), listener());
    let server = Process::server(&sandbox, &listener, "ready; pause 20; complain panicked; signal 6");
    server.wait_until_ready();
    assert_eq!(server.end(), (Ended::Killed(6), "panicked".to_owned()));
}

#[test]
fn one_that_ignores_the_request_is_killed_when_the_session_says_so() {
    let (sandbox, listener) = (Sandbox::new(), listener());
    let server = Process::server(&sandbox, &listener, "ready; stubborn");
    server.wait_until_ready();
    server.child.terminate();
    assert_eq!(server.lives.recv_timeout(Duration::from_millis(100)), Err(RecvTimeoutError::Timeout));
    server.child.kill();
    assert_eq!(server.end().0, Ended::TimedOut);
    // One that hangs before it is ready ends as well.
    let server = Process::server(&sandbox, &listener, "stubborn");
    server.child.kill();
    assert_eq!(server.end().0, Ended::TimedOut);
}

#[test]
fn what_it_started_ends_with_it() {
    let (sandbox, listener) = (Sandbox::new(), listener());
    for behaviour in ["helper; exit 0", "helper; signal 9", "helper; ready; stubborn"] {
        let server = Process::server(&sandbox, &listener, behaviour);
        if behaviour.ends_with("stubborn") {
            server.wait_until_ready();
            server.child.kill();
        }
        server.end();
        assert!(is_gone(server.helper()), "{behaviour}");
    }
}

#[test]
fn an_end_is_told_even_when_somebody_else_holds_the_pipes() {
    let (sandbox, listener) = (Sandbox::new(), listener());
    let server = Process::server(&sandbox, &listener, "daemon; print half a li; exit 0");
    assert!(matches!(server.next(), Life::Ended { ended: Ended::Exited(0), .. }));
    assert_eq!(server.text(Stream::Out).last().map(String::as_str), Some("half a li"));
    // It was told before the pipes were at their end.
    rustix::process::kill_process(server.helper(), Signal::KILL).expect("it lives");
}

#[test]
fn all_that_it_wrote_is_there_at_the_end() {
    let flood = shell("yes 0123456789 | head -n 100000; yes x | head -n 1000 >&2; printf 'no end'");
    let (ended, words) = flood.end();
    assert_eq!((ended, words.lines().count()), (Ended::Exited(0), 40));
    let out = flood.text(Stream::Out);
    assert_eq!((out.len(), out.last().map(String::as_str)), (100_001, Some("no end")));
    assert_eq!(flood.text(Stream::Err).len(), 1000);
    let long = shell("head -c 5000000 /dev/zero | tr '\\0' x; printf '\\n\\377\\n'");
    assert_eq!(long.end().0, Ended::Exited(0));
    let out = long.text(Stream::Out);
    assert_eq!(out.iter().map(String::len).sum::<usize>(), 5_000_000 + "\u{fffd}".len());
    assert!(out.iter().all(|line| line.len() < 100_000));
    assert!(matches!(&long.lines.lock().expect("lines")[0].0, Source::Companion(name, _) if **name == *"sh"));
}

#[test]
fn a_program_that_is_not_there_is_an_error() {
    let launch = Launch {
        step: step("/nowhere/app", &["runserver"], Path::new("/")),
        part: Part::Server(&listener()),
        sink: Arc::new(|_, _: &str| panic!("nothing was started")),
    };
    let error = child::start(launch, |life| panic!("{life:?}")).expect_err("no such program");
    assert_eq!(format!("{error}"), "failed to start `app runserver`");
    let cause = error.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
    assert_eq!(cause, Some(std::io::ErrorKind::NotFound));
}

#[test]
fn each_process_is_told_of_and_waited_for_whenever_it_is_killed() {
    let (sandbox, listener) = (Sandbox::new(), listener());
    let seed: u64 = u64::from(std::process::id());
    println!("seed {seed}");
    let mut random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let servers: Vec<Process> = (0..24).map(|_| Process::server(&sandbox, &listener, "ready; serve")).collect();
    for server in &servers {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let pause = server.lives.recv_timeout(Duration::from_micros(random % 20_000));
        if random & 1 == 0 {
            server.child.terminate()
        } else {
            server.child.kill()
        }
        let lives: Vec<Life> = pause.into_iter().chain(server.lives.iter()).collect();
        let order = lives.iter().map(|life| match life {
            Life::Ready { .. } => 0,
            Life::Draining => 1,
            Life::Ended { .. } => 2,
        });
        let order: Vec<u8> = order.collect();
        assert!(order.is_sorted() && order.iter().filter(|life| **life == 2).count() == 1, "{lives:?}");
        let pid = i32::try_from(server.child.pid()).ok().and_then(Pid::from_raw).expect("a number");
        let options = rustix::process::WaitIdOptions::EXITED | rustix::process::WaitIdOptions::NOHANG;
        let left = rustix::process::waitid(rustix::process::WaitId::Pid(pid), options);
        assert!(matches!(left, Err(rustix::io::Errno::CHILD)), "not waited for");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn nobody_else_inherits_the_descriptors() {
    const OPEN: &str = "for fd in /proc/$$/fd/*; do readlink $fd; done; true";
    fn count(open: &str) -> (usize, usize) {
        (open.matches("socket:").count(), open.matches("pipe:").count())
    }
    fn other() -> (usize, usize) {
        let other = std::process::Command::new("sh").args(["-c", OPEN]).output().expect("a shell");
        count(&String::from_utf8_lossy(&other.stdout))
    }
    let listener = listener();
    // Stdout and stderr, and what the tests themselves may have been started with.
    let (sockets, pipes) = other();
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let starting = scope.spawn(|| {
            let mut servers = 0;
            while !over.load(Ordering::Relaxed) || servers == 0 {
                let server = Process::start(step("sh", &["-c", OPEN], Path::new("/")), Part::Server(&listener));
                assert_eq!(server.end().0, Ended::Exited(0));
                // The socket; and the readiness pipe and the one from us.
                let open = server.text(Stream::Out);
                assert_eq!(count(&open.join("\n")), (sockets + 1, pipes + 2), "{open:?}");
                servers += 1;
            }
        });
        for _ in 0..100 {
            assert_eq!(other(), (sockets, pipes));
        }
        over.store(true, Ordering::Relaxed);
        starting.join().expect("no failure");
    });
}
