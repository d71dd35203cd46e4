//! The development server that follows what is saved. It needs what only Unix has: a listening socket that one process
//! after the other inherits, process groups, signals. [`crate::serve`] does without it elsewhere.

pub mod ansi;
pub mod backoff;
pub mod browser;
pub mod builder;
mod calls;
pub mod channel;
pub mod child;
pub mod companions;
mod content;
pub mod dashboard;
mod diagnostics;
mod group;
mod jobs;
pub mod keys;
pub mod kinds;
pub mod lines;
pub mod listen;
pub mod machine;
pub mod model;
pub mod painter;
mod replay;
pub mod screen;
mod session;
pub mod snapshot;
mod talk;
pub mod tty;
pub mod watch;

use crate::dispatch;
use crate::plan::Role;
use crate::serve::{self, Options};

/// Serves, and follows what is saved.
///
/// # Errors
/// When it cannot start.
pub(crate) fn follow(session: &mut dispatch::Session<'_>, options: &Options) -> anyhow::Result<u8> {
    let beside = companions::commands(session.project, &options.dev.with)?;
    let mut steps = serve::steps(session, options)?;
    steps.extend(beside.iter().map(|name| options.run(session.project, Role::Server, &[name])));
    session.by_itself("dev", steps, |project| session::run(project, options, beside))
}
