//! Emptying all tables of models at once.

use sea_orm::{ConnectionTrait, TransactionTrait};

use crate::{
    Backend, Database, Error, ProjectState,
    backend::{literal, quote, quote_list},
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
    /// Empties every table of `state`, all or none. PostgreSQL refuses when other tables reference them.
    ///
    /// # Errors
    /// [`Error::Database`] with the database's reason.
    pub async fn flush(&self, state: &ProjectState) -> Result<(), Error> {
        let session = self.session().await?;
        let done = flush(&session, state).await;
        let ended = session.end_session().await;
        done.and(ended)
    }
}

async fn flush(session: &Database, state: &ProjectState) -> Result<(), Error> {
    let is_sqlite = session.backend() == Backend::Sqlite;
    if is_sqlite {
        // Tables that reference each other have no order in which they can be emptied.
        session.execute_unprepared("PRAGMA foreign_keys = OFF").await?;
    }
    let done = in_transaction(session, state).await;
    if is_sqlite {
        session.execute_unprepared("PRAGMA foreign_keys = ON").await?;
    }
    done
}

async fn in_transaction(session: &Database, state: &ProjectState) -> Result<(), Error> {
    let tx = session.begin().await?;
    for statement in flush_statements(state, session.backend()) {
        if let Err(error) = tx.execute_unprepared(&statement).await {
            tx.rollback().await?;
            return Err(error.into());
        }
    }
    Ok(tx.commit().await?)
}
