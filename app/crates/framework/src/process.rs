//! What a long-running command shares with the process that started it: inherited descriptors, and the ways in which
//! it is told to stop.

use std::os::fd::{BorrowedFd, FromRawFd as _, OwnedFd, RawFd};

use anyhow::{Context as _, anyhow};
use rustix::io::{FdFlags, fcntl_setfd};
use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use crate::conf::Env;

/// The variable that names the read end of a pipe from the process that started this one.
pub const PARENT_FD: &str = "APP_PARENT_FD";

/// Why a long-running command should stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Ctrl-C (SIGINT).
    Interrupt,
    /// SIGTERM.
    Terminate,
    /// The process that started this one is gone.
    ParentGone,
}

/// The ways in which this process is told to stop, one message for each time. The first asks for an orderly end, the
/// second for an immediate one.
///
/// # Errors
/// When signals cannot be watched, or `APP_PARENT_FD` names no pipe.
pub fn stops(env: &Env) -> anyhow::Result<mpsc::UnboundedReceiver<Stop>> {
    let failed = "failed to watch for signals";
    let mut interrupt = signal(SignalKind::interrupt()).context(failed)?;
    let mut terminate = signal(SignalKind::terminate()).context(failed)?;
    let mut parent = watch_parent(env)?;
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        loop {
            let stop = tokio::select! {
                _ = interrupt.recv() => Stop::Interrupt,
                _ = terminate.recv() => Stop::Terminate,
                () = gone(&mut parent) => Stop::ParentGone,
            };
            if stop == Stop::ParentGone {
                parent = None;
            }
            if sender.send(stop).is_err() {
                return;
            }
        }
    });
    Ok(receiver)
}

/// The pipe from the process that started this one, if there is one.
fn watch_parent(env: &Env) -> anyhow::Result<Option<pipe::Receiver>> {
    let Some(fd) = inherited_fd(env, PARENT_FD)? else {
        return Ok(None);
    };
    pipe::Receiver::from_owned_fd(fd)
        .with_context(|| format!("failed to watch the pipe named in `{PARENT_FD}`"))
        .map(Some)
}

/// Waits for the end of the pipe; for ever where there is none.
async fn gone(parent: &mut Option<pipe::Receiver>) {
    let Some(pipe) = parent else {
        return std::future::pending().await;
    };
    let mut buffer = [0; 64];
    // Nothing is ever sent: a failure to read means as much as the end.
    while pipe.read(&mut buffer).await.is_ok_and(|read| read > 0) {}
}

/// Takes over the open descriptor whose number stands in a variable. It will not be passed on to children.
///
/// # Errors
/// When the variable holds no number of an open descriptor.
pub(crate) fn inherited_fd(env: &Env, variable: &str) -> anyhow::Result<Option<OwnedFd>> {
    let Some(value) = env.get(variable) else {
        return Ok(None);
    };
    let number = value.to_str().and_then(|text| text.parse::<RawFd>().ok()).filter(|number| *number > 2);
    let number =
        number.ok_or_else(|| anyhow!("`{variable}` must be the number of an open descriptor, not {value:?}"))?;
    take_fd(number)
        .with_context(|| format!("failed to take over the descriptor {number} named in `{variable}`"))
        .map(Some)
}

/// Takes over an open descriptor that this process was started with.
#[expect(unsafe_code, reason = "a descriptor that is inherited is known by its number alone")]
pub(crate) fn take_fd(number: RawFd) -> std::io::Result<OwnedFd> {
    // SAFETY: the number is not -1 (callers pass 3 and up), and it is borrowed for one call that fails with `EBADF` when
    // nothing is open under it.
    fcntl_setfd(unsafe { BorrowedFd::borrow_raw(number) }, FdFlags::CLOEXEC)?;
    // SAFETY: it is open, as the call above showed, and it belongs to whoever the parent handed it over to by way of a
    // variable: each variable is taken once, when its command starts.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(value: &str) -> Env {
        Env::new("/", [(PARENT_FD.into(), value.into())])
    }

    #[test]
    fn a_descriptor_that_is_none_is_an_error_that_names_the_variable() {
        assert!(inherited_fd(&Env::default(), PARENT_FD).is_ok_and(|fd| fd.is_none()));
        for value in ["", "x", "-1", "1", "999999", "3.5"] {
            let error = inherited_fd(&env(value), PARENT_FD).map(|fd| fd.map(|_| ()));
            match value {
                "" => assert!(error.is_ok()),
                _ => assert!(error.is_err_and(|error| format!("{error:#}").contains("`APP_PARENT_FD`")), "{value}"),
            }
        }
    }
}
