//! One process of the development server: started with what it inherits, watched until its end, its output cut into
//! lines. Several of them may live at the same time and share the listening socket.

use std::io::{self, BufRead, BufReader, PipeReader, PipeWriter, Read as _};
use std::net::TcpListener;
use std::process::{self, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;
use rustix::process::Signal;

use super::group::Group;
use super::lines::{Output, Sink};
use super::model::{Life, Source, Stream};
use crate::plan::Step;
use crate::process::{Ended, command};
use crate::system::{unix, watch_us};

/// How long after the end of a process its pipes are read (somebody whom it started may hold them), and how long after
/// it closed its readiness pipe without a word it may still end by itself.
const AFTERMATH: Duration = Duration::from_secs(1);

/// How long what is left may live when xtask is gone: the app's own deadline for open requests (5 s in development), and
/// a little more.
const ORPHANED: Duration = Duration::from_secs(6);

/// How long the line may be by which a server says that it is ready.
const LONGEST_WORD: u64 = 4096;

/// What is started.
pub struct Launch<'a> {
    /// The call of the app.
    pub step: Step,
    /// What it is to do.
    pub part: Part<'a>,
    /// Where its lines go.
    pub sink: Sink,
}

/// The part that a process has.
#[derive(Clone, Debug)]
pub enum Part<'a> {
    /// It serves on this socket, and says when it does. The socket stays ours as well.
    Server(&'a TcpListener),
    /// It runs beside the server, under this name.
    Companion(Arc<str>),
    /// It does something for the server, and its lines are like the server's.
    Job,
}

/// A process that was started. It lives on when this is dropped, but not longer than xtask.
#[derive(Clone, Debug)]
pub struct Child {
    pid: u32,
    group: Arc<Group>,
    killed: Arc<AtomicBool>,
}

impl Child {
    /// The number of the process.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Asks it, and what it started, for an orderly end. Nothing happens when it has ended.
    pub fn terminate(&self) {
        self.group.signal(Signal::TERM);
    }

    /// Ends it, and what it started, at once; its end is then [`Ended::TimedOut`]. Nothing happens when it has ended.
    pub fn kill(&self) {
        self.killed.store(true, Ordering::Relaxed);
        self.group.signal(Signal::KILL);
    }
}

/// Starts a process. `send` is told what becomes of it, from other threads: for a server `Ready` and `Draining`, at most
/// once each and in this order, and for every process, last and once, `Ended`. A server that closes its readiness pipe
/// without being ready, and does not end by itself, is ended.
///
/// # Errors
/// When the program cannot be started ([`io::Error`] in the chain).
pub fn start(launch: Launch<'_>, send: impl Fn(Life) + Send + 'static) -> anyhow::Result<Child> {
    let Launch { step, part, sink } = launch;
    let mut command = command(&step);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // What xtask itself may have been started with is not meant for the app.
    for name in ["LISTEN_PID", "LISTEN_FDNAMES", "LISTEN_FDS", "LISTEN_FDS_FIRST_FD", "APP_READY_FD"] {
        command.env_remove(name);
    }
    let parent_end = watch_us(&mut command)?;
    let readiness = match &part {
        Part::Server(listener) => Some(hand_over(&mut command, listener)?),
        Part::Companion(_) | Part::Job => None,
    };
    let group = Arc::new(Group::with_grace(ORPHANED)?);
    let started = Instant::now();
    let spawned = group.spawn(&mut command);
    // Our copies of what it inherits go: with one of them open, its readiness pipe would never come to an end.
    drop(command);
    let process = spawned.with_context(|| format!("failed to start `{}`", step.short()))?;
    let child = Child { pid: process.id(), group, killed: Arc::default() };
    let source = |stream| match &part {
        Part::Server(_) | Part::Job => Source::Server(stream),
        Part::Companion(name) => Source::Companion(Arc::clone(name), stream),
    };
    let output = |stream| Arc::new(Output::new(source(stream), &sink));
    let watcher = Watcher {
        child: child.clone(),
        process,
        started,
        out: output(Stream::Out),
        err: output(Stream::Err),
        tell: Arc::new(Mutex::new(Some(send))),
    };
    watcher.start(parent_end, readiness).context("failed to start a thread").inspect_err(|_| child.kill())?;
    Ok(child)
}

/// Lets the child have the socket, and a pipe by which it says when it serves. Gives our end of the pipe.
fn hand_over(command: &mut process::Command, listener: &TcpListener) -> anyhow::Result<PipeReader> {
    let socket = listener.try_clone().context("failed to hand over the listening socket")?;
    command.env("LISTEN_FDS", "1");
    unix::inherit(command, "LISTEN_FDS_FIRST_FD", socket.into());
    let (read, write) = io::pipe().context("failed to make a pipe")?;
    unix::inherit(command, "APP_READY_FD", write.into());
    Ok(read)
}

