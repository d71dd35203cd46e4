//! The master: one loop that hears of everything (signals, processes, clients of the control socket, time) and decides.

use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use rustix::process::{Resource, Rlimit, Signal, getrlimit, setrlimit};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, sleep_until};

use super::control::{self, Client, Control, Request};
use super::crashes::Due;
use super::lock::{Holder, Lock};
use super::metrics::{self, Scrape};
use super::notify::Notifier;
use super::program::{Program, Source};
use super::rollout::Rollout;
use super::sockets::{self, Sockets};
use super::stopping::Stopping;
use super::workers::{Start, State, Worker};
use super::{Role, handover, run_directory};
use crate::context::Context;
use crate::http::Ready;
use crate::http::metrics::Snapshot;
use crate::management::{CommandError, Console, Interrupted, Output};
use crate::process::Stop;
use crate::system;

/// How long a process may go on that will never be ready.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// What the master hears.
pub(super) enum Event {
    Stop(Stop),
    HangUp,
    /// A process has ended, at least one.
    ChildEnded,
    /// One says that it serves.
    Ready(u64, String),
    /// One will never say so: it is about to end.
    NotReady(u64),
    /// It had time for that.
    Overdue(u64),
    /// One said this before it was ready.
    Said(String),
    Asked(Request, Client),
    Scrape(oneshot::Sender<Scrape>),
}

/// The pipe by which serving processes see that the master lives.
pub(super) struct Alive {
    pub(super) read: Arc<OwnedFd>,
    pub(super) write: OwnedFd,
}

/// All that the master knows.
pub(super) struct Master<'a> {
    pub(super) ctx: &'a Context,
    pub(super) console: &'a mut Console,
    pub(super) program: Program,
    /// What a process that crashed is replaced from.
    pub(super) source: Source,
    pub(super) sockets: Sockets,
    pub(super) lock: Lock,
    pub(super) holder: Holder,
    pub(super) control: Control,
    pub(super) metrics: Option<TcpListener>,
    pub(super) alive: Alive,
    pub(super) parent: Option<OwnedFd>,
    pub(super) workers: Vec<Worker>,
    pub(super) target: usize,
    pub(super) generation: u32,
    pub(super) next_id: u64,
    pub(super) due: Vec<Due>,
    /// How many processes crashed soon, one after the other.
    pub(super) failures: u32,
    pub(super) crashes: u64,
    /// What processes that have ended counted.
    pub(super) ended: Snapshot,
    pub(super) rollout: Option<Rollout>,
    pub(super) stopping: Option<Stopping>,
    pub(super) is_started: bool,
    pub(super) ready: Option<Ready>,
    pub(super) notifier: Notifier,
    pub(super) next_ping: Option<Instant>,
    pub(super) options: &'a cli::Serve,
    pub(super) sender: UnboundedSender<Event>,
}

/// Runs the server until it is told to stop.
pub(super) async fn run(options: &cli::Serve, ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
    let (sender, events) = unbounded_channel();
    let parent = ctx.handover().parent()?.map(OwnedFd::from);
    let (sent, hang_up) = (sender.clone(), console.stdin.is_terminal());
    watch(parent.as_ref(), sent, hang_up)?;
    // Some may have come while this process became another version of itself.
    system::heed_signals().context("failed to take signals")?;
    raise_limits();
    let mut master = match handover::left(ctx)? {
        Some(state) => Master::adopted(options, ctx, console, parent, sender, state)?,
        None => Master::new(options, ctx, console, parent, sender).await?,
    };
    master.control.listen(master.sender.clone())?;
    if let Some(listener) = &master.metrics {
        metrics::serve(listener, master.sender.clone())?;
    }
    if !master.is_started
        && let Err(error) = master.begin()
    {
        master.give_up(format!("{error:#}"));
    }
    master.go_on(events).await
}

