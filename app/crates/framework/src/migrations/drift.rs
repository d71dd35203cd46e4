//! `migrate --drift`: where the tables differ from what the applied migrations say.

use db::inspect::{Difference, Side, drift};
use db::migrations::{Loader, Operation};

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
    let state = state_of(loader, &database).await?;
    let mut differences = drift(&database, &state).await.map_err(command_error)?;
    let sql = sql_of_migrations(loader, database.backend());
    differences.retain(|difference| !said_in_sql(difference, &sql));
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

/// The texts of all `run_sql`.
fn sql_of_migrations(loader: &Loader, backend: db::Backend) -> Vec<&str> {
    let migrations = loader.labels().iter().flat_map(|label| loader.of_module(label));
    let operations = migrations.flat_map(|(_, migration)| &migration.operations);
    operations
        .filter_map(|operation| match operation {
            Operation::RunSql(op) => Some(op.sql.text(backend)),
            _ => None,
        })
        .collect()
}

/// Whether a migration made the thing by SQL of its own, of which the models' state knows nothing.
fn said_in_sql(difference: &Difference, sql: &[&str]) -> bool {
    let named = !difference.name.is_empty() && difference.side == Side::Database;
    named && sql.iter().any(|text| text.contains(&difference.name))
}
