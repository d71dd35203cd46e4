//! The development server that is measured.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use anyhow::Context;
use rustix::process::{Pid, Signal};
use serde_json::Value;

use super::PAGE;
use crate::bench::http::{After, Answer, Connection, Events};
use crate::bench::meter;
use crate::plan::Step;
use crate::{process, system};

/// How long anything may take: a first build compiles everything.
const PATIENCE: Duration = Duration::from_secs(120);

/// How often a page is asked for that is not there yet. Each request takes time from the build, so where something
/// says when to ask, that is waited for.
const TICK: Duration = Duration::from_millis(5);

/// Nothing is going on when all processes together use next to no time in so many windows in a row.
const QUIET_WINDOWS: u32 = 5;
const WINDOW: Duration = Duration::from_millis(250);

/// How many of the last lines are shown when something goes wrong.
const LAST_LINES: usize = 20;

/// A server that was started.
pub(super) struct Server {
    child: Child,
    lines: Receiver<String>,
    last: VecDeque<String>,
    address: SocketAddr,
}

impl Server {
    /// Starts it and waits until it says where it listens.
    pub(super) fn start(step: &Step) -> anyhow::Result<Self> {
        let mut command = process::command(step);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        system::end_with_parent(&mut command);
        let mut child = command.spawn().with_context(|| format!("failed to start `{}`", step.short()))?;
        let (send, lines) = channel();
        forward(child.stdout.take(), send.clone())?;
        forward(child.stderr.take(), send)?;
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut server = Self { child, lines, last: VecDeque::new(), address };
        let deadline = Instant::now() + PATIENCE;
        while server.address.port() == 0 {
            let left = deadline.saturating_duration_since(Instant::now());
            match server.lines.recv_timeout(left) {
                Ok(line) => server.keep(line),
                Err(_) => return Err(server.failed("say where it listens")),
            }
            let address = server.last.back().and_then(|line| line.split_once("http://")?.1.split(['/', ' ']).next());
            if let Some(address) = address.and_then(|address| address.parse().ok()) {
                server.address = address;
            }
        }
        Ok(server)
    }

    fn keep(&mut self, line: String) {
        if line.contains(" request_id=") {
            // Nothing goes wrong by them, and they would bury all else.
            return;
        }
        if self.last.len() == LAST_LINES {
            self.last.pop_front();
        }
        self.last.push_back(line);
    }