/// Begins to send what tells the master of signals.
fn watch(parent: Option<&OwnedFd>, sender: UnboundedSender<Event>, at_terminal: bool) -> anyhow::Result<()> {
    let failed = "failed to watch for signals";
    let (stops, mut stopped) = unbounded_channel();
    let parent = parent.map(OwnedFd::try_clone).transpose().context("failed to watch the parent")?;
    system::send_stops(parent.map(Into::into), stops)?;
    let mut children = signal(SignalKind::child()).context(failed)?;
    let mut hang_ups = signal(SignalKind::hangup()).context(failed)?;
    tokio::spawn(async move {
        loop {
            let event = tokio::select! {
                Some(stop) = stopped.recv() => Event::Stop(stop),
                _ = children.recv() => Event::ChildEnded,
                // A terminal that is closed takes what runs at it along; from anybody else it asks for a restart.
                _ = hang_ups.recv() => if at_terminal { Event::Stop(Stop::Terminate) } else { Event::HangUp },
            };
            if sender.send(event).is_err() {
                return;
            }
        }
    });
    Ok(())
}

/// As many descriptors as the system allows: each connection is one. The serving processes inherit it.
fn raise_limits() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    if limit.current != limit.maximum
        && let Err(error) = setrlimit(Resource::Nofile, raised)
    {
        tracing::debug!(target: "serve", "failed to raise the number of open files: {error}");
    }
}

impl<'a> Master<'a> {
    async fn new(
        options: &'a cli::Serve,
        ctx: &'a Context,
        console: &'a mut Console,
        parent: Option<OwnedFd>,
        sender: UnboundedSender<Event>,
    ) -> anyhow::Result<Self> {
        let ready = Ready::of(ctx.handover())?;
        let program = Program::of(ctx)?;
        let (lock, killed) = Lock::take(ctx).await?;
        if let Some(killed) = &killed {
            tracing::warn!(target: "serve", "the server before this one (pid {}) did not stop in order", killed.pid);
        }
        let sockets = Sockets::open(ctx, &options.bind, killed.is_some()).await?;
        let holder = Holder { addresses: sockets.texts(), ..Holder::this(ctx, &program.path) };
        let (read, write) = std::io::pipe().context("failed to make a pipe")?;
        let notifier = Notifier::of(ctx);
        let mut master = Self {
            control: Control::open(&run_directory(ctx))?,
            metrics: metrics::open(ctx)?,
            alive: Alive { read: Arc::new(read.into()), write: write.into() },
            target: options.workers.unwrap_or(ctx.settings().server.workers) as usize,
            next_ping: notifier.watchdog.map(|every| Instant::now() + every),
            source: Source::Running,
            workers: Vec::new(),
            generation: 0,
            next_id: 0,
            due: Vec::new(),
            failures: 0,
            crashes: 0,
            ended: Snapshot::default(),
            rollout: None,
            stopping: None,
            is_started: false,
            ready: Some(ready),
            ctx,
            console,
            program,
            sockets,
            lock,
            holder,
            parent,
            notifier,
            options,
            sender,
        };
        master.set_state("starting");
        Ok(master)
    }

    /// The loop.
    async fn go_on(mut self, mut events: UnboundedReceiver<Event>) -> anyhow::Result<Output> {
        // Of those who ended while this process became another, nobody tells.
        self.reap().await;
        loop {
            if self.stopping.is_some() && self.workers.is_empty() {
                // The last words of a process may be behind the news of its end.
                while let Ok(event) = events.try_recv() {
                    if let Event::Said(text) = event {
                        self.console.stderr.write_unended(text);
                    }
                }
                return self.end();
            }
            let wake = self.next_deadline();
            tokio::select! {
                // It holds a sender itself, so there is always another.
                Some(event) = events.recv() => self.handle(event).await,
                () = sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => self.tick(),
            }
        }
    }

