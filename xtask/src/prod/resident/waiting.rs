//! Waiting for a descriptor, a signal, or a moment, whatever comes first.

use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::system::{Request, Signals};

/// How often it is looked at what nobody tells.
const PAUSE: Duration = Duration::from_millis(20);

/// What came first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Woken {
    /// There is something to read, or the end.
    Readable,
    /// xtask is asked to end.
    Asked(Request),
    /// It is too late.
    Late,
}

/// Waits until there is something to read.
pub(super) fn until_readable(from: impl AsFd, signals: &mut Signals, deadline: Instant) -> anyhow::Result<Woken> {
    loop {
        if let Some(request) = signals.requests().first() {
            return Ok(Woken::Asked(*request));
        }
        if is_readable(&from) {
            return Ok(Woken::Readable);
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(Woken::Late);
        }
        let left = Timespec::try_from(left).context("failed to set a deadline")?;
        let mut fds = [PollFd::new(&from, PollFlags::IN), PollFd::from_borrowed_fd(signals.as_fd(), PollFlags::IN)];
        match poll(&mut fds, Some(&left)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error).context("failed to wait"),
        }
    }
}

/// Waits until it is so, looking again and again.
pub(super) fn until(
    signals: &mut Signals,
    deadline: Instant,
    mut is_so: impl FnMut() -> anyhow::Result<bool>,
) -> anyhow::Result<Woken> {
    loop {
        // Before a child that the same Ctrl-C ended.
        if let Some(request) = signals.requests().first() {
            return Ok(Woken::Asked(*request));
        }
        if is_so()? {
            return Ok(Woken::Readable);
        }
        let now = Instant::now();
        if now >= deadline {
            return Ok(Woken::Late);
        }
        signals.wait(Some(deadline.min(now + PAUSE)))?;
    }
}

/// Whether there is something to read now, or the end.
pub(super) fn is_readable(from: impl AsFd) -> bool {
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut [PollFd::new(&from, PollFlags::IN)], Some(&now)).is_ok_and(|ready| ready > 0)
}
