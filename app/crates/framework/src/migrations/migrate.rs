//! `migrate`: brings a database up to date.

use std::collections::BTreeSet;

use db::ProjectState;
use db::migrations::{Direction, Executor, Loader, Mode, Plan, Progress, Target};

use super::{
    MigrateEvent, Moment, check_label, command_error, conflict_error, data_functions, load, reflected, run_handlers,
    state_of,
};
use crate::context::Context;
use crate::management::{Checks, Command, CommandError, Console, Output, Role};

impl Command for cli::Migrate {
    const NAME: &'static str = "migrate";
    const CHECKS: Checks = Checks::Tags(&["models", "modules"]);

    async fn handle(self, ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
        let alias = self.database.as_deref().unwrap_or("default");
        ctx.check_alias(alias)?;
        let loader = load(ctx)?;
        if self.drift {
            return super::drift::report(ctx, &loader, alias, console).await;
        }
        loader.check_conflicts().map_err(|error| conflict_error(ctx, error))?;
        let (targets, heading) = targets(ctx, &loader, self.module.as_deref(), self.migration.as_deref())?;
        let database = ctx.database(alias).await?;
        if self.if_empty && database.has_tables().await? {
            return Ok(Output::None);
        }
        let functions = data_functions(ctx.modules());
        let executor = Executor::new(&database, &loader, &functions);
        // Also finds what is wrong with the history before anything is announced or run.
        let plan = executor.plan(&targets).await.map_err(command_error)?;
        if self.check || self.plan {
            if self.plan {
                show_plan(&plan, &loader, console);
            }
            return if self.check && !plan.is_empty() { Err(check_error(&plan, ctx).into()) } else { Ok(Output::None) };
        }
        let mode = if self.fake { Mode::Fake } else { Mode::Run };
        show_heading(&heading, console);
        let before = state_of(&loader, &database).await?;
        let event = MigrateEvent { ctx, database: &database, alias, state: &before, console: &mut *console };
        run_handlers(Moment::Before, event).await?;
        let state = apply(&executor, &targets, mode, ctx, console).await?;
        run_handlers(Moment::After, MigrateEvent { ctx, database: &database, alias, state: &state, console }).await?;
        Ok(Output::None)
    }
}

/// What `--check` fails with: how many migrations would be applied or unapplied, and of which modules.
fn check_error(plan: &Plan, ctx: &Context) -> CommandError {
    let modules: BTreeSet<&str> = plan.steps.iter().map(|step| step.key.module.as_str()).collect();
    let modules: Vec<&str> = modules.into_iter().collect();
    let (count, modules, program) = (plan.steps.len(), modules.join(", "), ctx.program());
    CommandError::new(match plan.direction() {
        Some(Direction::Backwards) => format!("{count} migration(s) would be unapplied in: {modules}"),
        _ => format!("{count} unapplied migration(s) in: {modules}\nhint: `{program} migrate` applies them"),
    })
}

/// Where to go, and how it is announced.
fn targets(
    ctx: &Context,
    loader: &Loader,
    module: Option<&str>,
    migration: Option<&str>,
) -> Result<(Vec<Target>, String), CommandError> {
    let Some(label) = module else {
        let labels: BTreeSet<&str> = loader.labels().iter().map(String::as_str).collect();
        let with_migrations: Vec<&str> =
            labels.into_iter().filter(|label| loader.of_module(label).next().is_some()).collect();
        return Ok((vec![Target::Latest], format!("  Apply all migrations: {}", with_migrations.join(", "))));
    };
    check_label(ctx, label, 1)?;
    loader.check_module(label).map_err(command_error)?;
    match migration {
        None => Ok((vec![Target::Module(label.to_owned())], format!("  Apply all migrations: {label}"))),
        Some("zero") => Ok((vec![Target::Zero(label.to_owned())], format!("  Unapply all migrations: {label}"))),
        Some("") => Err(CommandError::new(format!("Cannot find a migration matching '' from app '{label}'."))),
        Some(prefix) => {
            let key = loader.find(label, prefix).map_err(command_error)?;
            let heading = format!("  Target specific migration: {}, from {label}", key.name);
            Ok((vec![Target::Node(key)], heading))
        }
    }
}

