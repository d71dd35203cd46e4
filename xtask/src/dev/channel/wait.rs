//! Sleeping until a listening socket has a connection, or until the other end of a pipe is closed, to stop it.

use std::io::{self, PipeReader, PipeWriter};
use std::net::TcpListener;

use anyhow::Context;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

/// How long it sleeps without a socket.
const PAUSE: Timespec = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };

/// Why the sleep is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Woken {
    /// There may be a connection.
    ToLook,
    /// It is to stop.
    ToStop,
}

/// Dropped, it ends the sleep.
#[derive(Debug)]
pub(super) struct Stop(#[expect(dead_code, reason = "only its end matters")] PipeWriter);

/// Who sleeps.
#[derive(Debug)]
pub(super) struct Waiter(PipeReader);

/// Both ends.
///
/// # Errors
/// When there is no descriptor to be had.
pub(super) fn pair() -> anyhow::Result<(Stop, Waiter)> {
    let (read, write) = io::pipe().context("failed to make a pipe")?;
    Ok((Stop(write), Waiter(read)))
}

impl Waiter {
    /// Sleeps until the socket has a connection; without a socket, for a moment.
    pub(super) fn wait(&self, listener: Option<&TcpListener>) -> Woken {
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

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpStream};

    use super::*;

    #[test]
    fn a_connection_and_the_end_wake_it() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let _connection = TcpStream::connect(listener.local_addr().expect("an address")).expect("a connection");
        let (stop, waiter) = pair().expect("a pipe");
        assert_eq!(waiter.wait(Some(&listener)), Woken::ToLook);
        assert_eq!(waiter.wait(None), Woken::ToLook, "it does not sleep for ever without a socket");
        drop(stop);
        assert_eq!(waiter.wait(Some(&listener)), Woken::ToStop);
    }
}
