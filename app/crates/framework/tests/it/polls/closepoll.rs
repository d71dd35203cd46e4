//! `closepoll`: closes or deletes polls.

use framework::context::Context;
use framework::management::{CommandError, Console, Output, Role};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait as _, EntityTrait as _, IntoActiveModel as _, ModelTrait as _};

use super::models::question;

/// Close the specified polls for voting
#[derive(clap::Args)]
pub(crate) struct Command {
    /// The ids of the polls
    #[arg(required = true)]
    pub(crate) poll_ids: Vec<i64>,
    /// Delete the polls instead of closing them
    #[arg(long)]
    pub(crate) delete: bool,
}

impl framework::management::Command for Command {
    const NAME: &'static str = "closepoll";
    const CHECKS: framework::management::Checks = framework::management::Checks::Tags(&["models"]);

    async fn handle(self, ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
        let db = ctx.db().await?;
        for id in self.poll_ids {
            let poll = question::Entity::find_by_id(id).one(&db).await?;
            let poll = poll.ok_or_else(|| CommandError::new(format!("Poll \"{id}\" does not exist")))?;
            if self.delete {
                poll.delete(&db).await?;
            } else {
                let mut poll = poll.into_active_model();
                poll.opened = Set(false);
                poll.update(&db).await?;
            }
            console.stdout.styled(Role::Success, format!("Successfully closed poll \"{id}\""));
        }
        Ok(Output::None)
    }
}
