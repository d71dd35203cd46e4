//! `flush` and `sqlflush`: empty tables, as after the first `migrate`.

use db::flush::flush_statements;
use db::{Backend, Database, ProjectState};

use super::{MigrateEvent, Moment, load, run_handlers, state_of};
use crate::context::Context;
use crate::management::{Answer, Checks, Command, CommandError, Console, Output};

impl Command for cli::Flush {
    const NAME: &'static str = "flush";
    // Without the modules' folders it would find no tables.
    const CHECKS: Checks = Checks::Tags(&["models"]);

    async fn handle(self, ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
        let alias = self.database.as_deref().unwrap_or("default");
        let (database, state) = migrated(ctx, alias).await?;
        if self.noinput {
            console.set_answer(Answer::Never);
        } else if console.ask(&question(&database))? != "yes" {
            console.stdout.write("Flush cancelled.");
            return Ok(Output::None);
        }
        database.flush(&state).await.map_err(|error| refused(ctx, &database, error))?;
        run_handlers(Moment::After, MigrateEvent { ctx, database: &database, alias, state: &state, console }).await?;
        Ok(Output::None)
    }
}

impl Command for cli::Sqlflush {
    const NAME: &'static str = "sqlflush";
    const CHECKS: Checks = Checks::Tags(&["models"]);

    async fn handle(self, ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
        let (database, state) = migrated(ctx, self.database.as_deref().unwrap_or("default")).await?;
        let statements = flush_statements(&state, database.backend());
        if statements.is_empty() {
            if console.verbosity() > 0 {
                console.stderr.write("No tables found.");
            }
            return Ok(Output::None);
        }
        let sql = format!("BEGIN;\n{};\nCOMMIT;", statements.join(";\n"));
        Ok(Output::Text(match database.backend() {
            Backend::Sqlite => format!("PRAGMA foreign_keys = OFF;\n{sql}\nPRAGMA foreign_keys = ON;"),
            Backend::Postgres => sql,
        }))
    }
}

/// A database, and its tables as the migrations that are applied to it say.
async fn migrated(ctx: &Context, alias: &str) -> anyhow::Result<(Database, ProjectState)> {
    let database = ctx.database(alias).await?;
    let state = state_of(&load(ctx)?, &database).await?;
    Ok((database, state))
}

fn question(database: &Database) -> String {
    format!(
        "You have requested a flush of the database.\n\
         This will IRREVERSIBLY DESTROY all data currently in the \"{}\" database,\n\
         and return each table to an empty state.\n\
         Are you sure you want to do this?\n\n    Type 'yes' to continue, or 'no' to cancel: ",
        database.describe()
    )
}

fn refused(ctx: &Context, database: &Database, error: db::Error) -> CommandError {
    let text = format!(
        "Database {} couldn't be flushed: {error}\nhint: `{} sqlflush` prints the SQL that this command was not able \
         to run",
        database.describe(),
        ctx.program()
    );
    CommandError::new(text).source(error)
}