/// Whom to tell; nobody any more after the end.
type Tell<F> = Arc<Mutex<Option<F>>>;

/// What the threads of one process work with.
struct Watcher<F> {
    child: Child,
    process: process::Child,
    started: Instant,
    out: Arc<Output>,
    err: Arc<Output>,
    tell: Tell<F>,
}

impl<F: Fn(Life) + Send + 'static> Watcher<F> {
    /// Starts a thread for each stream and one that waits for the end.
    fn start(mut self, parent_end: PipeWriter, readiness: Option<PipeReader>) -> io::Result<()> {
        // That an end is dropped is the message: a reader has read all, the process has ended.
        let (reading, all_read) = channel::<()>();
        let (living, over) = channel::<()>();
        if let Some(stdout) = self.process.stdout.take() {
            let (out, reading) = (Arc::clone(&self.out), reading.clone());
            thread("stdout", move || {
                out.read(stdout);
                drop(reading);
            })?;
        }
        if let Some(stderr) = self.process.stderr.take() {
            let (err, reading) = (Arc::clone(&self.err), reading.clone());
            thread("stderr", move || {
                err.read(stderr);
                drop(reading);
            })?;
        }
        if let Some(pipe) = readiness {
            let readiness = Readiness { tell: Arc::clone(&self.tell), err: Arc::clone(&self.err), over };
            let (child, reading) = (self.child.clone(), reading.clone());
            thread("readiness", move || {
                readiness.watch(pipe, &child);
                drop(reading);
            })?;
        }
        thread("child", move || self.end(parent_end, living, &all_read))
    }

    /// Waits for the end and tells of it.
    fn end(mut self, parent_end: PipeWriter, living: Sender<()>, all_read: &Receiver<()>) {
        let status = self.process.wait();
        let lived = self.started.elapsed();
        // What it left behind. The group's number stays its own for as long as the group is not dropped.
        self.child.group.signal(Signal::KILL);
        drop((parent_end, living));
        is_dropped(all_read);
        self.out.finish();
        self.err.finish();
        let ended = match status.map(unix::ended) {
            Ok(Ended::Killed(signal)) if self.was_killed(signal) => Ended::TimedOut,
            Ok(ended) => ended,
            Err(error) => {
                self.err.line(&format!("error: failed to wait for the process: {error}"));
                Ended::Exited(1)
            }
        };
        let tell = self.tell.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(tell) = tell {
            tell(Life::Ended { ended, lived, last_words: self.err.last_words() });
        }
    }

    fn was_killed(&self, signal: i32) -> bool {
        signal == Signal::KILL.as_raw() && self.child.killed.load(Ordering::Relaxed)
    }
}

/// The thread that reads what a server says of itself.
struct Readiness<F> {
    tell: Tell<F>,
    err: Arc<Output>,
    over: Receiver<()>,
}

impl<F: Fn(Life)> Readiness<F> {
    fn watch(&self, pipe: PipeReader, child: &Child) {
        let mut pipe = BufReader::new(pipe);
        let mut is_ready = false;
        while let Some(line) = line(&mut pipe) {
            let life = match (line.strip_prefix("READY "), is_ready) {
                (Some(url), false) => Life::Ready { url: url.to_owned() },
                (None, true) if line == "DRAINING" => Life::Draining,
                _ => continue,
            };
            is_ready = true;
            let is_last = life == Life::Draining;
            if let Some(tell) = &*self.tell.lock().unwrap_or_else(PoisonError::into_inner) {
                tell(life);
            }
            if is_last {
                return;
            }
        }
        if !is_ready && !is_dropped(&self.over) {
            self.err.line("error: the readiness pipe was closed without `READY`, so the process is ended");
            child.group.signal(Signal::KILL);
        }
    }
}

/// One line with its end, which a word that was only begun has not.
fn line(from: &mut impl BufRead) -> Option<String> {
    let mut line = String::new();
    from.take(LONGEST_WORD).read_line(&mut line).ok()?;
    line.ends_with('\n').then(|| line.trim_end().to_owned())
}

/// Waits for the other end to be dropped, but not for long. Nothing is ever sent.
fn is_dropped(receiver: &Receiver<()>) -> bool {
    receiver.recv_timeout(AFTERMATH) == Err(RecvTimeoutError::Disconnected)
}

fn thread(name: &str, body: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name(name.to_owned()).spawn(body).map(drop)
}
