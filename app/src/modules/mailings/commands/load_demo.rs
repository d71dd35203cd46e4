//! `load_demo`: a believable data set, so that there is something to look at.

use framework::cli::BulkOptions;
use framework::context::Context;
use framework::management::{Checks, CommandError, Console, Output, Role};

use crate::modules::mailings::{demo, service};
use crate::modules::users;

/// Load demo data (users, recipients, messages, mailings, attempts) into an empty database; `--force` adds it to what is
/// there
#[derive(clap::Args)]
pub(super) struct Command {
    /// When there are users already, say so and change nothing (what `cargo xtask dev --demo` does)
    #[arg(long, hide = true, conflicts_with = "force")]
    if_empty: bool,
    #[command(flatten)]
    bulk: BulkOptions,
}

impl framework::management::Command for Command {
    const NAME: &'static str = "load_demo";
    const CHECKS: Checks = Checks::Tags(&["models"]);
    const MIGRATIONS_CHECK: bool = true;
    const HIDDEN_OPTIONS: &'static [&'static str] = &["delete", "threads", "processes"];

    fn bulk(&self) -> Option<&BulkOptions> {
        Some(&self.bulk)
    }

    async fn handle(self, ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
        if self.bulk.delete {
            let message = "the argument '--delete' cannot be used: demo data is only added\n\
                hint: `flush` empties the database";
            return Err(CommandError::new(message).code(2).into());
        }
        let db = ctx.db().await?;
        let users = users::service::count(&db).await?;
        if users > 0 && !self.bulk.force {
            let found = format!("the database has {users} users already");
            if self.if_empty {
                console.stderr.styled(Role::Notice, format!("{found}: demo data not loaded"));
                return Ok(Output::None);
            }
            let hint = "hint: `load_demo --force` adds the demo data to what is there";
            return Err(CommandError::new(format!("{found}; nothing was loaded\n{hint}")).into());
        }
        let loaded = service::load_demo(&db, &demo::data(ctx.now()), Some(self.bulk.batch_size.get())).await?;
        if console.verbosity() > 0 {
            console.stdout.styled(Role::Success, loaded);
        }
        Ok(Output::None)
    }
}
