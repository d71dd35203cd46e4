//! The databases: whether they answer, are whole, and have the tables that the migrations say.

use anyhow::Context as _;
use db::migrations::{Executor, Functions, Loader, Operation, Plan, Target};
use db::{Backend, Database};

use super::files::writable_again;
use super::{DoctorCheck, Finding, edit, typed};
use crate::conf::Environment;
use crate::context::Context;
use crate::management::Call;
use crate::migrations::{differences, load};

pub(super) const CHECKS: &[DoctorCheck] =
    &[DoctorCheck::new("database", |ctx| Box::pin(databases(ctx))).repaired_by(|ctx| Box::pin(migrate(ctx)))];

/// A SQLite file up to this size is read wholly, to see whether it is damaged.
const SMALL: u64 = 256 * 1024 * 1024;

async fn databases(ctx: &Context) -> Vec<Finding> {
    let mut findings = Vec::new();
    for alias in ctx.settings().database_aliases() {
        findings.extend(database(ctx, alias).await);
    }
    findings
}

async fn database(ctx: &Context, alias: &str) -> Vec<Finding> {
    let id = format!("database.{alias}");
    // Connecting would make the file.
    if ctx.may_hold_tables(alias).is_ok_and(|may| !may) {
        return vec![Finding::warning(
            id,
            format!("the database `{alias}` is not there yet"),
            migrate_command(ctx, alias),
        )];
    }
    let database = match connected(ctx, alias).await {
        Ok(database) => database,
        Err(error) => return vec![Finding::error(id, format!("{error:#}"), remedy(ctx, alias, &error))],
    };
    let url = database.describe();
    if database.backend() == Backend::Sqlite && database.file().is_none() {
        return vec![Finding::ok(id, format!("{url} is made anew by each process"))];
    }
    let damage = damage(ctx, alias, &database).await;
    if damage.as_ref().is_some_and(Finding::is_wrong) {
        return damage.into_iter().collect();
    }
    let mut findings = vec![Finding::ok(&id, format!("{url} answers"))];
    findings.extend(damage);
    findings.extend(match load(ctx) {
        Ok(loader) => of_migrations(ctx, alias, &database, &loader).await,
        Err(_) => vec![Finding::skipped(
            format!("{id}.migrations"),
            "tables are not compared while migrations cannot be read",
        )],
    });
    findings
}

async fn connected(ctx: &Context, alias: &str) -> anyhow::Result<Database> {
    let database = ctx.database(alias).await?;
    database.ping().await?;
    Ok(database)
}

/// What is damaged in the file; nothing when nothing is.
async fn damage(ctx: &Context, alias: &str, database: &Database) -> Option<Finding> {
    let file = database.file()?;
    let id = format!("database.{alias}.file");
    let size = std::fs::metadata(&file).map_or(0, |data| data.len());
    if size > SMALL {
        let message = format!("{} is large; `PRAGMA quick_check` says whether it is damaged", database.describe());
        return Some(Finding::skipped(id, message));
    }
    let words = match database.damage().await {
        Ok(None) => return None,
        Ok(Some(words)) => words,
        Err(error) => error.to_string(),
    };
    Some(Finding::error(id, format!("{} is damaged: {words}", database.describe()), salvage(&typed(ctx, &file))))
}

/// Nothing is lost by it: what can be read goes into another file.
fn salvage(file: &str) -> String {
    format!("sqlite3 {file} .recover | sqlite3 {file}.recovered")
}

/// The command for a database that cannot be opened.
fn remedy(ctx: &Context, alias: &str, error: &anyhow::Error) -> String {
    let is_local =
        |address: &str| ["/", "127.", "localhost:", "[::1]:", "::1:"].iter().any(|start| address.starts_with(start));
    let url = match alias {
        "default" => "database.url".to_owned(),
        alias => format!("databases.{alias}.url"),
    };
    let place = || edit(ctx, ctx.settings().origins.of(&url).unwrap_or_default());
    match error.downcast_ref::<db::Error>() {
        Some(db::Error::Unreachable { address, .. }) if is_local(address) => {
            "sudo systemctl start postgresql".to_owned()
        }
        Some(db::Error::NotWritable { place, .. }) => writable_again(ctx, place),
        Some(db::Error::BadFile { path, .. }) => salvage(&typed(ctx, path)),
        _ => place(),
    }
}

fn migrate_command(ctx: &Context, alias: &str) -> String {
    let option = if alias == "default" { String::new() } else { format!(" --database {alias}") };
    format!("{} migrate{option}", ctx.program())
}

