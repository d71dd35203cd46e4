//! Watching: says which files have another content than before, shortly after they were saved.

use crate::dev::model::{Changes, Kind};
use crate::project::Project;

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
pub struct Watcher {}

impl Watcher {
    /// A number for the content of all files of this kind, as they are at this moment: two that are equal mean that
    /// there is nothing new. Looks at every file's metadata, which takes some milliseconds.
    pub fn digest(&self, _kind: Kind) -> u64 {
        0
    }
}

/// Begins to watch. Every change after the return is sent; `send` is called with changes that are not empty. `tell` is
/// called with lines for people, at most a few in a session.
///
/// # Errors
/// When the thread cannot be started.
pub fn start(
    _project: &Project,
    _mode: Mode,
    _send: impl Fn(Changes) + Send + 'static,
    _tell: impl Fn(&str) + Send + 'static,
) -> anyhow::Result<Watcher> {
    Ok(Watcher {})
}
