//! Updating rows, each with values of its own.

use std::collections::HashSet;

use sea_orm::{ActiveModelTrait, EntityTrait, Statement, Value};

use super::{
    DEFAULT_BATCH_SIZE,
    batches::Batch,
    encode::{Form, append},
    insert::{arrays, placeholders, texts, unnest},
    table::{Models, Rows, Table, position},
};
use crate::{Backend, Connection, Error, backend::quote, connection::Handle};

/// Rows to update, and how; see [`update`].
#[derive(Debug)]
#[must_use = "nothing is written before `exec`"]
pub struct Update<A: ActiveModelTrait> {
    rows: Vec<A>,
    fields: Vec<<A::Entity as EntityTrait>::Column>,
    batch_size: Option<usize>,
}

/// What an update did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Updated {
    /// Rows that were there, whether or not they changed.
    pub rows: u64,
    /// Rows that the table does not have.
    pub missing: u64,
}

/// Sets `fields` of each row, found by its primary key, to the row's own values. Other fields are left alone, set or not.
pub fn update<A: ActiveModelTrait>(
    rows: Vec<A>,
    fields: impl IntoIterator<Item = <A::Entity as EntityTrait>::Column>,
) -> Update<A> {
    Update { rows, fields: fields.into_iter().collect(), batch_size: None }
}

impl<A: ActiveModelTrait + Send> Update<A> {
    /// How many rows go in one step; fewer when the backend cannot bind so many values.
    pub fn batch_size(mut self, rows: impl Into<Option<usize>>) -> Self {
        self.batch_size = rows.into();
        self
    }

    /// Writes them, all or nothing.
    ///
    /// # Errors
    /// [`Error::Database`], and [`Error::Bulk`] when a row leaves out its key or one of the fields, when two rows have
    /// the same key, when a field is part of the key, or when there are no fields.
    pub async fn exec(self, db: &impl Connection) -> Result<Updated, Error> {
        let table = Table::of::<A::Entity>()?;
        let fields: Vec<usize> = self.fields.into_iter().map(position::<A::Entity>).collect();
        write(db.handle(), &table, &fields, self.batch_size, &mut Models::new(self.rows)).await
    }
}

async fn write(
    db: Handle<'_>,
    table: &Table,
    fields: &[usize],
    batch_size: Option<usize>,
    rows: &mut dyn Rows,
) -> Result<Updated, Error> {
    if fields.is_empty() {
        return Err(table.refuse("an update needs at least one field"));
    }
    if let Some(&field) = fields.iter().find(|field| table.key.contains(field)) {
        let name = table.columns[field].name;
        return Err(table.refuse(format!("column {name} is part of the primary key, by which rows are found")));
    }
    let columns: Vec<usize> = table.key.iter().chain(fields).copied().collect();
    let backend = db.backend();
    let mut size = batch_size.unwrap_or(DEFAULT_BATCH_SIZE).max(1);
    if backend == Backend::Sqlite {
        size = size.min(backend.bind_limit() / columns.len()).max(1);
    }
    let own = db.begin().await?;
    let db = own.as_ref().map_or(db, Handle::Transaction);
    let (mut updated, mut seen, mut number) = (Updated::default(), HashSet::new(), 0);
    let mut sql = (0, String::new());
    loop {
        let mut batch = Batch { columns: columns.clone(), values: Vec::new(), rows: 0 };
        while batch.rows < size
            && let Some(mut row) = rows.next_row()
        {
            number += 1;
            for &column in &columns {
                let value = row[column].take().ok_or_else(|| {
                    table.refuse(format!(
                        "row {number} does not set {}; set it in every row",
                        table.columns[column].name
                    ))
                })?;
                batch.values.push(value);
            }
            let key = key_text(&batch.values[batch.rows * columns.len()..][..table.key.len()])
                .map_err(|reason| table.refuse(format!("the key of row {number} {reason}")))?;
            if let Some(key) = seen.replace(key) {
                return Err(
                    table.refuse(format!("two rows have the key {}; leave one out", key.replace('\u{1f}', ", ")))
                );
            }
            batch.rows += 1;
        }
        if batch.rows == 0 {
            break;
        }
        if sql.0 != batch.rows {
            sql = (batch.rows, statement(backend, table, &batch));
        }
        let rows = batch.rows as u64;
        let values = match backend {
            Backend::Sqlite => batch.values,
            Backend::Postgres => texts(arrays(table, &batch.columns, &batch.values)?),
        };
        let statement = Statement::from_sql_and_values(backend.into(), &sql.1, values);
        let found = db.execute(statement).await?.rows_affected();
        updated.rows += found;
        updated.missing += rows - found;
    }
    if let Some(own) = own {
        own.commit().await?;
    }
    Ok(updated)
}

/// The key as text, to tell keys apart.
pub(super) fn key_text(key: &[Value]) -> Result<String, String> {
    let mut text = String::new();
    for (at, value) in key.iter().enumerate() {
        if at > 0 {
            text.push('\u{1f}');
        }
        append(&mut text, value, Form::Plain)?;
    }
    Ok(text)
}

/// `UPDATE … FROM` a table of values, whose columns SQLite calls `column1`, `column2` …
fn statement(backend: Backend, table: &Table, batch: &Batch) -> String {
    let source: Vec<String> = (1..=batch.columns.len()).map(|at| format!("column{at}")).collect();
    let (keys, fields) = batch.columns.split_at(table.key.len());
    let pair = |(at, &column): (usize, &usize)| (quote(table.columns[column].name), at);
    let set: Vec<String> = fields
        .iter()
        .enumerate()
        .map(pair)
        .map(|(name, at)| format!("{name} = source.{}", source[keys.len() + at]))
        .collect();
    let found: Vec<String> = keys
        .iter()
        .enumerate()
        .map(pair)
        .map(|(name, at)| format!("{}.{name} = source.{}", quote(&table.name), source[at]))
        .collect();
    let values = match backend {
        Backend::Sqlite => format!("(VALUES {}) AS source", placeholders(batch.columns.len(), batch.rows)),
        Backend::Postgres => format!("{} AS source ({})", unnest(table, &batch.columns), source.join(", ")),
    };
    format!("UPDATE {} SET {} FROM {values} WHERE {}", quote(&table.name), set.join(", "), found.join(" AND "))
}