async fn of_migrations(ctx: &Context, alias: &str, database: &Database, loader: &Loader) -> Vec<Finding> {
    let id = format!("database.{alias}.migrations");
    let (unfinished, plan) = match history(database, loader).await {
        Ok(history) => history,
        Err(error) => {
            return vec![Finding::error(id, format!("{error:#}"), format!("{} showmigrations", ctx.program()))];
        }
    };
    let mut findings: Vec<Finding> = unfinished
        .iter()
        .map(|text| Finding::error(format!("database.{alias}.unfinished"), text, migrate_command(ctx, alias)))
        .collect();
    findings.push(match plan.steps.len() {
        0 => Finding::ok(id, format!("every migration is applied to `{alias}`")),
        count => {
            let message = format!("not applied to `{alias}`: {} ({count})", names(&plan));
            Finding::error(id, message, migrate_command(ctx, alias))
        }
    });
    // Half of a migration is a difference by its nature.
    if unfinished.is_empty() {
        findings.push(drift(ctx, alias, database, loader).await);
    }
    findings
}

/// Migrations that stopped in the middle, in words, and those that are not applied.
async fn history(database: &Database, loader: &Loader) -> anyhow::Result<(Vec<String>, Plan)> {
    let plan = Executor::new(database, loader, &Functions::default()).plan(&[Target::Latest]).await?;
    let unfinished = database.unfinished_migrations().await?;
    let text = |(key, at): (_, &db::migrations::Unfinished)| {
        format!("migration {key} stopped in the middle: {} of its {} operations are done", at.done, at.total)
    };
    Ok((unfinished.iter().map(text).collect(), plan))
}

async fn drift(ctx: &Context, alias: &str, database: &Database, loader: &Loader) -> Finding {
    let id = format!("database.{alias}.drift");
    let option = if alias == "default" { String::new() } else { format!(" --database {alias}") };
    let command = format!("{} migrate --drift{option}", ctx.program());
    match differences(loader, database).await {
        Ok(found) => match found.as_slice() {
            [] => Finding::ok(id, format!("the tables of `{alias}` are as the migrations say")),
            [first, ..] => {
                let message = format!("the tables of `{alias}` differ from the migrations ({}): {first}", found.len());
                Finding::error(id, message, command)
            }
        },
        Err(error) => Finding::error(id, format!("{error:#}"), command),
    }
}

/// The first migrations of a plan.
fn names(plan: &Plan) -> String {
    const MOST: usize = 5;
    let names = plan.steps.iter().take(MOST).map(|step| step.key.to_string());
    let more = (plan.steps.len() > MOST).then(|| "…".to_owned());
    names.chain(more).collect::<Vec<_>>().join(", ")
}

/// Applies what is pending where that loses nothing. Not an error: a database that cannot be opened, which is a finding.
async fn migrate(ctx: &Context) -> anyhow::Result<Vec<String>> {
    let mut done = Vec::new();
    let Ok(loader) = load(ctx) else { return Ok(done) };
    if ctx.settings().environment != Environment::Development || loader.check_conflicts().is_err() {
        return Ok(done);
    }
    for alias in ctx.settings().database_aliases() {
        if ctx.backend(alias).ok() != Some(Backend::Sqlite) {
            continue;
        }
        let Ok(database) = connected(ctx, alias).await else { continue };
        let Ok((unfinished, plan)) = history(&database, &loader).await else { continue };
        let loses = || async { anyhow::Ok(database.has_tables().await? && !is_harmless(&plan, &loader)) };
        if plan.is_empty() || !unfinished.is_empty() || database.is_read_only() || loses().await? {
            continue;
        }
        let called = Call::named("migrate", ["--noinput", "--database", alias]).run(ctx).await;
        called.with_context(|| format!("`migrate --database {alias}` failed"))?;
        done.push(format!("applied to `{alias}`: {}", names(&plan)));
    }
    Ok(done)
}

/// Whether the migrations only add: nothing is deleted, nothing rewritten, and nothing of the project's own runs.
fn is_harmless(plan: &Plan, loader: &Loader) -> bool {
    let operations =
        plan.steps.iter().filter_map(|step| loader.migration(&step.key)).flat_map(|found| &found.operations);
    operations.into_iter().all(|operation| {
        matches!(
            operation,
            Operation::CreateModel(_)
                | Operation::AddField(_)
                | Operation::AddIndex(_)
                | Operation::RemoveIndex(_)
                | Operation::RenameIndex(_)
                | Operation::AddConstraint(_)
        )
    })
}
