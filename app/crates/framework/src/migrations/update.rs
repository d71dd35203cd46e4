//! `makemigrations --update`: new operations go into the last migration instead of a new one.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::Context as _;
use db::migrations::{Loader, NewMigration, Updated};

use super::command_error;
use super::makemigrations::{Run, Writing};
use super::sources::shown_path;
use crate::management::{Console, Role};

/// Puts each module's new operations into its last migration, whose name follows its new content.
pub(super) async fn update(
    run: &Run<'_>,
    loader: &Loader,
    new: &[NewMigration],
    console: &mut Console,
) -> anyhow::Result<()> {
    let loader = applied_anywhere(run, loader).await?;
    let labels: BTreeSet<&str> = new.iter().map(|new| new.key.module.as_str()).collect();
    let updates = labels.into_iter().map(|label| db::migrations::update(&loader, label, new, run.name, run.ctx.now()));
    let updates: Vec<Updated> = updates.collect::<Result<_, _>>().map_err(command_error)?;
    let written: Vec<NewMigration> = updates.iter().map(|update| update.new.clone()).collect();
    run.write(&written, console)?;
    if run.writing == Writing::Dry {
        return Ok(());
    }
    for update in &updates {
        let old = run.path(&update.previous)?;
        fs::remove_file(&old).with_context(|| format!("failed to remove `{}`", old.display()))?;
        if console.verbosity() > 0 {
            run.say(Some(Role::Notice), &format!("Deleted {}", shown_path(run.ctx, &old)), console);
        }
    }
    Ok(())
}

/// The migrations, as applied when any of the databases has them.
async fn applied_anywhere(run: &Run<'_>, loader: &Loader) -> anyhow::Result<Loader> {
    let mut applied = BTreeMap::new();
    for alias in run.ctx.settings().database_aliases() {
        if run.ctx.may_hold_tables(alias)? {
            applied.extend(run.ctx.database(alias).await?.applied_migrations().await?);
        }
    }
    Ok(loader.for_applied(&applied)?)
}
