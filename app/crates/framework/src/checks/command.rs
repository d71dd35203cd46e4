//! The command `check`.

use std::collections::BTreeSet;

use super::report::registered;
use super::{Deploy, Level, Scope, Selection, run};
use crate::context::Context;
use crate::management::{Checks, Command, CommandError, Console, Output};

impl Command for cli::Check {
    const NAME: &'static str = "check";
    // It runs them itself.
    const CHECKS: Checks = Checks::None;

    async fn handle(self, ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
        let known: BTreeSet<&str> = registered(ctx).iter().flat_map(|check| check.tags.iter().copied()).collect();
        if self.list_tags {
            known.iter().for_each(|tag| console.stdout.write(tag));
            return Ok(Output::None);
        }
        for label in &self.modules {
            ctx.module(label)?;
        }
        for alias in &self.databases {
            ctx.check_alias(alias)?;
        }
        if let Some(tag) = self.tags.iter().find(|tag| !known.contains(tag.as_str())) {
            return Err(CommandError::new(format!("There is no system check with the \"{tag}\" tag.")).into());
        }
        let fail_level = self.fail_level.as_deref().unwrap_or("ERROR").parse::<Level>().map_err(CommandError::new)?;
        let selection = Selection {
            scope: Scope { modules: self.modules },
            tags: self.tags,
            deploy: if self.deploy { Deploy::All } else { Deploy::No },
            databases: self.databases,
            fail_level,
            asked: true,
            announce: true,
        };
        run(&selection, ctx, console).await?;
        Ok(Output::None)
    }
}
