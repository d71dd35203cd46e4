//! Waiting without `poll`: a look at the socket every few milliseconds.

use std::net::TcpListener;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use super::Woken;

/// How long it sleeps.
const PAUSE: Duration = Duration::from_millis(20);

/// Dropped, it ends the sleep.
#[derive(Debug)]
pub(in crate::dev::channel) struct Stop(#[expect(dead_code, reason = "only its end matters")] Sender<()>);

/// Who sleeps.
#[derive(Debug)]
pub(in crate::dev::channel) struct Waiter(Receiver<()>);

/// Both ends.
///
/// # Errors
/// None; where there is `poll`, there are some.
pub(in crate::dev::channel) fn pair() -> anyhow::Result<(Stop, Waiter)> {
    let (send, receive) = channel();
    Ok((Stop(send), Waiter(receive)))
}

impl Waiter {
    /// Sleeps for a moment.
    pub(in crate::dev::channel) fn wait(&self, _: Option<&TcpListener>) -> Woken {
        match self.0.recv_timeout(PAUSE) {
            Err(RecvTimeoutError::Timeout) => Woken::ToLook,
            _ => Woken::ToStop,
        }
    }
}
