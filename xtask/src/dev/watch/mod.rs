//! Watching: says which files have another content than before, shortly after they were saved. What the system tells is
//! only a reason to look; what has changed is found by comparing (see [`snapshot`](crate::dev::snapshot)).

use std::time::{Duration, Instant};

use anyhow::Context;

use crate::commands::Prepared;
use crate::dev::model::{Changes, Kind};
use crate::dev::snapshot::{Look, Tree};
use crate::project::Project;

#[cfg(any(test, not(target_os = "linux")))]
mod elsewhere;
#[cfg(target_os = "linux")]
mod inotify;

#[cfg(not(target_os = "linux"))]
use elsewhere::{Stop, Waiter};
#[cfg(target_os = "linux")]
use inotify::{Stop, Waiter};

/// A save is over when nothing happened for so long.
const QUIET: Duration = Duration::from_millis(20);

/// A file that is empty gets longer: most are, for a moment, while an editor writes them.
const EMPTY: Duration = Duration::from_millis(100);

/// Changes are told after this time even if more is going on.
const LIMIT: Duration = Duration::from_millis(500);

/// From one look to the next when the system says nothing.
const INTERVAL: Duration = Duration::from_millis(500);

/// How changes are noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The system says when something happened. Needs nothing while nothing happens.
    Events,
    /// All files are looked at twice a second: for directories where the system says nothing (shared folders).
    Poll,
}

/// Watches until it is dropped.
#[derive(Debug)]
pub struct Watcher {
    _stop: Stop,
}

/// Begins to watch. Every change after the return is sent; `send` is called with changes that are not empty. When sources
/// changed, `complete` may change more of them first, which is sent with them. `tell` is called with lines for people, at
/// most a few in a session.
///
/// # Errors
/// When the thread cannot be started.
pub fn start(
    project: &Project,
    mode: Mode,
    complete: impl Fn() -> Prepared + Send + 'static,
    send: impl Fn(Changes) + Send + 'static,
    tell: impl Fn(&str) + Send + 'static,
) -> anyhow::Result<Watcher> {
    let (mut waiter, stop) = Waiter::new(mode)?;
    let tree = Tree::new(project, &mut |folder, names| waiter.watch(folder, names));
    let watcher = Watcher { _stop: stop };
    let mut watch = Watch { waiter, mode, tree, tell };
    watch.looked();
    let run = move || watch.run(&complete, &send);
    std::thread::Builder::new().name("watch".to_owned()).spawn(run).context("failed to start a thread")?;
    Ok(watcher)
}

/// Why a wait is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Woken {
    /// Something happened.
    Stirred,
    /// Nothing did, for as long as was asked.
    Quiet,
    /// The watcher was dropped.
    Stopped,
}

/// Why the system gives no word.
#[derive(Debug)]
struct Problem {
    reason: String,
    hint: Option<String>,
}

/// What the thread has.
struct Watch<T> {
    waiter: Waiter,
    mode: Mode,
    tree: Tree,
    tell: T,
}

impl<T: Fn(&str)> Watch<T> {
    fn run(&mut self, complete: &dyn Fn() -> Prepared, send: &dyn Fn(Changes)) {
        loop {
            let patience = match self.mode {
                Mode::Events => None,
                Mode::Poll => Some(INTERVAL),
            };
            match self.wait(patience) {
                Woken::Stopped => return,
                Woken::Quiet => continue,
                Woken::Stirred => {}
            }
            if self.settle() == Woken::Stopped {
                return;
            }
            let mut changes = self.tree.changes();
            if changes.has(Kind::Source) && complete() == Prepared::Changed {
                self.look();
                changes.files.extend(self.tree.changes().files);
            }
            if !changes.files.is_empty() {
                send(changes);
            }
        }
    }

    /// Waits until nothing happens any more, and looks at the files then.
    fn settle(&mut self) -> Woken {
        let until = Instant::now() + LIMIT;
        let mut quiet = QUIET;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.wait(Some(quiet.min(left))) {
                Woken::Stopped => return Woken::Stopped,
                Woken::Stirred if !left.is_zero() => quiet = QUIET,
                Woken::Stirred | Woken::Quiet => {
                    self.look();
                    if quiet == EMPTY || left.is_zero() || !self.tree.is_emptied() {
                        return Woken::Quiet;
                    }
                    quiet = EMPTY;
                }
            }
        }
    }

    fn wait(&mut self, patience: Option<Duration>) -> Woken {
        let woken = self.waiter.wait(patience);
        if woken == Woken::Quiet && self.mode == Mode::Poll && self.look() == Look::Different {
            return Woken::Stirred;
        }
        woken
    }

    fn look(&mut self) -> Look {
        let waiter = &mut self.waiter;
        let look = self.tree.look(&mut |folder, names| waiter.watch(folder, names));
        self.looked();
        look
    }

    /// Looks for changes by itself from now on if the system cannot tell.
    fn looked(&mut self) {
        let Some(problem) = self.waiter.looked() else { return };
        self.mode = Mode::Poll;
        (self.tell)(&format!("warning: {}; files are looked at every 500 ms instead", problem.reason));
        if let Some(hint) = problem.hint {
            (self.tell)(&format!("hint: {hint}"));
        }
    }
}
