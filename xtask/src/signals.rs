//! The signals that reach xtask while something runs.

use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::Instant;

use anyhow::Context;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::Signal;
use signal_hook::consts::{SIGCHLD, SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGWINCH};
use signal_hook::iterator::backend::SignalDelivery;
use signal_hook::iterator::exfiltrator::SignalOnly;

/// Catches SIGINT, SIGTERM and SIGHUP from its making on, and SIGCHLD or what a terminal sends. Handlers, not "ignore": a handler is not inherited,
/// so children start with the default. Made once per run, because a signal that arrives between two steps counts.
pub struct Signals {
    delivery: SignalDelivery<UnixStream, SignalOnly>,
}

impl Signals {
    /// Installs the handlers.
    ///
    /// # Errors
    /// When the system refuses the handlers.
    pub fn catch() -> anyhow::Result<Self> {
        Self::install(&[SIGINT, SIGTERM, SIGCHLD])
    }

    /// Catches what asks for an end, and all that somebody who has changed the modes of a terminal must know of.
    ///
    /// # Errors
    /// When the system refuses the handlers.
    pub fn catch_with_terminal() -> anyhow::Result<Self> {
        Self::install(&[SIGINT, SIGTERM, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH])
    }

    fn install(caught: &[i32]) -> anyhow::Result<Self> {
        // Under `nohup` a hang-up is ignored, and stays so.
        let hangup = (!hangup_is_ignored()).then_some(SIGHUP);
        let (read, write) = UnixStream::pair().context("failed to make a pipe for signals")?;
        let delivery = SignalDelivery::with_pipe(read, write, SignalOnly, caught.iter().copied().chain(hangup))
            .context("failed to install the signal handlers")?;
        Ok(Self { delivery })
    }

    /// The signals that arrived since the last call, except for those of children.
    pub fn requests(&mut self) -> Vec<Signal> {
        self.delivery.pending().filter(|&signal| signal != SIGCHLD).filter_map(Signal::from_named_raw).collect()
    }

    /// Waits for any signal (the end of a child is one), at most until the deadline.
    ///
    /// # Errors
    /// When the system cannot wait.
    pub fn wait(&self, deadline: Option<Instant>) -> anyhow::Result<()> {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let timeout = left.map(Timespec::try_from).transpose().context("failed to set a deadline")?;
        let mut fds = [PollFd::new(self.delivery.get_read(), PollFlags::IN)];
        match poll(&mut fds, timeout.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error).context("failed to wait for the child"),
        }
    }
}

impl AsFd for Signals {
    /// What is readable when a signal has arrived.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.delivery.get_read().as_fd()
    }
}

/// True when SIGHUP was set to "ignore" by whoever started xtask. Only Linux says so without `unsafe`; elsewhere the
/// answer is no.
fn hangup_is_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & (1 << (SIGHUP - 1)) != 0)
}
