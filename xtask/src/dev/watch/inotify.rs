//! Word of changes on Linux. Directories are watched one by one, each before it is listed and anew at every look, so that
//! one that was deleted and made again, moved, or made while others were listed is never missed.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::io::{PipeReader, PipeWriter};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};
use rustix::io::Errno;

use super::{Mode, Problem, Woken};
use crate::dev::snapshot::Names;

/// Ends the waiting when it is dropped.
#[derive(Debug)]
pub(super) struct Stop {
    _pipe: PipeWriter,
}

/// Waits for changes.
#[derive(Debug)]
pub(super) struct Waiter {
    stop: PipeReader,
    events: Option<OwnedFd>,
    watched: HashMap<i32, Watched>,
    round: u64,
    failure: Option<Errno>,
}

#[derive(Debug)]
struct Watched {
    names: Names,
    round: u64,
}

impl Waiter {
    /// Waits for nothing yet.
    pub(super) fn new(mode: Mode) -> anyhow::Result<(Self, Stop)> {
        let (stop, pipe) = std::io::pipe().context("failed to make a pipe")?;
        let (events, failure) = match mode {
            Mode::Poll => (None, None),
            Mode::Events => match inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK) {
                Ok(events) => (Some(events), None),
                Err(errno) => (None, Some(errno)),
            },
        };
        Ok((Self { stop, events, watched: HashMap::new(), round: 0, failure }, Stop { _pipe: pipe }))
    }

    /// Watches a directory from now on. Those that are not named again before [`Self::looked`] are given up then.
    pub(super) fn watch(&mut self, directory: &Path, names: Names) {
        let Some(events) = &self.events else { return };
        let flags = WatchFlags::ATTRIB
            | WatchFlags::CLOSE_WRITE
            | WatchFlags::CREATE
            | WatchFlags::DELETE
            | WatchFlags::DELETE_SELF
            | WatchFlags::EXCL_UNLINK
            | WatchFlags::MODIFY
            | WatchFlags::MOVE
            | WatchFlags::MOVE_SELF
            | WatchFlags::ONLYDIR;
        let round = self.round;
        match inotify::add_watch(events, directory, flags) {
            Ok(id) => {
                let watched = self.watched.entry(id).or_insert_with(|| Watched { names: names.clone(), round });
                watched.names = match (&mut watched.names, names) {
                    (Names::Only(known), Names::Only(more)) if watched.round == round => {
                        known.extend(more);
                        return;
                    }
                    (Names::All, _) if watched.round == round => Names::All,
                    (_, names) => names,
                };
                watched.round = round;
            }
            // Gone again, or unreadable, or no directory any more: then there is nothing to list either.
            Err(Errno::NOENT | Errno::NOTDIR | Errno::ACCESS | Errno::LOOP | Errno::NAMETOOLONG) => {}
            Err(errno) => self.failure = Some(errno),
        }
    }

    /// Says that all directories were named. Gives what went wrong if the system can give no more word.
    pub(super) fn looked(&mut self) -> Option<Problem> {
        let round = self.round;
        self.round += 1;
        if let Some(events) = &self.events {
            self.watched.retain(|id, watched| {
                let keep = watched.round == round;
                // It fails for a directory that is gone; then there is nothing to give up.
                let _ = keep || inotify::remove_watch(events, *id).is_ok();
                keep
            });
        }
        let failure = self.failure.take()?;
        self.events = None;
        self.watched.clear();
        Some(explained(failure))
    }

    /// Waits until something happened where it is of interest, or for so long.
    pub(super) fn wait(&mut self, patience: Option<Duration>) -> Woken {
        let until = patience.map(|patience| Instant::now() + patience);
        loop {
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            let timeout = left.and_then(|left| Timespec::try_from(left).ok());
            let mut descriptors = vec![PollFd::new(&self.stop, PollFlags::IN)];
            descriptors.extend(self.events.iter().map(|events| PollFd::new(events, PollFlags::IN)));
            let ready = rustix::io::retry_on_intr(|| poll(&mut descriptors, timeout.as_ref()));
            if let Err(errno) = ready {
                self.failure = Some(errno);
                return if self.events.is_some() { Woken::Stirred } else { Woken::Stopped };
            }
            if !descriptors[0].revents().is_empty() {
                return Woken::Stopped;
            }
            if ready == Ok(0) {
                return Woken::Quiet;
            }
            if self.is_of_interest() {
                return Woken::Stirred;
            }
        }
    }

    /// Reads what happened.
    fn is_of_interest(&mut self) -> bool {
        let Some(events) = &self.events else { return false };
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut reader = Reader::new(events, &mut buffer);
        let mut is_of_interest = false;
        // Ends with "would block"; another error shows at the next wait.
        while let Ok(event) = reader.next() {
            if event.events().contains(ReadFlags::IGNORED) {
                self.watched.remove(&event.wd());
                continue;
            }
            let name = event.file_name().map(|name| OsStr::from_bytes(name.to_bytes()));
            is_of_interest |= event.events().contains(ReadFlags::QUEUE_OVERFLOW)
                || match (self.watched.get(&event.wd()), name) {
                    (Some(Watched { names: Names::Only(names), .. }), Some(name)) => names.contains(name),
                    (watched, _) => watched.is_some(),
                };
        }
        is_of_interest
    }
}