    /// The error for what it did not do, with what it said last.
    fn failed(&mut self, what: &str) -> anyhow::Error {
        while let Ok(line) = self.lines.try_recv() {
            self.keep(line);
        }
        let last: Vec<&str> = self.last.iter().map(String::as_str).collect();
        anyhow::anyhow!("the development server did not {what}; it said last:\n{}", last.join("\n"))
    }

    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The process.
    pub(super) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Stops the process, not the app that it has started, or lets it go on.
    pub(super) fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        rustix::process::kill_process(self.pid(), signal).context("failed to signal the development server")
    }

    /// Waits, and takes what is said meanwhile from the pipes.
    pub(super) fn wait(&mut self, time: Duration) -> anyhow::Result<()> {
        let deadline = Instant::now() + time;
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => self.keep(line),
                Err(RecvTimeoutError::Timeout) => return Ok(()),
                Err(RecvTimeoutError::Disconnected) => return Err(self.failed("go on")),
            }
        }
    }

    /// Asks again and again until the answer is as wanted; gives the moment at which it was there.
    fn until(&mut self, path: &str, what: &str, is_it: impl Fn(&Answer) -> bool) -> anyhow::Result<Instant> {
        let deadline = Instant::now() + PATIENCE;
        let mut kept: Option<Connection> = None;
        loop {
            let open = match kept.take().filter(Connection::is_open) {
                Some(open) => Ok(open),
                None => Connection::open(self.address, PATIENCE),
            };
            let answer = open.and_then(|mut open| {
                let answer = open.request("GET", path, After::Keep);
                kept = Some(open);
                answer
            });
            match answer {
                Ok(answer) if is_it(&answer) => return Ok(Instant::now()),
                Ok(_) => {}
                Err(broken) => return Err(self.failed(&format!("answer `{path}`: {broken:?}"))),
            }
            if Instant::now() >= deadline {
                return Err(self.failed(what));
            }
            self.wait(TICK)?;
        }
    }

    /// Waits until the page contains the marker; gives the moment at which it did.
    pub(super) fn until_page(&mut self, marker: &str) -> anyhow::Result<Instant> {
        let shows = |answer: &Answer| answer.status == 200 && answer.text().contains(marker);
        self.until(PAGE, &format!("show `{marker}`"), shows)
    }

    /// Waits until the status has this state.
    pub(super) fn until_state(&mut self, state: &str) -> anyhow::Result<()> {
        let is_it = |answer: &Answer| {
            serde_json::from_slice::<Value>(&answer.body).is_ok_and(|status| status["state"] == state)
        };
        self.until("/__dev/status", &format!("become `{state}`"), is_it).map(drop)
    }

    /// Waits until nothing is going on: the newest sources are served, the old process has gone, and whatever makes
    /// later builds faster is done.
    pub(super) fn until_quiet(&mut self) -> anyhow::Result<()> {
        self.until_state("serving")?;
        let deadline = Instant::now() + PATIENCE;
        let mut quiet = 0;
        while quiet < QUIET_WINDOWS {
            if Instant::now() >= deadline {
                return Err(self.failed("come to rest"));
            }
            let before = meter::family(self.pid())?;
            let used = meter::cpu(&before);
            self.wait(WINDOW)?;
            let after = meter::family(self.pid())?;
            let is_quiet = before == after && meter::cpu(&after).saturating_sub(used) < WINDOW / 50;
            quiet = if is_quiet { quiet + 1 } else { 0 };
        }
        Ok(())
    }

    /// Opens the page's channel.
    pub(super) fn listen(&mut self) -> anyhow::Result<Ear> {
        let events = Events::open(self.address, "/__dev/events", PATIENCE);
        let mut events = events.map_err(|broken| self.failed(&format!("open the events: {broken:?}")))?;
        let (send, heard) = channel();
        let listen = move || {
            while let Some(data) = events.next(Instant::now() + PATIENCE) {
                let kind = serde_json::from_str::<Value>(&data).map(|event| event["type"].clone()).unwrap_or_default();
                if send.send((Instant::now(), kind)).is_err() {
                    return;
                }
            }
        };
        std::thread::Builder::new().name("events".to_owned()).spawn(listen).context("failed to start a thread")?;
        let ear = Ear { heard };
        ear.until("hello").map_err(|_| self.failed("greet"))?;
        Ok(ear)
    }

    /// Ends it as Ctrl-C does, and waits for that.
    pub(super) fn stop(mut self) -> anyhow::Result<()> {
        self.signal(Signal::INT)?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => self.keep(line),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => return Err(self.failed("end")),
            }
        }
        self.child.wait().context("failed to wait for the development server").map(drop)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // After an error: what it started ends with it. It may have ended before.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a page hears.
pub(super) struct Ear {
    heard: Receiver<(Instant, Value)>,
}

impl Ear {
    /// Waits for an event of this type; gives the moment at which it came.
    pub(super) fn until(&self, kind: &str) -> anyhow::Result<Instant> {
        loop {
            let (moment, heard) =
                self.heard.recv_timeout(PATIENCE).with_context(|| format!("failed to hear of `{kind}`"))?;
            if heard == kind {
                return Ok(moment);
            }
        }
    }

    /// Waits for the end of the stream, by which a page knows that another process serves.
    pub(super) fn until_end(&self) {
        let deadline = Instant::now() + PATIENCE;
        while self.heard.recv_timeout(deadline.saturating_duration_since(Instant::now())).is_ok() {}
    }
}

fn forward(pipe: Option<impl Read + Send + 'static>, send: Sender<String>) -> anyhow::Result<()> {
    let pipe = pipe.context("failed to read what the development server says")?;
    let read = move || BufReader::new(pipe).lines().map_while(Result::ok).try_for_each(|line| send.send(line));
    std::thread::Builder::new().name("lines".to_owned()).spawn(read).context("failed to start a thread").map(drop)
}