fn show_heading(heading: &str, console: &mut Console) {
    if console.verbosity() > 0 {
        console.stdout.styled(Role::MigrateHeading, "Operations to perform:");
        let (what, which) = heading.split_once(": ").unwrap_or((heading, ""));
        let what = console.stdout.paint(Role::MigrateLabel, &format!("{what}:"));
        console.stdout.write(format!("{what} {which}"));
    }
}

fn show_plan(plan: &Plan, loader: &Loader, console: &mut Console) {
    console.stdout.styled(Role::MigrateLabel, "Planned operations:");
    if plan.is_empty() {
        console.stdout.write("  No planned migration operations.");
    }
    for step in &plan.steps {
        console.stdout.styled(Role::MigrateHeading, &step.key);
        let Some(migration) = loader.migration(&step.key) else { continue };
        let describe = |operation: &db::migrations::Operation| match step.direction {
            Direction::Forwards => format!("    {}", shortened(&operation.describe())),
            Direction::Backwards if operation.reversed().is_some() => {
                format!("    Undo {}", shortened(&operation.describe()))
            }
            Direction::Backwards => format!("    Undo {} -> IRREVERSIBLE", shortened(&operation.describe())),
        };
        let lines = migration.operations.iter().map(describe);
        let lines: Vec<String> =
            if step.direction == Direction::Forwards { lines.collect() } else { lines.rev().collect() };
        lines.iter().for_each(|line| console.stdout.write(line));
    }
}

/// As Django does, a long description ends in `…` after 40 characters.
fn shortened(text: &str) -> String {
    const LIMIT: usize = 40;
    match text.char_indices().nth(LIMIT) {
        None => text.to_owned(),
        Some(_) => text.chars().take(LIMIT - 1).chain(['…']).collect(),
    }
}

async fn apply(
    executor: &Executor<'_>,
    targets: &[Target],
    mode: Mode,
    ctx: &Context,
    console: &mut Console,
) -> anyhow::Result<ProjectState> {
    let verbosity = console.verbosity();
    if verbosity > 0 {
        console.stdout.styled(Role::MigrateHeading, "Running migrations:");
    }
    let outcome = executor.migrate(targets, mode, &mut |progress| show_progress(progress, console)).await;
    let outcome = outcome.map_err(|error| {
        if verbosity > 0 {
            console.stdout.write("");
        }
        command_error(error)
    })?;
    if !outcome.plan.is_empty() || verbosity == 0 {
        return Ok(outcome.state);
    }
    console.stdout.write("  No migrations to apply.");
    let changed = changed_modules(ctx, &outcome.state)?;
    if !changed.is_empty() {
        let program = ctx.program();
        console.stdout.styled(
            Role::Notice,
            format!(
                "  Your models in app(s): {} have changes that are not yet reflected in a migration, and so won't be \
                 applied.\n  Run '{program} makemigrations' to make new migrations, and then re-run '{program} migrate' \
                 to apply them.",
                changed.join(", ")
            ),
        );
    }
    Ok(outcome.state)
}

fn show_progress(progress: Progress<'_>, console: &mut Console) {
    if console.verbosity() == 0 {
        return;
    }
    match progress {
        Progress::ApplyStart(key) => console.stdout.write_unended(format!("  Applying {key}...")),
        Progress::UnapplyStart(key) => console.stdout.write_unended(format!("  Unapplying {key}...")),
        Progress::ApplySuccess(_, mode) | Progress::UnapplySuccess(_, mode) => {
            let done = if mode == Mode::Fake { " FAKED" } else { " OK" };
            console.stdout.styled(Role::Success, done);
        }
        Progress::Resuming { done, total, .. } => {
            console.stdout.write_unended(format!(" resuming after operation {done} of {total}..."));
        }
        Progress::RenderStart | Progress::RenderSuccess => {}
    }
}

/// The modules whose models differ from what the migrations say.
fn changed_modules(ctx: &Context, migrated: &ProjectState) -> anyhow::Result<Vec<String>> {
    let differences = migrated.diff(&reflected(ctx.modules())?);
    let changed = |label: &str| differences.iter().any(|line| line.starts_with(&format!("model {label}.")));
    Ok(ctx.modules().iter().map(|module| module.label().to_owned()).filter(|label| changed(label)).collect())
}