    async fn handle(&mut self, event: Event) {
        match event {
            Event::Stop(stop) => self.stop(stop),
            Event::HangUp => self.restart(None, None, None),
            Event::ChildEnded => self.reap().await,
            Event::Ready(id, hello) => self.is_ready(id, &hello),
            Event::NotReady(id) => {
                let sender = self.sender.clone();
                tokio::spawn(async move {
                    sleep(LAST_WORDS).await;
                    let _ = sender.send(Event::Overdue(id));
                });
            }
            Event::Overdue(id) => {
                if let Some(worker) = self.workers.iter().find(|one| one.id == id && one.state == State::Starting) {
                    worker.signal(Signal::KILL);
                }
            }
            Event::Said(text) => self.console.stderr.write_unended(text),
            Event::Asked(Request::Status, client) => client.answer(&self.status()),
            Event::Asked(Request::Restart { timeout, exe }, client) => self.restart(exe, timeout, Some(client)),
            Event::Asked(Request::Stop { timeout }, client) => self.stop_for(client, timeout),
            Event::Scrape(reply) => {
                let going = self.workers.iter().filter(|one| one.state != State::Starting);
                let scrape = Scrape {
                    ended: self.ended.clone(),
                    going: going.map(|worker| worker.figures.clone()).collect(),
                    generation: self.generation,
                    crashes: self.crashes,
                };
                // Whoever asked may be gone.
                let _ = reply.send(scrape);
            }
        }
    }

    /// Does what it is time for.
    fn tick(&mut self) {
        let now = Instant::now();
        self.kill_late(now);
        if self.rollout.as_ref().and_then(|rollout| rollout.deadline).is_some_and(|deadline| deadline <= now) {
            self.fail_rollout("was not ready in time", "");
        }
        let (due, later) = std::mem::take(&mut self.due).into_iter().partition(|due| due.at <= now);
        self.due = later;
        for Due { restarts, .. } in due {
            let source = self.source.clone();
            if let Err(error) = self.start_worker(&source, self.generation, restarts) {
                tracing::error!(target: "serve", "{error:#}");
                self.replace(restarts, Duration::ZERO);
            }
        }
        if self.next_ping.is_some_and(|at| at <= now) {
            self.notifier.alive();
            self.next_ping = self.notifier.watchdog.map(|every| now + every);
        }
    }

    fn next_deadline(&self) -> Option<Instant> {
        let draining = self.workers.iter().filter_map(|worker| match worker.state {
            State::Draining(at) => Some(at),
            _ => None,
        });
        let rollout = self.rollout.as_ref().and_then(|rollout| rollout.deadline);
        let stopping = self.stopping.as_ref().map(|stopping| stopping.deadline);
        let due = self.due.iter().map(|due| due.at);
        draining.chain(rollout).chain(stopping).chain(due).chain(self.next_ping).min()
    }

    /// Starts a serving process.
    pub(super) fn start_worker(&mut self, source: &Source, generation: u32, restarts: u32) -> anyhow::Result<()> {
        let mut command = self.program.command(source, Role::Worker);
        self.sockets.hand_over(&mut command);
        let start = Start { id: self.next_id, generation, since: self.now(), restarts };
        self.next_id += 1;
        self.workers.push(Worker::start(command, &self.alive.read, &self.sender, start)?);
        Ok(())
    }

    fn is_ready(&mut self, id: u64, hello: &str) {
        let Some(worker) = self.workers.iter_mut().find(|one| one.id == id && one.state == State::Starting) else {
            return;
        };
        worker.state = State::Serving;
        tracing::info!(target: "serve", pid = worker.pid.as_raw_nonzero(), generation = worker.generation, "serving");
        if self.rollout.as_ref().is_some_and(|rollout| rollout.generation == worker.generation) {
            self.advance(hello);
        }
    }

    /// Cleans up, and says how it ended.
    fn end(&mut self) -> anyhow::Result<Output> {
        control::remove(&run_directory(self.ctx));
        sockets::remove(&self.sockets.files);
        if let Err(error) = self.lock.clear() {
            tracing::warn!(target: "serve", "failed to write `server.lock`: {error}");
        }
        let Some(stopping) = self.stopping.take() else { return Ok(Output::None) };
        stopping.done();
        match (stopping.failure, stopping.stop) {
            (Some(failure), _) if failure.is_empty() => Err(CommandError::silent().into()),
            (Some(failure), _) => Err(CommandError::new(failure).into()),
            (None, Some(Stop::Interrupt)) => Err(Interrupted.into()),
            (None, _) => Ok(Output::None),
        }
    }
}
