//! The same where no process can leave its terminal, take a lock over, or be asked by a socket in the file system: the
//! server stays in the foreground.

use super::options::{Restart, Start, Status, Stop};
use crate::failure::Failure;
use crate::plan::Step;
use crate::process;
use crate::project::Project;
use crate::system::Signals;

fn needs_unix(task: &str) -> anyhow::Error {
    Failure::new(format!("`{task}` needs Unix")).hint("`cargo xtask prod --foreground` serves until Ctrl-C").into()
}

/// A second server finds the port taken.
pub(super) fn refuse_a_second(_: &Project) -> anyhow::Result<()> {
    Ok(())
}

/// None can be told to do anything.
pub(super) fn require_one(_: &Project) -> anyhow::Result<()> {
    Err(needs_unix("restart-prod"))
}

/// Nobody knows.
pub(super) fn is_running(_: &Project) -> bool {
    true
}

/// Serves until it is stopped.
pub(super) fn foreground(_: &Project, serve: &Step) -> anyhow::Result<u8> {
    Ok(process::run(serve, &mut Signals::catch()?)?.0.code())
}

/// Says that it cannot be.
pub(super) fn start(_: &Project, _: &Step, _: &Start) -> anyhow::Result<u8> {
    Err(needs_unix("prod"))
}

/// Says that it cannot be.
pub(super) fn stop(_: &Project, _: &Stop) -> anyhow::Result<u8> {
    Err(needs_unix("stop-prod"))
}

/// Says that it cannot be.
pub(super) fn restart(_: &Project, _: &Restart) -> anyhow::Result<u8> {
    Err(needs_unix("restart-prod"))
}

/// Says that it cannot be.
pub(super) fn status(_: &Project, _: &Status) -> anyhow::Result<u8> {
    Err(needs_unix("status"))
}
