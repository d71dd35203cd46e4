//! `migrate --drift`: where the tables differ from what the applied migrations say.

use std::collections::BTreeSet;

use db::inspect::{Difference, Side, drift};
use db::migrations::{Loader, Operation};
use db::{Backend, Database};

use super::{command_error, state_of};
use crate::context::Context;
use crate::management::{CommandError, Console, Output};

/// Compares the database `alias` with the state of the migrations that are recorded as applied to it.
///
/// # Errors
/// When they differ, and when the database cannot be read.
pub(super) async fn report(
    ctx: &Context,
    loader: &Loader,
    alias: &str,
    console: &mut Console,
) -> anyhow::Result<Output> {
    let database = ctx.database(alias).await?;
    let differences = differences(loader, &database).await?;
    if differences.is_empty() {
        console.stdout.write("No drift detected.");
        return Ok(Output::None);
    }
    for difference in &differences {
        console.stdout.write(difference);
    }
    let (count, program) = (differences.len(), ctx.program());
    Err(CommandError::new(format!(
        "{count} difference(s) between the database and the applied migrations\n\
         hint: undo them in the database, or put them into the models and run `{program} makemigrations`"
    ))
    .into())
}

/// Where the tables differ from what the applied migrations say, apart from what these made by SQL of their own.
///
/// # Errors
/// When the database cannot be read.
pub(crate) async fn differences(loader: &Loader, database: &Database) -> anyhow::Result<Vec<Difference>> {
    let state = state_of(loader, database).await?;
    let mut differences = drift(database, &state).await.map_err(command_error)?;
    let applied = database.applied_migrations().await?;
    let migrations = loader.labels().iter().flat_map(|label| loader.of_module(label));
    let operations = migrations.filter(|(key, _)| applied.contains_key(key)).flat_map(|(_, found)| &found.operations);
    let made: BTreeSet<&str> = operations.flat_map(|operation| made_by_sql(operation, database.backend())).collect();
    differences.retain(|difference| difference.side != Side::Database || !made.contains(difference.name.as_str()));
    Ok(differences)
}

/// The names in SQL that makes something, of which the models' state knows nothing.
fn made_by_sql(operation: &Operation, backend: Backend) -> impl Iterator<Item = &str> {
    let text = match operation {
        Operation::RunSql(op) => op.sql.text(backend),
        _ => "",
    };
    let words = || text.split(|character: char| !character.is_alphanumeric() && character != '_');
    let makes = words().any(|word| ["create", "add"].iter().any(|verb| word.eq_ignore_ascii_case(verb)));
    words().filter(move |word| makes && !word.is_empty())
}
