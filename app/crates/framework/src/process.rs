//! What a long-running command shares with the process that started it: inherited descriptors, and the ways in which
//! it is told to stop.

use std::fs::File;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, anyhow};
use tokio::sync::mpsc;

use crate::conf::Env;
use crate::system;

/// The variable that names the read end of a pipe from the process that started this one.
pub(crate) const PARENT_FD: &str = "APP_PARENT_FD";

/// The variable that names the descriptor on which a server reports that it is ready.
const READY_FD: &str = "APP_READY_FD";

/// The first descriptor of a socket hand-over when the environment does not say (systemd's convention).
const FIRST_FD: i32 = 3;

/// A descriptor that a variable names: not there, there, or wrong. Taken once.
type Inherited = Mutex<Option<anyhow::Result<File>>>;

/// The descriptors that this process was started with, taken over before it opens any of its own: a number in the
/// environment that was not really passed on could be anybody's later.
#[derive(Default)]
pub struct Handover {
    parent: Inherited,
    ready: Inherited,
    listener: Inherited,
}

impl Handover {
    /// Takes over what the environment names. Call it first of all. What is wrong is said by whoever asks for it.
    pub fn take(env: &Env) -> Self {
        let mut taken = Vec::new();
        let mut inherited = |named: anyhow::Result<Option<(i32, &str)>>| match named {
            Ok(None) => Mutex::new(None),
            Err(error) => Mutex::new(Some(Err(error))),
            Ok(Some((number, variable))) if taken.contains(&number) => {
                Mutex::new(Some(Err(anyhow!("`{variable}` names the descriptor {number}, as another variable does"))))
            }
            Ok(Some((number, variable))) => {
                taken.push(number);
                let failed = || format!("failed to take over the descriptor {number} named in `{variable}`");
                Mutex::new(Some(system::take_over(number).with_context(failed)))
            }
        };
        let parent = inherited(number(env, PARENT_FD, FIRST_FD));
        let ready = inherited(number(env, READY_FD, FIRST_FD));
        let listener = inherited(listener(env));
        Self { parent, ready, listener }
    }

    /// The pipe from the parent: its end of file means that the parent is gone.
    ///
    /// # Errors
    /// When `APP_PARENT_FD` names no open descriptor.
    pub fn parent(&self) -> anyhow::Result<Option<File>> {
        once(&self.parent)
    }

    /// Where a server reports that it is ready.
    ///
    /// # Errors
    /// When `APP_READY_FD` names no open descriptor.
    pub fn ready(&self) -> anyhow::Result<Option<File>> {
        once(&self.ready)
    }

    /// The socket that a supervisor passed on.
    ///
    /// # Errors
    /// When `LISTEN_FDS` and its like are no numbers, or nothing is open there.
    pub fn listener(&self) -> anyhow::Result<Option<File>> {
        once(&self.listener)
    }
}

fn once(inherited: &Inherited) -> anyhow::Result<Option<File>> {
    inherited.lock().unwrap_or_else(PoisonError::into_inner).take().transpose()
}

/// The number in a variable, at least `least`.
fn number<'a>(env: &Env, variable: &'a str, least: i32) -> anyhow::Result<Option<(i32, &'a str)>> {
    let Some(value) = env.get(variable) else { return Ok(None) };
    let number = value.to_str().and_then(|text| text.parse().ok()).filter(|number| *number >= least);
    let number = number.ok_or_else(|| anyhow!("`{variable}` must be a number from {least} on, not {value:?}"))?;
    Ok(Some((number, variable)))
}

/// The first socket of a hand-over (`LISTEN_FDS`, `LISTEN_FDS_FIRST_FD`, `LISTEN_PID`).
fn listener(env: &Env) -> anyhow::Result<Option<(i32, &'static str)>> {
    let ours = number(env, "LISTEN_PID", 0)?.is_none_or(|(pid, _)| u32::try_from(pid) == Ok(std::process::id()));
    match number(env, "LISTEN_FDS", 0)? {
        Some((count, variable)) if count > 0 && ours => {
            let first = number(env, "LISTEN_FDS_FIRST_FD", FIRST_FD)?;
            Ok(Some(first.unwrap_or((FIRST_FD, variable))))
        }
        _ => Ok(None),
    }
}

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
pub fn stops(handover: &Handover) -> anyhow::Result<mpsc::UnboundedReceiver<Stop>> {
    let (sender, receiver) = mpsc::unbounded_channel();
    system::send_stops(handover.parent()?, sender)?;
    Ok(receiver)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handover<const N: usize>(variables: [(&str, &str); N]) -> Handover {
        Handover::take(&Env::new("/", variables.map(|(name, value)| (name.into(), value.into()))))
    }

    #[test]
    fn a_descriptor_that_is_none_is_an_error_that_names_the_variable() {
        assert!(handover([]).parent().is_ok_and(|fd| fd.is_none()));
        assert!(handover([(PARENT_FD, "")]).parent().is_ok_and(|fd| fd.is_none()));
        for value in ["x", "-1", "1", "999999", "3.5"] {
            let error = handover([(PARENT_FD, value)]).parent().map(drop);
            assert!(error.is_err_and(|error| format!("{error:#}").contains("`APP_PARENT_FD`")), "{value}");
        }
        let error = handover([("LISTEN_FDS", "1"), ("LISTEN_FDS_FIRST_FD", "999999")]).listener().map(drop);
        assert!(error.is_err_and(|error| format!("{error:#}").contains("`LISTEN_FDS_FIRST_FD`")));
    }

    #[test]
    fn a_socket_for_another_process_is_left_alone() {
        let listener = handover([("LISTEN_FDS", "1"), ("LISTEN_PID", "1")]).listener();
        assert!(listener.is_ok_and(|fd| fd.is_none()));
    }
}
