//! The serving processes as the master sees them.

use std::io::{self, PipeReader};
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use rustix::net::{SendFlags, send};
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::net::unix::pipe;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use super::control::Shown;
use super::master::Event;
use super::program::{hand_over, spawn};
use super::worker::METRICS;
use crate::http::metrics::Snapshot;
use crate::process::{CONTROL_FD, PARENT_FD, READY_FD, STDERR_FD};
use crate::system;

/// How long what a process said may take to arrive when it has ended.
const AFTERMATH: Duration = Duration::from_secs(1);

/// How much of what a process says before it is ready is kept.
const MOST_SAID: usize = 16 * 1024;

/// What a process is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Starting,
    Serving,
    /// Told to stop; killed when it has not by then.
    Draining(Instant),
}

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Serving => "serving",
            Self::Draining(_) => "draining",
        }
    }
}

/// A serving process.
pub(super) struct Worker {
    pub(super) id: u64,
    pub(super) pid: Pid,
    pub(super) generation: u32,
    pub(super) state: State,
    pub(super) since: String,
    pub(super) started: Instant,
    /// How many times its predecessors crashed.
    pub(super) restarts: u32,
    pub(super) figures: Figures,
    talk: Talk,
}

/// The way to a process's counters.
#[derive(Clone)]
pub(super) struct Figures {
    control: Arc<UnixStream>,
    pub(super) latest: watch::Receiver<Snapshot>,
}

impl Figures {
    /// Watches what comes over the socket.
    pub(super) fn watch(control: UnixStream, known: Snapshot) -> io::Result<Self> {
        let copy = control.try_clone()?;
        copy.set_nonblocking(true)?;
        let reader = tokio::net::UnixStream::from_std(copy)?;
        let (sender, latest) = watch::channel(known);
        tokio::spawn(async move {
            let mut lines = BufReader::new(reader).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                // Half a line, after the master became another process, says nothing.
                if let Ok(snapshot) = serde_json::from_str(&line) {
                    sender.send_replace(snapshot);
                }
            }
        });
        Ok(Self { control: Arc::new(control), latest })
    }

    /// Asks for the newest.
    pub(super) fn ask(&mut self) {
        self.latest.mark_unchanged();
        // A process that is gone has no news.
        let _ = send(&self.control, METRICS, SendFlags::DONTWAIT | SendFlags::NOSIGNAL);
    }

    /// A copy of the socket, to be passed on.
    pub(super) fn descriptor(&self) -> io::Result<OwnedFd> {
        Ok(self.control.try_clone()?.into())
    }
}

/// What a process says before it is ready.
#[derive(Default)]
struct Talk {
    text: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Worker {
    /// Starts one. `command` has the listening sockets; the rest is seen to here.
    pub(super) fn start(
        mut command: Command,
        parent: &Arc<OwnedFd>,
        sender: &UnboundedSender<Event>,
        Start { id, generation, since, restarts }: Start,
    ) -> anyhow::Result<Self> {
        let failed = "failed to make a pipe";
        let (ready, ready_end) = io::pipe().context(failed)?;
        let (said, said_end) = io::pipe().context(failed)?;
        let (control, control_end) = UnixStream::pair().context(failed)?;
        let stderr = io::stderr().as_fd().try_clone_to_owned().context("failed to copy the standard error stream")?;
        hand_over(&mut command, READY_FD, ready_end);
        hand_over(&mut command, CONTROL_FD, control_end);
        hand_over(&mut command, STDERR_FD, stderr);
        command.env(PARENT_FD, parent.as_raw_fd().to_string());
        system::pass_on(&mut command, vec![Arc::clone(parent)]);
        // Ctrl-C at a terminal is for the master, which tells them.
        command.stderr(Stdio::from(said_end)).process_group(0);
        let program = command.get_program().to_string_lossy().into_owned();
        let pid = spawn(&mut command).with_context(|| format!("failed to start `{program}`"))?;
        // Our copies of what it inherited go with it: only so its pipes come to an end.
        drop(command);
        watch_readiness(ready, id, sender.clone()).context("failed to watch a pipe")?;
        let talk = listen(said, sender.clone()).context("failed to watch a pipe")?;
        let figures = Figures::watch(control, Snapshot::default()).context("failed to watch a socket")?;
        let started = Instant::now();
        Ok(Self { id, pid, generation, state: State::Starting, since, started, restarts, figures, talk })
    }

    /// One that the process before this one started.
    pub(super) fn adopted(
        Start { id, generation, since, restarts }: Start,
        pid: Pid,
        state: State,
        figures: Figures,
    ) -> Self {
        let started = Instant::now();
        Self { id, pid, generation, state, since, started, restarts, figures, talk: Talk::default() }
    }

    /// Sends a signal. It has not been waited for, so the number is still its own.
    pub(super) fn signal(&self, signal: Signal) {
        if let Err(error) = kill_process(self.pid, signal) {
            tracing::debug!(target: "serve", "failed to signal {}: {error}", self.pid.as_raw_nonzero());
        }
    }

    /// All that it said before it was ready, if it has ended.
    pub(super) async fn last_words(&mut self) -> String {
        if let Some(reader) = self.talk.reader.take() {
            let _ = timeout(AFTERMATH, reader).await;
        }
        std::mem::take(&mut *self.talk.text.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn is_draining(&self) -> bool {
        matches!(self.state, State::Draining(_))
    }

    /// As `status` shows it.
    pub(super) fn shown(&self) -> Shown {
        Shown {
            pid: Some(self.pid.as_raw_nonzero().get()),
            generation: self.generation,
            state: self.state.name(),
            since: self.since.clone(),
            restarts: self.restarts,
        }
    }
}

/// What is known of a process before it starts.
pub(super) struct Start {
    pub(super) id: u64,
    pub(super) generation: u32,
    pub(super) since: String,
    pub(super) restarts: u32,
}

/// Sends the line by which it says that it is ready, or that it will not be.
fn watch_readiness(pipe: PipeReader, id: u64, sender: UnboundedSender<Event>) -> io::Result<()> {
    let mut lines = BufReader::new(pipe::Receiver::from_owned_fd(pipe.into())?).lines();
    tokio::spawn(async move {
        let mut event = Event::NotReady(id);
        while let Ok(Some(line)) = lines.next_line().await {
            if let Some(hello) = line.strip_prefix("READY ") {
                event = Event::Ready(id, hello.to_owned());
                break;
            }
        }
        let _ = sender.send(event);
        // It goes on writing there.
        while let Ok(Some(_)) = lines.next_line().await {}
    });
    Ok(())
}

/// Sends what it says, and keeps it.
fn listen(pipe: PipeReader, sender: UnboundedSender<Event>) -> io::Result<Talk> {
    let mut pipe = pipe::Receiver::from_owned_fd(pipe.into())?;
    let text = Arc::<Mutex<String>>::default();
    let kept = Arc::clone(&text);
    let reader = tokio::spawn(async move {
        let mut buffer = [0; 4096];
        while let Ok(read @ 1..) = pipe.read(&mut buffer).await {
            let said = String::from_utf8_lossy(&buffer[..read]).into_owned();
            let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.len() < MOST_SAID {
                kept.push_str(&said);
            }
            drop(kept);
            let _ = sender.send(Event::Said(said));
        }
    });
    Ok(Talk { text, reader: Some(reader) })
}
