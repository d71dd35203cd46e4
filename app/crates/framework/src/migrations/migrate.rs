//! `migrate`: brings a database up to date.

use std::collections::BTreeSet;

use db::ProjectState;
use db::migrations::{Executor, Loader, Mode, NodeKey, Progress, Target};

use super::plan::{check_error, show_plan};
use super::{
    MigrateEvent, Moment, check_label, command_error, conflict_error, data_functions, load, reflected, run_handlers,
    state_of,
};
use crate::context::Context;
use crate::management::{Answer, Checks, Command, CommandError, Console, Output, Role};

impl Command for cli::Migrate {
    const NAME: &'static str = "migrate";
    const CHECKS: Checks = Checks::Tags(&["models", "modules"]);

    async fn handle(self, ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
        if self.noinput {
            // The command itself asks nothing; a module's handler may.
            console.set_answer(Answer::Never);
        }
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
        if self.prune {
            return prune(&executor, self.module.as_deref(), console).await;
        }
        // Also finds what is wrong with the history before anything is announced or run.
        let plan = executor.plan(&targets).await.map_err(command_error)?;
        if self.check || self.plan {
            if self.plan {
                show_plan(&plan, &loader, database.backend(), console);
            }
            return if self.check && !plan.is_empty() { Err(check_error(&plan, ctx).into()) } else { Ok(Output::None) };
        }
        let mode = match (self.fake, self.fake_initial) {
            (true, _) => Mode::Fake,
            (false, true) => Mode::FakeInitial,
            (false, false) => Mode::Run,
        };
        show_heading(&heading, console);
        let before = state_of(&loader, &database).await?;
        let event = MigrateEvent { ctx, database: &database, alias, state: &before, console: &mut *console };
        run_handlers(Moment::Before, event).await?;
        let state = apply(&executor, &targets, mode, ctx, console).await?;
        run_handlers(Moment::After, MigrateEvent { ctx, database: &database, alias, state: &state, console }).await?;
        Ok(Output::None)
    }
}

/// Deletes the records of the module's migrations whose files are gone.
async fn prune(executor: &Executor<'_>, module: Option<&str>, console: &mut Console) -> anyhow::Result<Output> {
    let Some(label) = module else {
        return Err(CommandError::new("Migrations can be pruned only when an app is specified.").into());
    };
    if console.verbosity() > 0 {
        console.stdout.styled(Role::MigrateHeading, "Pruning migrations:");
    }
    let pruned = executor.prune(label).await.map_err(command_error)?;
    if console.verbosity() > 0 {
        for key in &pruned {
            let what = console.stdout.paint(Role::MigrateLabel, &format!("  Pruning {key}"));
            let done = console.stdout.paint(Role::Success, " OK");
            console.stdout.write(format!("{what}{done}"));
        }
        if pruned.is_empty() {
            console.stdout.write("  No migrations to prune.");
        }
    }
    Ok(Output::None)
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
    let mut within_line = false;
    let mut progress = |progress: Progress<'_>| {
        match progress {
            Progress::ApplyStart(_) | Progress::UnapplyStart(_) => within_line = true,
            Progress::ApplySuccess(..) | Progress::UnapplySuccess(..) => within_line = false,
            Progress::RenderStart | Progress::RenderSuccess | Progress::Resuming { .. } => {}
        }
        show_progress(progress, console);
    };
    let outcome = executor.migrate(targets, mode, &mut progress).await;
    let outcome = outcome.map_err(|error| {
        if within_line && verbosity > 0 {
            console.stdout.write("");
        }
        command_error(error)
    })?;
    warn_of_edits(&outcome.edited, ctx, console);
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

/// An applied migration whose file says something else now: the database has what it said then.
fn warn_of_edits(edited: &[NodeKey], ctx: &Context, console: &mut Console) {
    if edited.is_empty() || console.verbosity() == 0 {
        return;
    }
    let names: Vec<String> = edited.iter().map(NodeKey::to_string).collect();
    let program = ctx.program();
    // Nobody edits a first migration by hand; of a module that was removed and made anew the database has the old one.
    let anew = edited.iter().filter(|key| key.name.starts_with("0001")).map(|key| {
        let label = &key.module;
        format!("; if `{label}` was removed and made anew, `{program} migrate {label} zero --fake` forgets the old one")
    });
    console.stderr.styled(
        Role::Warning,
        format!(
            "warning: edited after it was applied: {}\nhint: `{program} migrate --drift` says whether the tables differ; \
             put the old text back and write a new migration, or go back and apply it again{}",
            names.join(", "),
            anew.collect::<String>()
        ),
    );
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
pub(crate) fn changed_modules(ctx: &Context, migrated: &ProjectState) -> anyhow::Result<Vec<String>> {
    let differences = migrated.diff(&reflected(ctx.modules())?);
    let changed = |label: &str| differences.iter().any(|line| line.starts_with(&format!("model {label}.")));
    Ok(ctx.modules().iter().map(|module| module.label().to_owned()).filter(|label| changed(label)).collect())
}
