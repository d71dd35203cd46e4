//! `[[ command.name ]]`: [[ command.words ]].

use framework::context::Context;
use framework::management::{Console, Output, Role};

/// [[ command.Words ]]
#[derive(clap::Args)]
pub(super) struct Command {}

impl framework::management::Command for Command {
    const NAME: &'static str = "[[ command.name ]]";

    async fn handle(self, _ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
        if console.verbosity() > 0 {
            console.stdout.styled(Role::Success, "[[ command.Words ]]: nothing to do.");
        }
        Ok(Output::None)
    }
}

#[cfg(test)]
mod tests {
    use framework::management::Call;
    use framework::testing::TestProject;

    #[tokio::test]
    async fn it_says_what_it_did() {
        let project = TestProject::new(crate::project()).await;
        let called = Call::named("[[ command.name ]]", [""; 0]).run(project.ctx()).await.expect("a run");
        assert_eq!(called.stdout, "[[ command.Words ]]: nothing to do.\n");
    }
}
