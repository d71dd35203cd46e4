//! `serve`, the production server: a resident process that owns the sockets, and processes that serve.
//!
//! What differs from `runserver` is all in [`resident`], which needs Unix: the sockets are handed from process to process,
//! so that crashes and new versions cost no request.

#[cfg(unix)]
mod resident;

use crate::context::Context;
use crate::management::{Checks, Command, Console, Output};

impl Command for cli::Serve {
    const NAME: &'static str = "serve";
    // The serving processes run them: they are of the version that is to be checked.
    const CHECKS: Checks = Checks::None;
    const DRAINS: bool = true;

    #[cfg(unix)]
    async fn handle(self, ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
        resident::run(&self, ctx, console).await
    }

    #[cfg(not(unix))]
    async fn handle(self, ctx: &Context, _: &mut Console) -> anyhow::Result<Output> {
        let message = format!("`serve` needs Unix\nhint: `{} runserver`", ctx.program());
        Err(crate::management::CommandError::new(message).into())
    }
}
