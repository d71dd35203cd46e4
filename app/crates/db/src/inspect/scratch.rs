//! The tables that a state describes, made for nothing but to be looked at.

use sea_orm::ConnectionTrait;

use super::{Table, sqlite::tables};
use crate::{
    Backend, ConnectOptions, Database, Error, ProjectState,
    migrations::{AlterField, ModelDefinition, Operation},
    schema::Change,
    state::{Field, ModelKey, ModelState},
};

/// Builds them in a database in memory that is gone afterwards.
pub(super) async fn sqlite(state: &ProjectState) -> Result<Vec<Table>, Error> {
    let mut sql = Vec::new();
    for (key, model) in state.models() {
        // SQLite lets a table reference one that is not there yet.
        sql.extend(create(key, model, state, Backend::Sqlite)?);
    }
    let memory = Database::connect(ConnectOptions::new("sqlite::memory:", "")).await?;
    let built = async {
        for statement in &sql {
            memory.execute_unprepared(statement).await?;
        }
        tables(&memory).await
    };
    let built = built.await;
    memory.close().await?;
    built
}

/// Builds them as temporary tables of the session; the caller rolls back.
pub(super) async fn postgres<C: ConnectionTrait>(tx: &C, state: &ProjectState) -> Result<(), Error> {
    let path = "SELECT set_config('search_path', concat_ws(', ', 'pg_temp', NULLIF(current_setting('search_path'), '')), true)";
    tx.execute_unprepared(path).await?;
    let mut bare = ProjectState::default();
    for (key, model) in state.models() {
        let fields = model.fields.iter().map(|field| Field { references: None, ..field.clone() }).collect();
        bare.insert(key.clone(), ModelState { fields, ..model.clone() });
    }
    let mut sql = Vec::new();
    for (key, model) in bare.models() {
        sql.extend(create(key, model, &bare, Backend::Postgres)?);
    }
    // Once all tables are there, references may point in circles.
    for (key, model) in state.models() {
        for field in model.fields.iter().filter(|field| field.references.is_some()) {
            let old = Field { references: None, ..field.clone() };
            let op = AlterField { model: key.name.clone(), old, new: field.clone(), fill: None };
            sql.extend(statements(key, &Operation::AlterField(op), &bare, state, Backend::Postgres)?);
        }
    }
    for statement in &sql {
        tx.execute_unprepared(statement).await?;
    }
    Ok(())
}

fn create(key: &ModelKey, model: &ModelState, state: &ProjectState, backend: Backend) -> Result<Vec<String>, Error> {
    let operation = Operation::CreateModel(ModelDefinition::from_state(&key.name, model));
    statements(key, &operation, state, state, backend)
}

fn statements(
    key: &ModelKey,
    operation: &Operation,
    before: &ProjectState,
    after: &ProjectState,
    backend: Backend,
) -> Result<Vec<String>, Error> {
    let change = Change { operation, module: &key.module, before, after };
    let statements = change.statements(backend, &[]);
    Ok(statements.map_err(|reason| Error::Model { model: key.to_string(), reason })?.unwrap_or_default())
}
