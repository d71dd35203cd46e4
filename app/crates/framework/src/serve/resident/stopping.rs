//! The end: nothing more is accepted, what is open is finished, and who has not ended by the deadline is killed.

use std::time::Duration;

use rustix::process::Signal;
use tokio::time::Instant;

use super::control::Client;
use super::master::Master;
use super::workers::State;
use crate::process::Stop;

/// How much longer than its own deadline a serving process may take.
const SLACK: Duration = Duration::from_secs(2);

/// The end on its way.
pub(super) struct Stopping {
    /// Why.
    pub(super) stop: Option<Stop>,
    /// A start that failed, and what is to be said of it; nothing when all has been said.
    pub(super) failure: Option<String>,
    pub(super) deadline: Instant,
    clients: Vec<Client>,
}

impl Stopping {
    fn say(&self, text: &str) {
        tracing::info!(target: "serve", "{text}");
        for client in &self.clients {
            client.say(text);
        }
    }

    /// The server has stopped.
    pub(super) fn done(&self) {
        self.clients.iter().for_each(Client::done);
    }
}

impl Master<'_> {
    /// A signal, or the end of the parent. The second one is for those who cannot wait.
    pub(super) fn stop(&mut self, stop: Stop) {
        if self.stopping.is_some() {
            tracing::warn!(target: "serve", "told to stop again: ending at once");
            return self.kill_all();
        }
        self.begin_to_stop(Some(stop), None, Vec::new(), None);
    }

    /// Somebody asks for the end over the control socket.
    pub(super) fn stop_for(&mut self, client: Client, timeout: Option<u64>) {
        let timeout = timeout.map(Duration::from_secs);
        match &mut self.stopping {
            Some(stopping) => {
                client.say("the server is stopping already");
                stopping.clients.push(client);
                if let Some(timeout) = timeout {
                    stopping.deadline = stopping.deadline.min(Instant::now() + timeout);
                }
            }
            None => self.begin_to_stop(None, None, vec![client], timeout),
        }
    }

    /// The start failed.
    pub(super) fn give_up(&mut self, error: String) {
        self.begin_to_stop(None, Some(error), Vec::new(), Some(Duration::ZERO));
    }

    fn begin_to_stop(
        &mut self,
        stop: Option<Stop>,
        failure: Option<String>,
        clients: Vec<Client>,
        timeout: Option<Duration>,
    ) {
        let deadline = self.kill_at(timeout);
        let stopping = Stopping { stop, failure, deadline, clients };
        if stopping.failure.is_none() {
            self.notifier.stopping();
            let serving = self.workers.iter().filter(|worker| worker.state != State::Starting).count();
            let drain = self.ctx.settings().server.drain_seconds;
            let processes = if serving == 1 { "process finishes" } else { "processes finish" };
            let seconds = timeout.map_or(drain, |timeout| timeout.as_secs().min(drain));
            stopping.say(&format!("stopping: {serving} {processes} what is open, for at most {seconds} s"));
        }
        self.set_state("stopping");
        self.stopping = Some(stopping);
        if self.rollout.is_some() {
            self.abandon_rollout();
        }
        self.due.clear();
        // What connects from now on is refused once the last process has closed its copy too.
        self.sockets.close();
        for worker in &mut self.workers {
            match worker.state {
                // Nobody follows it, so it takes what waits as well.
                State::Serving => worker.signal(Signal::INT),
                State::Starting => worker.signal(Signal::KILL),
                // A second signal would cut off what it has open.
                State::Draining(_) => continue,
            }
            worker.state = State::Draining(deadline);
        }
    }

    /// When a process that is told to drain now is killed.
    pub(super) fn kill_at(&self, timeout: Option<Duration>) -> Instant {
        let drain = Duration::from_secs(self.ctx.settings().server.drain_seconds);
        Instant::now() + timeout.unwrap_or(drain + SLACK)
    }

    /// Kills those that have not ended in time.
    pub(super) fn kill_late(&mut self, now: Instant) {
        if self.stopping.as_ref().is_some_and(|stopping| stopping.deadline <= now) {
            return self.kill_all();
        }
        for worker in self.workers.iter().filter(|one| matches!(one.state, State::Draining(at) if at <= now)) {
            tracing::warn!(target: "serve", "killing process {}: it did not end in time", worker.pid.as_raw_nonzero());
            worker.signal(Signal::KILL);
        }
        for worker in &mut self.workers {
            if matches!(worker.state, State::Draining(at) if at <= now) {
                worker.state = State::Draining(now + SLACK);
            }
        }
    }

    fn kill_all(&mut self) {
        for worker in &self.workers {
            worker.signal(Signal::KILL);
        }
        let killed = self.workers.len();
        if let Some(stopping) = &mut self.stopping {
            stopping.deadline = Instant::now() + SLACK;
            if killed > 0 && stopping.failure.is_none() {
                let processes = if killed == 1 { "process that did" } else { "processes that did" };
                stopping.say(&format!("killed {killed} {processes} not end in time"));
            }
        }
    }
}
