//! Processes that ended, and those that take their places.

use std::time::Duration;

use tokio::time::Instant;

use super::master::Master;
use super::program::{Ended, try_wait};
use super::workers::State;
use crate::http::metrics::Snapshot;

/// A process that served for so long before it crashed is replaced at once.
const STEADY: Duration = Duration::from_secs(10);

/// How long the replacement of one that crashed soon waits at first, and at most.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(10));

/// A process that is to be started.
pub(super) struct Due {
    pub(super) at: Instant,
    pub(super) restarts: u32,
}

impl Master<'_> {
    /// Looks who has ended.
    pub(super) async fn reap(&mut self) {
        let ended: Vec<(u64, Ended)> =
            self.workers.iter().filter_map(|one| try_wait(one.pid).map(|ended| (one.id, ended))).collect();
        for (id, ended) in ended {
            let Some(index) = self.workers.iter().position(|one| one.id == id) else { continue };
            let mut worker = self.workers.swap_remove(index);
            let last_words = worker.last_words().await;
            let counted = worker.figures.latest.borrow().clone();
            // What was under way is no more.
            self.ended.add(&Snapshot { in_flight: 0, connections: 0, ..counted });
            let pid = worker.pid.as_raw_nonzero();
            let of_rollout = self.rollout.as_ref().is_some_and(|rollout| rollout.generation == worker.generation);
            if self.stopping.is_some() || worker.is_draining() {
                tracing::info!(target: "serve", "process {pid} {ended}");
            } else if of_rollout {
                self.fail_rollout(&ended.to_string(), &last_words);
            } else {
                tracing::error!(target: "serve", "process {pid} {ended}: replacing it");
                self.crashes += 1;
                let served = if worker.state == State::Serving { worker.started.elapsed() } else { Duration::ZERO };
                self.replace(worker.restarts + 1, served);
            }
        }
    }

    /// Has another process started in the place of one that served for so long.
    pub(super) fn replace(&mut self, restarts: u32, served: Duration) {
        self.failures = if served >= STEADY { 0 } else { self.failures + 1 };
        let (first, most) = BACK_OFF;
        // The first one is replaced at once.
        let wait = match self.failures {
            0 | 1 => Duration::ZERO,
            failures => first.saturating_mul(1 << (failures - 2).min(16)).min(most),
        };
        self.due.push(Due { at: Instant::now() + wait, restarts });
    }
}
