//! What the command is in a program that was built without the feature `shell`.

use crate::context::Context;
use crate::management::{Checks, Command, CommandError, Console, Output};

impl Command for cli::Shell {
    const NAME: &'static str = "shell";
    const CHECKS: Checks = Checks::None;

    async fn handle(self, _: &Context, _: &mut Console) -> anyhow::Result<Output> {
        let message = "this program was built without the shell\nhint: build it with the feature `shell`: `cargo build -p app --features shell`";
        Err(CommandError::new(message).into())
    }
}
