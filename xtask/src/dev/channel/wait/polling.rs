//! Waiting with `poll`, on the socket and on a pipe whose other end is closed to stop it.

use std::net::TcpListener;
use std::os::fd::OwnedFd;

use anyhow::Context;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};

use super::Woken;

/// How long it sleeps without a socket.
const PAUSE: Timespec = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };

/// Dropped, it ends the sleep.
#[derive(Debug)]
pub(in crate::dev::channel) struct Stop(#[expect(dead_code, reason = "only its end matters")] OwnedFd);

/// Who sleeps.
#[derive(Debug)]
pub(in crate::dev::channel) struct Waiter(OwnedFd);

/// Both ends.
///
/// # Errors
/// When there is no descriptor to be had.
pub(in crate::dev::channel) fn pair() -> anyhow::Result<(Stop, Waiter)> {
    let (read, write) = pipe_with(PipeFlags::CLOEXEC).context("failed to make a pipe")?;
    Ok((Stop(write), Waiter(read)))
}

impl Waiter {
    /// Sleeps until the socket has a connection; without a socket, for a moment.
    pub(in crate::dev::channel) fn wait(&self, listener: Option<&TcpListener>) -> Woken {
        let timeout = if listener.is_some() { None } else { Some(&PAUSE) };
        let mut asked: Vec<PollFd<'_>> = vec![PollFd::new(&self.0, PollFlags::IN)];
        asked.extend(listener.map(|listener| PollFd::new(listener, PollFlags::IN)));
        match poll(&mut asked, timeout) {
            Ok(_) if asked[0].revents().is_empty() => Woken::ToLook,
            Err(Errno::INTR) => Woken::ToLook,
            _ => Woken::ToStop,
        }
    }
}
