//! The commands that change the project's own sources: `add_module`, `remove_module`, `add_command`, `remove_command`.
//! A release build has no sources to change, and carries no scaffolding.

#[cfg(not(debug_assertions))]
#[path = "release.rs"]
mod sources;
#[cfg(debug_assertions)]
mod sources;

pub(crate) use self::sources::recover;
use crate::context::Context;
use crate::management::{Calls, Checks, Command, Console, Output};

impl Command for cli::AddModule {
    const NAME: &'static str = "add_module";
    const CHECKS: Checks = Checks::None;
    const CALLS: Calls = Calls::ToChange;
    const SETTINGS: bool = false;

    async fn handle(self, ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
        sources::add_module(&self, ctx, console)
    }
}

impl Command for cli::RemoveModule {
    const NAME: &'static str = "remove_module";
    const CHECKS: Checks = Checks::None;
    const CALLS: Calls = Calls::ToChange;
    const SETTINGS: bool = false;

    async fn handle(self, ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
        sources::remove_module(&self, ctx, console)
    }
}

impl Command for cli::AddCommand {
    const NAME: &'static str = "add_command";
    const CHECKS: Checks = Checks::None;
    const CALLS: Calls = Calls::ToChange;
    const SETTINGS: bool = false;

    async fn handle(self, ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
        sources::add_command(&self, ctx, console)
    }
}

impl Command for cli::RemoveCommand {
    const NAME: &'static str = "remove_command";
    const CHECKS: Checks = Checks::None;
    const CALLS: Calls = Calls::ToChange;
    const SETTINGS: bool = false;

    async fn handle(self, ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
        sources::remove_command(&self, ctx, console)
    }
}
