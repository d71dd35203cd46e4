//! The same without anything that only Unix has: a process has no group, inherits nothing, and gets no signals. Ctrl-C
//! ends xtask and what it started, as the system does by itself.

use std::ffi::OsString;
use std::fs::{File, Metadata};
use std::io::{self, PipeWriter};
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;

use super::{Request, To};
use crate::process::Ended;

/// How often it is looked whether a child has ended.
const PAUSE: Duration = Duration::from_millis(20);

/// The string that these bytes of a file or a name are.
pub fn os_string(bytes: Vec<u8>) -> OsString {
    String::from_utf8_lossy(&bytes).into_owned().into()
}

/// A signal's name: there are none.
pub fn signal_name(_: i32) -> Option<&'static str> {
    None
}

/// The width of the terminal: it is not asked.
pub fn columns() -> Option<u16> {
    None
}

/// How many bytes are free where the path is: the system is not asked.
///
/// # Errors
/// Always.
pub fn free_space(_: &Path) -> io::Result<u64> {
    Err(io::ErrorKind::Unsupported.into())
}

/// What tells one file from all others: it is not asked.
pub fn file_id(_: &Metadata) -> Option<(u64, u64)> {
    None
}

/// How many names a file has: it is not asked.
pub fn names(_: &Metadata) -> u64 {
    1
}

/// The process that holds a lock on this file: the system does not tell.
pub fn lock_holder(_: &File) -> Option<u32> {
    None
}

/// Gives the child a process group of its own: there are none.
pub fn own_group(_: &mut Command) {}

/// How a child ended that gave this status.
pub fn ended(status: ExitStatus) -> Ended {
    match status.code() {
        Some(130) => Ended::Interrupted,
        code => Ended::Exited(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)),
    }
}

/// Ends a program when xtask is gone, which only Linux can do.
pub fn end_with_parent(_: &mut Command) {}

/// Tells the child when xtask is gone: it cannot know.
///
/// # Errors
/// When there is no pipe to be had.
pub fn watch_us(_: &mut Command) -> anyhow::Result<PipeWriter> {
    Ok(io::pipe().context("failed to make a pipe")?.1)
}

/// Passes a request on: the child can only be ended.
///
/// # Errors
/// When the system refuses.
pub fn pass_on(child: &mut Child, to: To, _: Request) -> io::Result<()> {
    kill(child, to)
}

/// Ends the child at once. What it started lives on.
///
/// # Errors
/// When the system refuses.
pub fn kill(child: &mut Child, _: To) -> io::Result<()> {
    child.kill()
}

/// True when the child has ended.
///
/// # Errors
/// When the system cannot say.
pub fn has_ended(child: &mut Child) -> anyhow::Result<bool> {
    Ok(child.try_wait().context("failed to wait for the child")?.is_some())
}

/// True when the child got what asked xtask to end by itself: Ctrl-C reaches both.
pub fn from_keyboard() -> bool {
    true
}

/// The signals that reach xtask: none.
pub struct Signals;

impl Signals {
    /// Leaves Ctrl-C to the system.
    ///
    /// # Errors
    /// None; where there are signals, there are some.
    pub fn catch() -> anyhow::Result<Self> {
        Ok(Self)
    }

    /// The requests to end that arrived since the last call.
    pub fn requests(&mut self) -> Vec<Request> {
        Vec::new()
    }

    /// Waits for a moment, at most until the deadline.
    ///
    /// # Errors
    /// None; where there are signals, there are some.
    pub fn wait(&self, deadline: Option<Instant>) -> anyhow::Result<()> {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        thread::park_timeout(left.unwrap_or(PAUSE).min(PAUSE));
        Ok(())
    }
}
