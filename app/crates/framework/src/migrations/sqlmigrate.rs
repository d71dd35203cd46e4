//! `sqlmigrate`: the SQL of a migration, without touching a database.

use db::migrations::{Direction, Loader, Migration, NodeKey, Work};
use db::{Backend, Error};

use super::{check_label, command_error, load};
use crate::context::Context;
use crate::management::{Checks, Command, CommandError, Console, Output};

impl Command for cli::Sqlmigrate {
    const NAME: &'static str = "sqlmigrate";
    // Without the modules' folders it would say that there are no migrations.
    const CHECKS: Checks = Checks::Tags(&["models"]);

    async fn handle(self, ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
        let backend = ctx.backend(self.database.as_deref().unwrap_or("default"))?;
        check_label(ctx, &self.module, 1)?;
        let loader = load(ctx)?;
        let key = loader.find(&self.module, &self.migration).map_err(command_error)?;
        let direction = if self.backwards { Direction::Backwards } else { Direction::Forwards };
        let migration = loader.migration(&key).cloned().ok_or_else(|| Error::UnknownNode(key.clone()))?;
        if migration.operations.is_empty() {
            if console.verbosity() > 0 {
                console.stderr.write("No operations found.");
            }
            return Ok(Output::None);
        }
        let loader = loader.showing(&key)?;
        let sql = sql(&loader, &key, &migration, direction, backend)?;
        Ok(Output::Text(sql))
    }
}

/// The migration's SQL, as the executor would run it.
fn sql(
    loader: &Loader,
    key: &NodeKey,
    migration: &Migration,
    direction: Direction,
    backend: Backend,
) -> Result<String, CommandError> {
    let mut lines = Vec::new();
    let mut rebuilds = false;
    for work in work(loader, key, migration, direction).map_err(command_error)? {
        let change = work.change(&key.module);
        // As the file says it, whichever way it goes.
        let written = &migration.operations[work.number - 1];
        lines.extend(["--".to_owned(), format!("-- {}", written.describe()), "--".to_owned()]);
        if let Some(table) = change.rebuilt_table(backend) {
            rebuilds = true;
            lines.push(format!("-- (`migrate` also makes again what raw SQL hung on {table}: indexes, triggers)"));
        }
        let statements = change.statements(backend, &[]).map_err(CommandError::new)?;
        match statements.as_deref() {
            None => lines.push("-- THIS OPERATION CANNOT BE WRITTEN AS SQL".to_owned()),
            Some([]) => lines.push("-- (no-op)".to_owned()),
            Some(statements) => lines.extend(statements.iter().map(|statement| ended(statement))),
        }
    }
    if migration.atomic {
        lines.insert(0, "BEGIN;".to_owned());
        lines.push("COMMIT;".to_owned());
    }
    if rebuilds {
        // As the executor does: dropping the old table would take the rows along that reference it. Inside a
        // transaction the pragma does nothing.
        lines.insert(0, "PRAGMA foreign_keys = OFF;".to_owned());
        lines.push("PRAGMA foreign_keys = ON;".to_owned());
    }
    Ok(lines.join("\n"))
}

/// The migration's operations, between the states of an empty database on the way to it.
fn work(loader: &Loader, key: &NodeKey, migration: &Migration, direction: Direction) -> Result<Vec<Work>, Error> {
    let mut earlier = loader.graph().forwards_plan(key)?;
    earlier.retain(|other| other != key);
    let mut state = loader.state_after(&earlier)?;
    migration.work(key, direction, 1..usize::MAX, &mut state)
}

/// A statement with its semicolon, which a comment at the end must not swallow.
fn ended(statement: &str) -> String {
    let last = statement.lines().next_back().unwrap_or_default();
    match (statement.ends_with(';'), last.contains("--")) {
        (true, false) => statement.to_owned(),
        (_, true) => format!("{statement}\n;"),
        (false, false) => format!("{statement};"),
    }
}
