//! `squashmigrations` and `optimizemigration`: several migrations become one, and one becomes shorter.

use anyhow::Context as _;
use db::migrations::{NewMigration, NodeKey, Optimize, SquashError, SquashOptions, Squashed, optimize, squash};

use super::makemigrations::check_name;
use super::sources::{folder_to_write, load_sources, shown_path};
use super::{check_label, command_error, files};
use crate::context::Context;
use crate::management::{Answer, Calls, Checks, Command, CommandError, Console, Output, Role};

impl Command for cli::Squashmigrations {
    const NAME: &'static str = "squashmigrations";
    const CHECKS: Checks = Checks::Tags(&["models"]);
    const CALLS: Calls = Calls::ToChange;

    async fn handle(self, ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
        if self.noinput {
            console.set_answer(Answer::Never);
        }
        let module = check_label(ctx, &self.module, 1)?;
        self.squashed_name.as_deref().map_or(Ok(()), check_name)?;
        let loader = load_sources(ctx)?;
        let find = |prefix: &str| loader.find(&self.module, prefix).map_err(command_error);
        let (start, end) = match &self.end {
            Some(end) => (Some(find(&self.migration)?), find(end)?),
            None => (None, find(&self.migration)?),
        };
        let options = SquashOptions {
            optimize: if self.no_optimize { Optimize::No } else { Optimize::Yes },
            name: self.squashed_name,
        };
        let squashed = squash(&loader, &self.module, start.as_ref(), &end, &options);
        let squashed = squashed.map_err(|error| explained(error, &self.module, ctx))?;
        if console.verbosity() > 0 || console.answers() == Answer::Ask {
            console.stdout.styled(Role::MigrateHeading, "Will squash the following migrations:");
            squashed.squashed.iter().for_each(|key| console.stdout.write(format!(" - {}", key.name)));
        }
        if !console.confirm("Do you wish to proceed?")? {
            return Ok(Output::None);
        }
        let path = folder_to_write(ctx, module)?.join(squashed.new.file_name());
        files::create_all(&[(path.clone(), squashed.new.text()?)])?;
        if console.verbosity() > 0 {
            show_optimization(&squashed, options.optimize, console);
            let heading = format!("Created new squashed migration {}", shown_path(ctx, &path));
            console.stdout.styled(Role::MigrateHeading, heading);
            console.stdout.write(
                "  You should commit this migration but leave the old ones in place;\n  the new migration will be used \
                 for new installs. Once you are sure\n  all instances of the codebase have applied the migrations you \
                 squashed,\n  you can delete them.",
            );
            warn_of_porting(&squashed.by_hand, console);
        }
        Ok(Output::None)
    }
}

impl Command for cli::Optimizemigration {
    const NAME: &'static str = "optimizemigration";
    const CHECKS: Checks = Checks::Tags(&["models"]);
    const CALLS: Calls = Calls::ToChange;

    async fn handle(self, ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
        let module = check_label(ctx, &self.module, 1)?;
        let loader = load_sources(ctx)?;
        let key = loader.find(&self.module, &self.migration).map_err(command_error)?;
        let mut migration = loader.migration(&key).cloned().context("a migration that was not loaded")?;
        let before = migration.operations.len();
        migration.operations = optimize(&key.module, migration.operations);
        let after = migration.operations.len();
        let is_silent = console.verbosity() == 0;
        if after == before {
            if !is_silent {
                console.stdout.write("No optimizations possible.");
            }
            return Ok(Output::None);
        }
        if !is_silent {
            console.stdout.write(format!("Optimizing from {before} operations to {after} operations."));
        }
        if self.check {
            return Err(CommandError::silent().into());
        }
        let new = NewMigration { key, migration };
        let path = folder_to_write(ctx, module)?.join(new.file_name());
        files::replace(&path, &new.text()?)?;
        if !is_silent {
            let heading = format!("Optimized migration {}", shown_path(ctx, &path));
            console.stdout.styled(Role::MigrateHeading, heading);
        }
        Ok(Output::None)
    }
}

/// Says where to look when the migrations are not in the order that was typed.
fn explained(error: db::Error, label: &str, ctx: &Context) -> CommandError {
    match &error {
        db::Error::Squash(SquashError::NotBefore { .. }) => {
            let program = ctx.program();
            let text = format!("{error}\nHave a look at:\n  {program} showmigrations {label}\nto debug this issue.");
            CommandError::new(text).source(error)
        }
        _ => command_error(error),
    }
}

fn show_optimization(squashed: &Squashed, optimize: Optimize, console: &mut Console) {
    if optimize == Optimize::No {
        console.stdout.styled(Role::MigrateHeading, "(Skipping optimization.)");
        return;
    }
    let (before, after) = (squashed.before, squashed.new.migration.operations.len());
    console.stdout.styled(Role::MigrateHeading, "Optimizing...");
    console.stdout.write(if after == before {
        "  No optimizations possible.".to_owned()
    } else {
        format!("  Optimized from {before} operations to {after} operations.")
    });
}

fn warn_of_porting(by_hand: &[(NodeKey, String)], console: &mut Console) {
    if by_hand.is_empty() {
        return;
    }
    console.stdout.styled(Role::MigrateHeading, "Manual porting required");
    console.stdout.write("  Your migrations contained SQL and functions that were written by hand:");
    by_hand.iter().for_each(|(key, what)| console.stdout.write(format!("   - {key}: {what}")));
    console.stdout.write(
        "  See whether they still make sense where the squashed migration has them, on an\n  empty database. What was only \
         needed for old rows can say `elidable = true`.",
    );
}
