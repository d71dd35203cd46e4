//! Emptying all tables of models at once.

use sea_orm::{ConnectionTrait, TransactionTrait};

use crate::{
    Backend, Database, Error, ProjectState, Transaction,
    backend::{literal, quote, quote_list},
    migrations::{
        references::{self, Broken, Touched},
        run::roll_back,
    },
};

/// The statements that empty every table of a state and let generated keys start again. They belong into one
/// transaction; on SQLite foreign keys must be off around it.
pub fn flush_statements(state: &ProjectState, backend: Backend) -> Vec<String> {
    let tables: Vec<&str> = state.models().map(|(_, model)| model.table.as_str()).collect();
    if tables.is_empty() {
        return Vec::new();
    }
    match backend {
        Backend::Postgres => vec![format!("TRUNCATE {} RESTART IDENTITY", quote_list(&tables))],
        Backend::Sqlite => {
            let mut statements: Vec<String> =
                tables.iter().map(|table| format!("DELETE FROM {}", quote(table))).collect();
            let numbered = state.models().filter(|(_, model)| model.fields.iter().any(|field| field.auto_increment));
            let numbered: Vec<String> = numbered.map(|(_, model)| literal(&model.table)).collect();
            // SQLite makes this table with the first one that numbers its rows.
            if !numbered.is_empty() {
                let names = numbered.join(", ");
                statements.push(format!("DELETE FROM \"sqlite_sequence\" WHERE \"name\" IN ({names})"));
            }
            statements
        }
    }
}

impl Database {
    /// Empties every table of `state`, all or none.
    ///
    /// # Errors
    /// [`Error::Database`] with the database's reason: PostgreSQL's when other tables reference them at all;
    /// [`Error::StillReferenced`] on SQLite when rows of others do.
    pub async fn flush(&self, state: &ProjectState) -> Result<(), Error> {
        let session = self.session().await?;
        // Tables that reference each other have no order in which they can be emptied.
        let done = session.unwatched(in_transaction(&session, state)).await;
        let ended = session.end_session().await;
        done.and(ended)
    }
}

async fn in_transaction(session: &Database, state: &ProjectState) -> Result<(), Error> {
    let tx = session.begin().await?;
    match empty(&tx, state).await {
        Ok(()) => Ok(tx.commit().await?),
        Err(error) => {
            roll_back(tx).await;
            Err(error)
        }
    }
}

async fn empty(tx: &Transaction, state: &ProjectState) -> Result<(), Error> {
    let backend = Backend::of(tx);
    for statement in flush_statements(state, backend) {
        tx.execute_unprepared(&statement).await?;
    }
    if backend == Backend::Sqlite {
        let tables = state.models().map(|(_, model)| model.table.clone()).collect();
        if let Some(Broken { table, rowid, parent }) = references::broken(tx, &Touched::Tables(tables)).await? {
            return Err(Error::StillReferenced { table, rowid, parent });
        }
    }
    Ok(())
}
