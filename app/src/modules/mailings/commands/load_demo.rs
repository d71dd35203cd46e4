//! `load_demo`: a believable data set, so that there is something to look at.

use framework::context::Context;
use framework::management::{Checks, CommandError, Console, Output, Role};

use crate::modules::mailings::{demo, service};
use crate::modules::users;

/// Load demo data (users, recipients, messages, mailings, attempts) into an empty database
#[derive(clap::Args)]
pub(super) struct Command {
    /// Load it even when there are users already
    #[arg(long, conflicts_with = "if_empty")]
    force: bool,
    /// When there are users already, say so and change nothing (what `cargo xtask dev --demo` does)
    #[arg(long, hide = true)]
    if_empty: bool,
}

impl framework::management::Command for Command {
    const NAME: &'static str = "load_demo";
    const CHECKS: Checks = Checks::Tags(&["models"]);
    const MIGRATIONS_CHECK: bool = true;

    async fn handle(self, ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
        let db = ctx.db().await?;
        let users = users::service::count(&db).await?;
        if users > 0 && !self.force {
            let found = format!("the database has {users} users already");
            if self.if_empty {
                console.stderr.styled(Role::Notice, format!("{found}: demo data not loaded"));
                return Ok(Output::None);
            }
            let hint = "hint: `load_demo --force` adds the demo data to what is there";
            return Err(CommandError::new(format!("{found}; nothing was loaded\n{hint}")).into());
        }
        let loaded = service::load_demo(&db, &demo::data(ctx.now())).await?;
        if console.verbosity() > 0 {
            console.stdout.styled(Role::Success, loaded);
        }
        Ok(Output::None)
    }
}
