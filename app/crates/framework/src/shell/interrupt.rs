//! Ctrl-C ends what runs, and not the process; a second one ends that too, for what cannot be ended.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;

use crate::management::{self, Holding};
use crate::process::Stop;
use crate::system;

/// Whether Ctrl-C was typed since the last piece of code began.
#[derive(Clone, Default)]
pub(super) struct Interrupt(Arc<State>);

#[derive(Default)]
struct State {
    runs: AtomicBool,
    asked: AtomicBool,
    came: Notify,
}

/// Signals come to an [`Interrupt`] until it is dropped.
pub(super) struct Watching {
    task: JoinHandle<()>,
    _holding: Holding,
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Interrupt {
    /// Begins to watch for signals.
    pub(super) fn watch(&self) -> anyhow::Result<Watching> {
        let holding = Holding::begin()?;
        let (sender, mut stops) = mpsc::unbounded_channel();
        system::send_stops(None, sender)?;
        let interrupt = self.clone();
        let task = tokio::spawn(async move {
            while let Some(stop) = stops.recv().await {
                if stop == Stop::Interrupt && !interrupt.ask() {
                    continue;
                }
                management::restore();
                system::end_by(stop);
            }
        });
        Ok(Watching { task, _holding: holding })
    }

    /// Notes a Ctrl-C. Says whether it is one too many: what runs did not heed the last.
    fn ask(&self) -> bool {
        let runs = self.0.runs.load(Ordering::SeqCst);
        let is_second = self.0.asked.swap(true, Ordering::SeqCst);
        self.0.came.notify_waiters();
        runs && is_second
    }

    /// Something begins to run.
    pub(super) fn begin(&self) {
        self.0.asked.store(false, Ordering::SeqCst);
        self.0.runs.store(true, Ordering::SeqCst);
    }

    /// Nothing runs any more.
    pub(super) fn end(&self) {
        self.0.runs.store(false, Ordering::SeqCst);
    }

    /// Whether what runs is to end.
    pub(super) fn is_asked(&self) -> bool {
        self.0.asked.load(Ordering::SeqCst)
    }

    /// Waits until what runs is to end.
    pub(super) async fn asked(&self) {
        loop {
            // Before the look, so that nothing is missed between the two.
            let came = self.0.came.notified();
            if self.is_asked() {
                return;
            }
            came.await;
        }
    }
}
