//! Word of changes where there is no inotify, from what `notify` makes of the system's own means.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use notify::event::EventKind;
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};

use super::{Mode, Problem, Woken};
use crate::dev::snapshot::Names;

/// Ends the waiting when it is dropped.
#[derive(Debug)]
pub(super) struct Stop {
    send: Sender<Message>,
}

impl Drop for Stop {
    fn drop(&mut self) {
        // If nobody listens, it has ended already.
        let _ = self.send.send(Message::Stop);
    }
}

/// Waits for changes.
#[derive(Debug)]
pub(super) struct Waiter {
    receive: Receiver<Message>,
    watcher: Option<RecommendedWatcher>,
    /// Watched with all that is below.
    whole: BTreeSet<PathBuf>,
    /// Watched without.
    single: BTreeSet<PathBuf>,
    failure: Option<notify::Error>,
}

#[derive(Debug)]
enum Message {
    Event(notify::Result<notify::Event>),
    Stop,
}

impl Waiter {
    /// Waits for nothing yet.
    pub(super) fn new(mode: Mode) -> anyhow::Result<(Self, Stop)> {
        let (send, receive) = channel();
        let stop = Stop { send: send.clone() };
        let (mut watcher, mut failure) = (None, None);
        if mode == Mode::Events {
            // If nobody listens, nobody wants to know.
            match notify::recommended_watcher(move |event| drop(send.send(Message::Event(event)))) {
                Ok(started) => watcher = Some(started),
                Err(error) => failure = Some(error),
            }
        }
        Ok((Self { receive, watcher, whole: BTreeSet::new(), single: BTreeSet::new(), failure }, stop))
    }

    /// Watches a directory from now on.
    pub(super) fn watch(&mut self, directory: &Path, names: Names) {
        let Some(watcher) = &mut self.watcher else { return };
        // One that is within another comes with it. To add one is expensive on some systems.
        if self.single.contains(directory) || directory.ancestors().any(|above| self.whole.contains(above)) {
            return;
        }
        let (recursive, known) = match names {
            Names::All => (RecursiveMode::Recursive, &mut self.whole),
            Names::Only(_) => (RecursiveMode::NonRecursive, &mut self.single),
        };
        match watcher.watch(directory, recursive) {
            Ok(()) => drop(known.insert(directory.to_owned())),
            Err(_) if !directory.is_dir() => {}
            Err(error) => self.failure = Some(error),
        }
    }

    /// Says that all directories were named. Gives what went wrong if the system can give no more word.
    pub(super) fn looked(&mut self) -> Option<Problem> {
        let failure = self.failure.take()?;
        self.watcher = None;
        Some(Problem { reason: format!("the system gives no word of changed files ({failure})"), hint: None })
    }

    /// Waits until something happened, or for so long.
    pub(super) fn wait(&mut self, patience: Option<Duration>) -> Woken {
        let until = patience.map(|patience| Instant::now() + patience);
        loop {
            let message = match until {
                Some(until) => self.receive.recv_timeout(until.saturating_duration_since(Instant::now())),
                None => self.receive.recv().map_err(RecvTimeoutError::from),
            };
            match message {
                Err(RecvTimeoutError::Timeout) => return Woken::Quiet,
                Err(RecvTimeoutError::Disconnected) | Ok(Message::Stop) => return Woken::Stopped,
                Ok(Message::Event(Ok(event))) if matches!(event.kind, EventKind::Access(_)) => {}
                Ok(Message::Event(Ok(_))) => return Woken::Stirred,
                Ok(Message::Event(Err(error))) => {
                    self.failure = Some(error);
                    return Woken::Stirred;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    #[test]
    fn a_save_below_wakes_and_the_end_does() {
        let directory = tempfile::tempdir().expect("a directory");
        let inner = directory.path().join("app/src");
        std::fs::create_dir_all(&inner).expect("a directory");
        let (mut waiter, stop) = Waiter::new(Mode::Events).expect("a waiter");
        waiter.watch(directory.path(), Names::Only(BTreeSet::new()));
        waiter.watch(&directory.path().join("app"), Names::All);
        waiter.watch(&inner, Names::All);
        waiter.watch(&directory.path().join("nowhere"), Names::All);
        assert!(waiter.looked().is_none());
        assert_eq!(waiter.wait(Some(Duration::ZERO)), Woken::Quiet);
        std::fs::write(inner.join("a.rs"), "").expect("a file");
        assert_eq!(waiter.wait(Some(PATIENCE)), Woken::Stirred);
        drop(stop);
        let last = std::iter::repeat_with(|| waiter.wait(Some(PATIENCE))).find(|woken| *woken != Woken::Stirred);
        assert_eq!(last, Some(Woken::Stopped));
    }

    #[test]
    fn without_events_there_is_only_the_end() {
        let (mut waiter, stop) = Waiter::new(Mode::Poll).expect("a waiter");
        assert_eq!(waiter.wait(Some(Duration::ZERO)), Woken::Quiet);
        drop(stop);
        assert_eq!(waiter.wait(Some(PATIENCE)), Woken::Stopped);
    }
}
