//! The log file: opened at the first line, rotated by size, shared by any number of processes.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::system;

pub(super) struct Rotating {
    path: PathBuf,
    max_bytes: u64,
    keep: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    file: Option<File>,
    failed: bool,
}

/// What became of a line.
pub(super) enum Written {
    Done,
    /// It is lost, and the person should know.
    FailedFirst(io::Error),
    /// It is lost, as others before it.
    FailedAgain,
}

impl Rotating {
    pub(super) fn new(path: PathBuf, max_bytes: u64, keep: usize) -> Self {
        Self { path, max_bytes, keep, state: Mutex::default() }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Appends a line.
    pub(super) fn write(&self, line: &str) -> Written {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let State { file, failed } = &mut *state;
        match self.try_write(file, line.as_bytes()) {
            Ok(()) => {
                *failed = false;
                Written::Done
            }
            Err(_) if *failed => Written::FailedAgain,
            Err(error) => {
                *failed = true;
                Written::FailedFirst(error)
            }
        }
    }

    fn try_write(&self, slot: &mut Option<File>, line: &[u8]) -> io::Result<()> {
        let mut file = match slot.take() {
            Some(file) if system::is_same(&file, &self.path) => file,
            // Another process has rotated it, or somebody took it away.
            _ => self.open()?,
        };
        let size = file.metadata()?.len();
        if size > 0 && size.saturating_add(line.len() as u64) > self.max_bytes {
            file = self.rotated(file)?;
        }
        // One write per line: the system appends it in one piece.
        let result = file.write_all(line);
        *slot = Some(file);
        result
    }

    fn open(&self) -> io::Result<File> {
        // `var` and `var/log`, but not a project that is gone. If they cannot be made, opening says why.
        for directory in self.path.ancestors().skip(1).take(2).collect::<Vec<_>>().into_iter().rev() {
            let _ = fs::create_dir(directory);
        }
        system::append(&self.path)
    }

    /// Moves the full file away and opens a new one. Processes that find it full at the same time take turns on its
    /// lock; whoever comes second sees that the path names another file.
    fn rotated(&self, full: File) -> io::Result<File> {
        if full.lock().is_ok() && system::is_same(&full, &self.path) {
            // Where files cannot be renamed, the full one simply grows.
            let _ = self.shift();
        }
        drop(full);
        self.open()
    }

    /// `app.log.1` becomes `app.log.2` and so on, `app.log` becomes `app.log.1`; what is older than `keep` goes.
    fn shift(&self) -> io::Result<()> {
        let mut oldest = self.keep;
        while self.numbered(oldest + 1).exists() {
            oldest += 1;
        }
        for number in (self.keep..=oldest).rev().filter(|number| self.numbered(*number).exists()) {
            fs::remove_file(self.numbered(number))?;
        }
        for number in (1..self.keep).rev().filter(|number| self.numbered(*number).exists()) {
            fs::rename(self.numbered(number), self.numbered(number + 1))?;
        }
        fs::rename(&self.path, self.numbered(1))
    }

    fn numbered(&self, number: usize) -> PathBuf {
        let mut path = self.path.clone().into_os_string();
        path.push(format!(".{number}"));
        path.into()
    }
}
