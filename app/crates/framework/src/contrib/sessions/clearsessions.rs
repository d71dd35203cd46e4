//! `clearsessions`: takes expired sessions out of the database.

use super::service;
use crate::context::Context;
use crate::management::{Checks, Command, CommandError, Console, Output, Role};

impl Command for cli::Clearsessions {
    const NAME: &'static str = "clearsessions";
    const CHECKS: Checks = Checks::Tags(&["models"]);
    const MIGRATIONS_CHECK: bool = true;

    async fn handle(self, ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
        if !super::is_installed(ctx) {
            return Err(CommandError::new("the module `sessions` is not installed").into());
        }
        let deleted = service::delete_expired(&ctx.db().await?, ctx.now()).await?;
        if console.verbosity() > 0 {
            console.stdout.styled(Role::Success, format!("Deleted {deleted} expired session(s)."));
        }
        Ok(Output::None)
    }
}
