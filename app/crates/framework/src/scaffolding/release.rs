//! A release build refuses to change sources.

use cli::{AddCommand, AddModule, RemoveCommand, RemoveModule};

use crate::context::Context;
use crate::management::{Command, CommandError, Console, Output};

pub(super) fn add_module(_: &AddModule, _: &Context, _: &mut Console) -> anyhow::Result<Output> {
    refuse::<AddModule>()
}

pub(super) fn remove_module(_: &RemoveModule, _: &Context, _: &mut Console) -> anyhow::Result<Output> {
    refuse::<RemoveModule>()
}

pub(super) fn add_command(_: &AddCommand, _: &Context, _: &mut Console) -> anyhow::Result<Output> {
    refuse::<AddCommand>()
}

pub(super) fn remove_command(_: &RemoveCommand, _: &Context, _: &mut Console) -> anyhow::Result<Output> {
    refuse::<RemoveCommand>()
}

fn refuse<T: Command>() -> anyhow::Result<Output> {
    let message = format!(
        "`{}` changes the sources of the project, and this is a release build without them\nhint: `cargo xtask {}` in a \
         checkout of the sources",
        T::NAME,
        T::NAME.replace('_', "-")
    );
    Err(CommandError::new(message).into())
}

/// Rolls back an interrupted change of the sources. There are none to change.
pub(crate) fn recover(_: &Context) -> anyhow::Result<Vec<String>> {
    Ok(Vec::new())
}
