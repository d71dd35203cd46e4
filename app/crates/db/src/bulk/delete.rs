//! Deleting rows in steps, by key or by a condition.

use std::marker::PhantomData;

use sea_orm::{
    Condition, EntityTrait, Iterable, PrimaryKeyToColumn, PrimaryKeyTrait, QueryFilter, QuerySelect, QueryTrait,
    Statement, StatementBuilder, Value,
    sea_query::{Expr, ExprTrait, IntoValueTuple, Query, ValueTuple},
};

use super::{
    DEFAULT_BATCH_SIZE,
    batches::Batch,
    insert::{arrays, placeholders, texts, unnest},
    table::Table,
};
use crate::{Backend, Connection, Error, backend::quote, backend::quote_list, connection::Handle};

type Key<E> = <<E as EntityTrait>::PrimaryKey as PrimaryKeyTrait>::ValueType;

/// Rows to delete, and how; see [`delete`] and [`delete_where`].
#[derive(Debug)]
#[must_use = "nothing is deleted before `exec`"]
pub struct Delete<E> {
    which: Which,
    batch_size: Option<usize>,
    entity: PhantomData<E>,
}

#[derive(Debug)]
enum Which {
    /// The values of each key, one after another.
    Keys(Vec<Value>),
    Condition(Condition),
}

/// Deletes the rows with these primary keys; keys that no row has are passed over.
pub fn delete<E: EntityTrait>(keys: impl IntoIterator<Item = Key<E>>) -> Delete<E> {
    by_values(keys.into_iter().map(IntoValueTuple::into_value_tuple))
}

/// The same with keys whose type is not known.
pub(super) fn by_values<E: EntityTrait>(keys: impl Iterator<Item = ValueTuple>) -> Delete<E> {
    let values = keys.flat_map(|key| key.into_iter());
    Delete { which: Which::Keys(values.collect()), batch_size: None, entity: PhantomData }
}

/// Deletes the rows that meet a condition.
pub fn delete_where<E: EntityTrait>(condition: Condition) -> Delete<E> {
    Delete { which: Which::Condition(condition), batch_size: None, entity: PhantomData }
}

impl<E: EntityTrait> Delete<E> {
    /// How many rows go in one step; fewer when the backend cannot bind so many values.
    pub fn batch_size(mut self, rows: impl Into<Option<usize>>) -> Self {
        self.batch_size = rows.into();
        self
    }

    /// Deletes them, all or nothing, and returns how many were deleted, without those that went with them by their
    /// foreign keys. [`simulate_delete`](super::simulate_delete) says beforehand what those would be.
    ///
    /// # Errors
    /// [`Error::Database`], also when a row that stays references one that would go.
    pub async fn exec(self, db: &impl Connection) -> Result<u64, Error> {
        let table = Table::of::<E>()?;
        let size = self.batch_size.unwrap_or(DEFAULT_BATCH_SIZE).max(1);
        match self.which {
            Which::Keys(values) => by_keys(db.handle(), &table, values, size).await,
            Which::Condition(condition) => {
                let step = step::<E>(condition, size);
                by_condition(db.handle(), &db.get_database_backend().build(&step)).await
            }
        }
    }
}

/// One step of a deletion by condition. The keys of the step are chosen in a query of their own, because neither backend
/// has (or is sure to have) `DELETE … LIMIT`.
fn step<E: EntityTrait>(condition: Condition, size: usize) -> impl StatementBuilder {
    let keys: Vec<E::Column> = E::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column).collect();
    let chosen = E::find().filter(condition).select_only().columns(keys.iter().copied()).limit(size as u64);
    let key = Expr::tuple(keys.iter().map(|key| Expr::col(*key)));
    Query::delete().from_table(E::default()).and_where(key.in_subquery(chosen.into_query())).to_owned()
}

async fn by_condition(db: Handle<'_>, step: &Statement) -> Result<u64, Error> {
    let own = db.begin().await?;
    let db = own.as_ref().map_or(db, Handle::Transaction);
    let mut deleted = 0;
    // Not "until fewer than a full step": rows of the same step may have gone with one another.
    loop {
        match db.execute(step.clone()).await?.rows_affected() {
            0 => break,
            rows => deleted += rows,
        }
    }
    if let Some(own) = own {
        own.commit().await?;
    }
    Ok(deleted)
}

pub(super) async fn by_keys(db: Handle<'_>, table: &Table, values: Vec<Value>, size: usize) -> Result<u64, Error> {
    let (backend, width) = (db.backend(), table.key.len().max(1));
    let size = match backend {
        Backend::Sqlite => size.min(backend.bind_limit() / width).max(1),
        Backend::Postgres => size,
    };
    let own = db.begin().await?;
    let db = own.as_ref().map_or(db, Handle::Transaction);
    let mut deleted = 0;
    let mut values = values.into_iter().peekable();
    while values.peek().is_some() {
        let chosen: Vec<Value> = values.by_ref().take(size * width).collect();
        let batch = Batch { columns: table.key.clone(), rows: chosen.len() / width, values: chosen };
        let sql = format!("DELETE FROM {} WHERE {}", quote(&table.name), has_key(backend, table, batch.rows));
        let values = match backend {
            Backend::Sqlite => batch.values,
            Backend::Postgres => texts(arrays(table, &batch.columns, &batch.values)?),
        };
        deleted += db.execute(Statement::from_sql_and_values(backend.into(), sql, values)).await?.rows_affected();
    }
    if let Some(own) = own {
        own.commit().await?;
    }
    Ok(deleted)
}

/// The condition that a row has one of so many keys.
fn has_key(backend: Backend, table: &Table, rows: usize) -> String {
    let keys = table.names(&table.key);
    match (backend, keys.as_slice()) {
        (Backend::Postgres, _) => {
            format!("({}) IN (SELECT * FROM {})", quote_list(&keys), unnest(table, &table.key))
        }
        (Backend::Sqlite, [key]) => format!("{} IN (VALUES {})", quote(key), placeholders(1, rows)),
        (Backend::Sqlite, keys) => has_composite_key(&table.name, keys, rows),
    }
}

/// The same for a key of several columns on SQLite. `(a, b) IN (VALUES …)` would look at every row of the table: such
/// values have no type that fits an index.
pub(super) fn has_composite_key(table: &str, keys: &[&str], rows: usize) -> String {
    let name = quote(table);
    let pairs = keys.iter().zip(1..).map(|(key, at)| format!("{name}.{} = source.column{at}", quote(key)));
    let pairs: Vec<String> = pairs.collect();
    let values = placeholders(keys.len(), rows);
    format!(
        "{name}.rowid IN (SELECT {name}.rowid FROM (VALUES {values}) AS source CROSS JOIN {name} WHERE {})",
        pairs.join(" AND ")
    )
}
