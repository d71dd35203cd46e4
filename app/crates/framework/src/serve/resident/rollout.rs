//! A new generation of serving processes: at the start, and at a restart. One process first; when it is ready, the others;
//! when all are, the old ones are told to drain and the master becomes the new version. If one fails, the old ones go on.

use std::path::PathBuf;
use std::time::Duration;

use rustix::process::Signal;
use tokio::time::Instant;

use super::control::Client;
use super::handover::PROTOCOL;
use super::master::Master;
use super::program::Source;
use super::workers::State;

/// How long a new generation may take when nobody says.
const PATIENCE: Duration = Duration::from_secs(60);

/// How many lines of a process that failed are repeated.
const LAST_WORDS: usize = 20;

/// A generation on its way.
pub(super) struct Rollout {
    pub(super) generation: u32,
    source: Source,
    /// None for the first one: whoever starts a server has a deadline of their own.
    pub(super) deadline: Option<Instant>,
    client: Option<Client>,
    /// The protocol that the first process of it speaks.
    protocol: Option<u32>,
    version: String,
}

impl Rollout {
    fn say(&self, text: &str) {
        tracing::info!(target: "serve", "{text}");
        if let Some(client) = &self.client {
            client.say(text);
        }
    }
}

impl Master<'_> {
    /// The first generation.
    pub(super) fn begin(&mut self) -> anyhow::Result<()> {
        self.roll_out(Source::Running, None, None)
    }

    /// Another one, if there is none on its way.
    pub(super) fn restart(&mut self, exe: Option<PathBuf>, timeout: Option<u64>, client: Option<Client>) {
        let refuse = |message: &str, hint: &str| match &client {
            Some(client) => client.error(message, Some(hint)),
            None => tracing::warn!(target: "serve", "not restarted: {message}"),
        };
        if self.stopping.is_some() {
            return refuse("the server is stopping", "start it again when it has stopped");
        }
        if self.rollout.is_some() {
            let message = if self.is_started { "a restart is under way" } else { "the server is starting" };
            return refuse(message, "wait until it has ended, and try again");
        }
        let path = exe.unwrap_or_else(|| self.program.path.clone());
        let source = if path.exists() { Source::File(path) } else { Source::Running };
        self.notifier.reloading();
        self.set_state("restarting");
        if source == Source::Running {
            let text = format!("`{}` is gone: restarting the program that runs", self.program.path.display());
            if let Some(client) = &client {
                client.say(&text);
            }
            tracing::warn!(target: "serve", "{text}");
        }
        let deadline = Instant::now() + timeout.map_or(PATIENCE, Duration::from_secs);
        // A failure to start was told to the client.
        if let Err(error) = self.roll_out(source, Some(deadline), client) {
            self.fail_rollout(&format!("{error:#}"), "");
        }
    }

    fn roll_out(&mut self, source: Source, deadline: Option<Instant>, client: Option<Client>) -> anyhow::Result<()> {
        let generation = self.generation + 1;
        let rollout = Rollout { generation, source, deadline, client, protocol: None, version: String::new() };
        if self.is_started {
            rollout.say(&format!("starting generation {generation}"));
        }
        let source = rollout.source.clone();
        self.rollout = Some(rollout);
        self.start_worker(&source, generation, 0)
    }

    /// One of its processes is ready.
    pub(super) fn advance(&mut self, hello: &str) {
        let Some(rollout) = &mut self.rollout else { return };
        if rollout.protocol.is_none() {
            let (version, protocol) = hello.rsplit_once(' ').unwrap_or_default();
            rollout.version = version.to_owned();
            rollout.protocol = protocol.parse().ok();
        }
        let (generation, source) = (rollout.generation, rollout.source.clone());
        let of = |state| self.workers.iter().filter(move |one| one.generation == generation && one.state == state);
        let (serving, starting) = (of(State::Serving).count(), of(State::Starting).count());
        for _ in serving + starting..self.target {
            if let Err(error) = self.start_worker(&source, generation, 0) {
                return self.fail_rollout(&format!("{error:#}"), "");
            }
        }
        if serving == self.target {
            self.complete();
        }
    }

    fn complete(&mut self) {
        let Some(rollout) = self.rollout.take() else { return };
        self.generation = rollout.generation;
        self.failures = 0;
        self.due.clear();
        self.source = rollout.source.clone();
        if !self.is_started {
            self.announce();
            return;
        }
        let kill_at = self.kill_at(None);
        for worker in self.workers.iter_mut().filter(|one| one.generation != rollout.generation && !one.is_draining()) {
            match worker.state {
                State::Starting => worker.signal(Signal::KILL),
                _ => worker.signal(Signal::TERM),
            }
            worker.state = State::Draining(kill_at);
        }
        rollout.say(&format!("generation {} serves; what is open is finished by the one before", rollout.generation));
        if let Source::File(path) = &rollout.source {
            self.program.path.clone_from(path);
        }
        if rollout.protocol == Some(PROTOCOL) {
            let error = self.become_next(&rollout.source, rollout.client.as_ref());
            rollout.say(&format!("the resident process stays at version {}: {error:#}", self.ctx.version()));
        } else {
            let version = &rollout.version;
            rollout.say(&format!("the resident process stays: version {version} cannot go on with what it holds; stop and start the server when it suits"));
        }
        self.set_state("serving");
        self.notifier.ready("serving");
        if let Some(client) = &rollout.client {
            client.done();
        }
    }

    /// The server is stopping instead. Its processes are told by whoever stops it.
    pub(super) fn abandon_rollout(&mut self) {
        let rollout = self.rollout.take();
        if let Some(client) = rollout.and_then(|rollout| rollout.client) {
            client.error("the server is stopping", None);
        }
    }

    /// The new generation does not work.
    pub(super) fn fail_rollout(&mut self, why: &str, last_words: &str) {
        let Some(rollout) = self.rollout.take() else { return };
        let kill_at = self.kill_at(None);
        for worker in self.workers.iter_mut().filter(|one| one.generation == rollout.generation && !one.is_draining()) {
            match worker.state {
                // It may have accepted connections.
                State::Serving => worker.signal(Signal::TERM),
                _ => worker.signal(Signal::KILL),
            }
            worker.state = State::Draining(kill_at);
        }
        let message = format!("the new serving process {why}");
        if !self.is_started {
            // What it said has been seen already.
            let error = if last_words.trim().is_empty() { format!("the serving process {why}") } else { String::new() };
            return self.give_up(error);
        }
        // The numbers of generations say how often there was a change.
        tracing::error!(target: "serve", "not restarted: {message}; generation {} goes on", self.generation);
        self.set_state("serving");
        self.notifier.ready("serving");
        if let Some(client) = &rollout.client {
            let lines: Vec<&str> = last_words.lines().collect();
            for line in &lines[lines.len().saturating_sub(LAST_WORDS)..] {
                client.say(line);
            }
            client.error(&format!("{message}; the one before goes on"), Some("mend what it says, and restart again"));
        }
    }
}
