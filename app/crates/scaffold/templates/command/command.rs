//! `[[ command.name ]]`: [[ command.words ]].

use framework::context::Context;
use framework::management::{[% if model %]Checks, [% endif %]Console, Output, Role};

[% if model %]
use [[ module.rust ]]::service;

[% endif %]
/// [[ command.Words ]]
#[derive(clap::Args)]
pub(super) struct Command {}

impl framework::management::Command for Command {
    const NAME: &'static str = "[[ command.name ]]";
[% if model %]
    const CHECKS: Checks = Checks::Tags(&["models"]);
    const MIGRATIONS_CHECK: bool = true;

    async fn handle(self, ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
        let count = service::count(&ctx.db().await?).await?;
        if console.verbosity() > 0 {
            console.stdout.styled(Role::Success, format!("[[ model.Many ]]: {count}."));
        }
        Ok(Output::None)
    }
[% else %]

    async fn handle(self, _ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
        if console.verbosity() > 0 {
            console.stdout.styled(Role::Success, "[[ command.Words ]]: nothing to do.");
        }
        Ok(Output::None)
    }
[% endif %]
}

#[cfg(test)]
mod tests {
    use framework::management::Call;
    use framework::testing::TestProject;

    #[tokio::test]
    async fn it_says_what_it_did() {
        let project = TestProject::new(crate::project()).await;
        let called = Call::named("[[ command.name ]]", [""; 0]).run(project.ctx()).await.expect("a run");
[% if model %]
        assert_eq!(called.stdout, "[[ model.Many ]]: 0.\n");
[% else %]
        assert_eq!(called.stdout, "[[ command.Words ]]: nothing to do.\n");
[% endif %]
    }
}
