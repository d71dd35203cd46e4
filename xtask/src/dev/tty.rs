//! What only Unix can do with a terminal: its width, whose it is at the moment, and keys that arrive without Enter.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;

use anyhow::Context as _;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios};
use rustix::termios::{tcgetattr, tcgetpgrp, tcgetwinsize, tcsetattr};

/// One of the standard streams, to be written to or read from without anybody's buffer or lock.
///
/// # Errors
/// When it is closed.
pub fn own(stream: impl AsFd) -> anyhow::Result<File> {
    Ok(File::from(stream.as_fd().try_clone_to_owned().context("failed to take over a standard stream")?))
}

/// How many columns a terminal has; none when it does not say.
pub fn columns(terminal: impl AsFd) -> Option<usize> {
    tcgetwinsize(terminal).ok().map(|size| usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

/// Whether another process group has the terminal: then reading from it, or changing its modes, would stop us. A
/// terminal that does not control us stops nobody.
pub fn in_background(terminal: impl AsFd) -> bool {
    tcgetpgrp(terminal).is_ok_and(|group| group != rustix::process::getpgrp())
}

/// Whether a shell is there that would let us go on after a stop. Nobody does in the first group of a session.
pub fn has_job_control() -> bool {
    rustix::process::getsid(None).is_ok_and(|session| session != rustix::process::getpgrp())
}

/// Waits until a stream that does not block takes more.
pub fn wait_for_room(stream: impl AsFd) {
    // When waiting fails, writing will fail too, and say so.
    let _ = poll(&mut [PollFd::new(&stream, PollFlags::OUT)], None);
}

/// A terminal that gives every key at once and shows none, until this is dropped. Ctrl-C and Ctrl-Z stay signals.
#[derive(Debug)]
pub struct Cbreak {
    terminal: File,
    before: Termios,
}

impl Cbreak {
    /// Changes the modes.
    ///
    /// # Errors
    /// When it is no terminal, or it is gone.
    pub fn set(terminal: &File) -> io::Result<Self> {
        let terminal = terminal.try_clone()?;
        let before = tcgetattr(&terminal)?;
        let mut modes = before.clone();
        modes.local_modes -= LocalModes::ICANON | LocalModes::ECHO;
        // Reading never waits: who polled may find that somebody else has read it.
        modes.special_codes[SpecialCodeIndex::VMIN] = 0;
        modes.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(&terminal, OptionalActions::Now, &modes)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Cbreak {
    fn drop(&mut self) {
        // In the background it is another's, who has set it as needed. One that is gone has no modes.
        if !in_background(&self.terminal) {
            let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
        }
    }
}
