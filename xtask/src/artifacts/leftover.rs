//! Something that may be removed, how big it is, and its removal.

use std::collections::{HashMap, HashSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use walkdir::{DirEntry, WalkDir};

use crate::system;

/// Files and directories that go together.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Leftover {
    /// What is said of it.
    pub(super) what: String,
    /// What goes, directories with all that is in them.
    pub(super) paths: Vec<PathBuf>,
}

impl Leftover {
    /// One file or directory, which is named.
    pub(super) fn named(path: PathBuf, root: &Path) -> Self {
        Self { what: path.strip_prefix(root).unwrap_or(&path).display().to_string(), paths: vec![path] }
    }
}

/// What a removal did.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// How many files and directories went.
    pub(super) count: usize,
    /// How many bytes.
    pub(super) bytes: u64,
    /// What could not be removed, and why.
    pub(super) failures: Vec<String>,
}

/// Removes things, or only says how big they are.
pub(super) struct Remover<'a> {
    /// What git has, which stays.
    pub(super) tracked: &'a HashSet<PathBuf>,
    /// Whether it is removed.
    pub(super) run: Run,
    /// Of files with several names, how many are left to be met.
    names: HashMap<(u64, u64), u64>,
}

/// Whether things are removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Run {
    Remove,
    Look,
}

impl<'a> Remover<'a> {
    pub(super) fn new(tracked: &'a HashSet<PathBuf>, run: Run) -> Self {
        Self { tracked, run, names: HashMap::new() }
    }

    /// Removes a leftover; what fails is noted, and the rest goes on. A directory that git has something of stays, with
    /// that.
    pub(super) fn remove(&mut self, leftover: &Leftover) -> Outcome {
        let mut outcome = Outcome::default();
        for path in &leftover.paths {
            // Contents first: a directory goes when it is empty.
            for entry in WalkDir::new(path).follow_root_links(false).contents_first(true).same_file_system(true) {
                match entry {
                    Ok(entry) => self.entry(&entry, &mut outcome),
                    Err(error) if error.io_error().is_some_and(|error| error.kind() == ErrorKind::NotFound) => {}
                    Err(error) => outcome.failures.push(format!("failed to read `{}`: {error}", path.display())),
                }
            }
        }
        outcome
    }

    fn entry(&mut self, entry: &DirEntry, outcome: &mut Outcome) {
        let path = entry.path();
        if self.tracked.contains(path) {
            return;
        }
        let bytes = self.size(entry);
        let removed = match (self.run, entry.file_type().is_dir()) {
            (Run::Look, _) => Ok(()),
            (Run::Remove, true) => match std::fs::remove_dir(path) {
                // What is in it was kept, or has been said to have failed.
                Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty => return,
                removed => removed,
            },
            (Run::Remove, false) => std::fs::remove_file(path),
        };
        match removed {
            Ok(()) => {
                outcome.count += 1;
                outcome.bytes += bytes;
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => outcome.failures.push(format!("failed to remove `{}`: {error}", path.display())),
        }
    }

    /// What becomes free. A file with several names is freed with the last of them.
    fn size(&mut self, entry: &DirEntry) -> u64 {
        let Ok(metadata) = entry.metadata() else { return 0 };
        if !metadata.is_file() {
            return 0;
        }
        let names = system::names(&metadata);
        let Some(file) = system::file_id(&metadata).filter(|_| names > 1) else { return metadata.len() };
        let left = match self.run {
            // What was removed before is no longer counted.
            Run::Remove => names - 1,
            Run::Look => {
                let left = self.names.entry(file).or_insert(names);
                *left = left.saturating_sub(1);
                *left
            }
        };
        if left == 0 { metadata.len() } else { 0 }
    }
}

/// When the newest of these was changed.
pub(super) fn changed(path: &Path) -> SystemTime {
    let entries = WalkDir::new(path).follow_root_links(false).same_file_system(true).into_iter().filter_map(Result::ok);
    let times = entries.filter_map(|entry| entry.metadata().ok()?.modified().ok());
    // What cannot be read is not old.
    times.max().unwrap_or_else(SystemTime::now)
}

/// A number of bytes for reading.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: &[(u32, &str)] = &[(30, "GiB"), (20, "MiB"), (10, "KiB")];
    for (shift, unit) in UNITS {
        if bytes >> shift > 0 {
            // Tenths, rounded down: never more than there is.
            let tenths = (u128::from(bytes) * 10) >> shift;
            return format!("{}.{} {unit}", tenths / 10, tenths % 10);
        }
    }
    format!("{bytes} B")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_one_decimal() {
        for (bytes, expected) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1024 * 1024 - 1, "1023.9 KiB"),
            (3 << 29, "1.5 GiB"),
            (u64::MAX, "17179869183.9 GiB"),
        ] {
            assert_eq!(size(bytes), expected);
        }
    }

    #[test]
    fn what_cannot_be_removed_is_said_and_the_rest_goes() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = |name: &str| folder.path().join(name);
        for name in ["a", "b"] {
            std::fs::write(path(name), "12345").expect("a file");
        }
        let leftover = Leftover { paths: vec![path("gone"), path("a/below-a-file"), path("b")], ..Leftover::default() };
        let outcome = Remover::new(&HashSet::new(), Run::Remove).remove(&leftover);
        assert_eq!((outcome.bytes, outcome.failures.len()), (5, 1));
        assert!(outcome.failures[0].starts_with("failed to read `"), "{:?}", outcome.failures);
        assert!(path("a").exists() && !path("b").exists());
    }

    #[cfg(unix)]
    #[test]
    fn a_file_with_two_names_is_freed_with_the_second_and_links_are_not_followed() {
        for run in [Run::Look, Run::Remove] {
            let folder = tempfile::tempdir().expect("a directory");
            let path = |name: &str| folder.path().join(name);
            std::fs::create_dir(path("kept")).expect("a directory");
            std::fs::write(path("kept/file"), "123").expect("a file");
            std::fs::write(path("a"), "12345").expect("a file");
            std::fs::hard_link(path("a"), path("b")).expect("a name");
            std::os::unix::fs::symlink(path("kept"), path("link")).expect("a link");
            let tracked = HashSet::new();
            let mut remover = Remover::new(&tracked, run);
            let mut bytes =
                |name: &str| remover.remove(&Leftover { paths: vec![path(name)], ..Leftover::default() }).bytes;
            assert_eq!([bytes("a"), bytes("b"), bytes("link")], [0, 5, 0], "{run:?}");
            assert_eq!(path("link").symlink_metadata().is_ok(), run == Run::Look);
            assert!(path("kept/file").exists());
        }
    }
}
