//! What a long-running command shares with the process that started it: inherited descriptors, and the ways in which
//! it is told to stop.

use std::collections::BTreeMap;
use std::fs::File;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, anyhow};
use tokio::sync::mpsc;

use crate::conf::Env;
use crate::system;

/// The variable that names the read end of a pipe from the process that started this one.
pub(crate) const PARENT_FD: &str = "APP_PARENT_FD";

/// The variable that names the descriptor on which a server reports that it is ready.
pub(crate) const READY_FD: &str = "APP_READY_FD";

/// The variable that names a serving process's end of the socket pair over which the resident server asks it things.
pub(crate) const CONTROL_FD: &str = "APP_CONTROL_FD";

/// The variable that names the descriptor on which a serving process speaks once it is ready.
pub(crate) const STDERR_FD: &str = "APP_STDERR_FD";

/// The variable that names what a resident server left for the version that takes its place, and the descriptors that
/// are numbers in there.
pub(crate) const STATE_FD: &str = "APP_SERVE_STATE_FD";
pub(crate) const INHERITED_FDS: &str = "APP_INHERITED_FDS";

/// The first descriptor of a socket hand-over when the environment does not say (systemd's convention).
const FIRST_FD: i32 = 3;

/// More sockets than anybody hands over.
const MOST_LISTENERS: i32 = 256;

/// Descriptors that a variable names: not there, there, or wrong. Taken once.
type Inherited<T = File> = Mutex<Option<anyhow::Result<T>>>;

/// The descriptors that this process was started with, taken over before it opens any of its own: a number in the
/// environment that was not really passed on could be anybody's later.
#[derive(Default)]
pub struct Handover {
    parent: Inherited,
    ready: Inherited,
    control: Inherited,
    stderr: Inherited,
    state: Inherited,
    listeners: Inherited<Vec<File>>,
    others: Mutex<BTreeMap<i32, File>>,
}

impl Handover {
    /// Takes over what the environment names. Call it first of all. What is wrong is said by whoever asks for it.
    pub fn take(env: &Env) -> Self {
        let mut taken = Vec::new();
        let mut take = |number, variable: &str| {
            if taken.contains(&number) {
                return Err(anyhow!("`{variable}` names the descriptor {number}, as another variable does"));
            }
            taken.push(number);
            let failed = || format!("failed to take over the descriptor {number} named in `{variable}`");
            system::take_over(number).with_context(failed)
        };
        let mut inherited = |variable| {
            let named = number(env, variable, FIRST_FD).transpose();
            Mutex::new(named.map(|named| named.and_then(|number| take(number, variable))))
        };
        let (parent, ready, control) = (inherited(PARENT_FD), inherited(READY_FD), inherited(CONTROL_FD));
        let (stderr, state) = (inherited(STDERR_FD), inherited(STATE_FD));
        let others = env.get(INHERITED_FDS).unwrap_or_default().to_string_lossy();
        let others = others.split(',').filter_map(|number| number.parse().ok().filter(|number| *number >= FIRST_FD));
        let listeners = listeners(env).transpose().map(|named| {
            let (numbers, variable) = named?;
            numbers.map(|number| take(number, variable)).collect()
        });
        let others = others.filter_map(|number| Some((number, take(number, INHERITED_FDS).ok()?)));
        let others = Mutex::new(others.collect());
        Self { parent, ready, control, stderr, state, listeners: Mutex::new(listeners), others }
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

    /// A serving process's end of the socket pair to the resident server.
    ///
    /// # Errors
    /// When `APP_CONTROL_FD` names no open descriptor.
    pub fn control(&self) -> anyhow::Result<Option<File>> {
        once(&self.control)
    }

    /// The standard error stream of whoever started this process.
    ///
    /// # Errors
    /// When `APP_STDERR_FD` names no open descriptor.
    pub fn stderr(&self) -> anyhow::Result<Option<File>> {
        once(&self.stderr)
    }

    /// What the version before this one left.
    ///
    /// # Errors
    /// When `APP_SERVE_STATE_FD` names no open descriptor.
    pub(crate) fn state(&self) -> anyhow::Result<Option<File>> {
        once(&self.state)
    }

    /// Another descriptor of those in `APP_INHERITED_FDS`.
    pub(crate) fn inherited(&self, number: i32) -> Option<File> {
        self.others.lock().unwrap_or_else(PoisonError::into_inner).remove(&number)
    }

    /// The sockets that a supervisor passed on; none when there was no hand-over.
    ///
    /// # Errors
    /// When `LISTEN_FDS` and its like are no numbers, or nothing is open there.
    pub fn listeners(&self) -> anyhow::Result<Vec<File>> {
        Ok(once(&self.listeners)?.unwrap_or_default())
    }
}

fn once<T>(inherited: &Inherited<T>) -> anyhow::Result<Option<T>> {
    inherited.lock().unwrap_or_else(PoisonError::into_inner).take().transpose()
}

/// The number in a variable, at least `least`.
fn number(env: &Env, variable: &str, least: i32) -> anyhow::Result<Option<i32>> {
    let Some(value) = env.get(variable) else { return Ok(None) };
    let number = value.to_str().and_then(|text| text.parse().ok()).filter(|number| *number >= least);
    number.map(Some).ok_or_else(|| anyhow!("`{variable}` must be a number from {least} on, not {value:?}"))
}

/// The sockets of a hand-over (`LISTEN_FDS`, `LISTEN_FDS_FIRST_FD`, `LISTEN_PID`), and the variable that says where.
fn listeners(env: &Env) -> anyhow::Result<Option<(Range<i32>, &'static str)>> {
    let ours = number(env, "LISTEN_PID", 0)?.is_none_or(|pid| u32::try_from(pid) == Ok(std::process::id()));
    let count = number(env, "LISTEN_FDS", 0)?.filter(|count| *count > 0 && ours);
    let Some(count) = count else { return Ok(None) };
    let (first, variable) = match number(env, "LISTEN_FDS_FIRST_FD", FIRST_FD)? {
        Some(first) => (first, "LISTEN_FDS_FIRST_FD"),
        None => (FIRST_FD, "LISTEN_FDS"),
    };
    let end = first.checked_add(count).filter(|_| count <= MOST_LISTENERS);
    let end = end.with_context(|| format!("`LISTEN_FDS` names {count} sockets, more than {MOST_LISTENERS}"))?;
    Ok(Some((first..end, variable)))
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
        for (variable, values) in [("LISTEN_FDS_FIRST_FD", ["1", "999999"]), ("LISTEN_FDS", ["1", "2147483647"])] {
            let error = handover([("LISTEN_FDS", values[0]), (variable, values[1])]).listeners().map(drop);
            assert!(error.is_err_and(|error| format!("{error:#}").contains(variable)), "{variable}");
        }
    }

    #[test]
    fn a_socket_for_another_process_is_left_alone() {
        let listeners = handover([("LISTEN_FDS", "1"), ("LISTEN_PID", "1")]).listeners();
        assert!(listeners.is_ok_and(|sockets| sockets.is_empty()));
    }
}
