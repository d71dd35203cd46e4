//! The command `doctor`.

use cli::findings::{self, Finding};

use super::registered;
use crate::context::Context;
use crate::management::{Checks, Command, CommandError, Console, Output};

impl Command for cli::Doctor {
    const NAME: &'static str = "doctor";
    // What they find is among what it finds.
    const CHECKS: Checks = Checks::None;
    const SETTINGS: bool = false;
    const REPORTS_FAULTS: bool = true;

    async fn handle(self, ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
        let mut found: Vec<Finding> = Vec::new();
        for check in registered(ctx) {
            found.extend(if self.fix { check.repaired(ctx).await } else { check.findings(ctx).await });
        }
        if self.json {
            console.stdout.write_unended(findings::document(&found));
        } else {
            console.stdout.write_unended(findings::report(&found, console.verbosity()));
        }
        match findings::exit_code(&found) {
            0 => Ok(Output::None),
            _ => Err(CommandError::silent().into()),
        }
    }
}
