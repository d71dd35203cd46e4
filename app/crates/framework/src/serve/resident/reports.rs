//! What the master says of itself: that it is ready, what is going on.

use super::control::Shown;
use super::master::Master;
use super::sockets;
use super::workers::{State, Worker};
use crate::http::write_port_file;

impl Master<'_> {
    /// The server answers for the first time.
    pub(super) fn announce(&mut self) {
        self.is_started = true;
        self.set_state("serving");
        for address in &self.sockets.addresses {
            self.console.stderr.write(format!("ready: {}", sockets::url(address)));
        }
        let written = match (&self.options.port_file, self.sockets.tcp()) {
            (Some(file), Some(address)) => write_port_file(&self.ctx.env().current_dir.join(file), address),
            _ => Ok(()),
        };
        let url = self.sockets.addresses.first().map(sockets::url).unwrap_or_default();
        // Whoever wanted to know may be gone by now.
        let reported = self.ready.take().map_or(Ok(()), |mut ready| ready.report(&url));
        for error in [written, reported].into_iter().filter_map(Result::err) {
            tracing::warn!(target: "serve", "{error:#}");
        }
        self.notifier.ready("serving");
    }

    /// Says in the lock's file what is going on.
    pub(super) fn set_state(&mut self, state: &str) {
        self.holder.state = state.to_owned();
        if let Err(error) = self.lock.write(&self.holder) {
            tracing::warn!(target: "serve", "failed to write `server.lock`: {error}");
        }
    }

    pub(super) fn now(&self) -> String {
        self.ctx.now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
    }

    pub(super) fn status(&self) -> serde_json::Value {
        let waiting = self.due.iter().map(|due| Shown {
            pid: None,
            generation: self.generation,
            state: "waiting",
            since: self.now(),
            restarts: due.restarts,
        });
        let workers: Vec<_> = self.workers.iter().map(Worker::shown).chain(waiting).collect();
        let serves = self.workers.iter().any(|worker| worker.state == State::Serving);
        // Without a process that serves, nobody answers.
        let state = if self.holder.state == "serving" && !serves { "failing" } else { self.holder.state.as_str() };
        serde_json::json!({
            "state": state,
            "pid": self.holder.pid,
            "since": self.holder.since,
            "version": self.holder.version,
            "exe": self.holder.exe,
            "addresses": self.holder.addresses,
            "generation": self.generation,
            "crashes": self.crashes,
            "drain_seconds": self.ctx.settings().server.drain_seconds,
            "workers": workers,
        })
    }
}