fn explained(errno: Errno) -> Problem {
    let limit = match errno {
        Errno::NOSPC => "fs.inotify.max_user_watches",
        Errno::MFILE => "fs.inotify.max_user_instances",
        _ => return Problem { reason: format!("the system gives no word of changed files ({errno})"), hint: None },
    };
    Problem {
        reason: format!("the limit `{limit}` is reached"),
        hint: Some(format!("raise it, for example with `sudo sysctl {limit}=524288`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    fn waiter(directory: &Path, names: Names) -> (Waiter, Stop) {
        let (mut waiter, stop) = Waiter::new(Mode::Events).expect("a waiter");
        waiter.watch(directory, names);
        assert!(waiter.looked().is_none());
        (waiter, stop)
    }

    #[test]
    fn only_names_of_interest_wake() {
        let directory = tempfile::tempdir().expect("a directory");
        let (mut waiter, stop) = waiter(directory.path(), Names::Only(["a".into()].into()));
        std::fs::write(directory.path().join("b"), "").expect("a file");
        assert_eq!(waiter.wait(Some(Duration::ZERO)), Woken::Quiet);
        std::fs::write(directory.path().join("a"), "").expect("a file");
        assert_eq!(waiter.wait(Some(PATIENCE)), Woken::Stirred);
        // Named twice in one round: both names count. Not named in the next: nothing does.
        waiter.watch(directory.path(), Names::Only(["b".into()].into()));
        waiter.watch(directory.path(), Names::Only(["c".into()].into()));
        waiter.looked();
        for (name, woken) in [("a", Woken::Quiet), ("b", Woken::Stirred), ("c", Woken::Stirred)] {
            std::fs::write(directory.path().join(name), "").expect("a file");
            assert_eq!(waiter.wait(Some(Duration::ZERO)), woken, "{name}");
        }
        waiter.looked();
        std::fs::write(directory.path().join("b"), "").expect("a file");
        assert_eq!(waiter.wait(Some(Duration::ZERO)), Woken::Quiet);
        drop(stop);
        assert_eq!(waiter.wait(None), Woken::Stopped);
    }

    #[test]
    fn a_queue_that_ran_over_wakes() {
        let limit = std::fs::read_to_string("/proc/sys/fs/inotify/max_queued_events").expect("a limit");
        let limit: usize = limit.trim().parse().expect("a number");
        let directory = tempfile::tempdir().expect("a directory");
        let (mut waiter, _stop) = waiter(directory.path(), Names::Only(["a".into()].into()));
        let (one, other) = (directory.path().join("b"), directory.path().join("c"));
        std::fs::write(&one, "").expect("a file");
        for _ in 0..limit / 4 {
            std::fs::rename(&one, &other).and_then(|()| std::fs::rename(&other, &one)).expect("renamed");
        }
        assert_eq!(waiter.wait(Some(Duration::ZERO)), Woken::Stirred);
        assert_eq!(waiter.wait(Some(Duration::ZERO)), Woken::Quiet);
    }

    #[test]
    fn a_limit_is_named_with_its_remedy() {
        for (errno, limit) in
            [(Errno::NOSPC, "fs.inotify.max_user_watches"), (Errno::MFILE, "fs.inotify.max_user_instances")]
        {
            let problem = explained(errno);
            assert_eq!(problem.reason, format!("the limit `{limit}` is reached"));
            assert!(problem.hint.is_some_and(|hint| hint.contains(&format!("`sudo sysctl {limit}="))));
        }
    }
}
