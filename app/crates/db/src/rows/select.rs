//! Reading rows.

use std::sync::Arc;

use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};

use super::{Row, Table, cell};
use crate::{Backend, Error, backend::quote, backend::quote_list, state::Field};

/// A question for rows of a table, in the order of the primary key.
#[derive(Clone, Debug)]
pub struct Select<'a> {
    table: Table<'a>,
    filters: Vec<(String, Vec<Value>)>,
    limit: Option<u64>,
}

impl<'a> Table<'a> {
    /// Begins a question for rows.
    pub fn select(&self) -> Select<'a> {
        Select { table: *self, filters: Vec::new(), limit: None }
    }
}

impl<'a> Select<'a> {
    /// Only rows with this value in the column; NULL finds those that have none.
    pub fn filter(self, column: &str, value: impl Into<Value>) -> Self {
        self.filter_in(column, [value.into()])
    }

    /// Only rows with one of these values in the column.
    pub fn filter_in(mut self, column: &str, values: impl IntoIterator<Item = Value>) -> Self {
        self.filters.push((column.to_owned(), values.into_iter().collect()));
        self
    }

    /// At most so many rows.
    pub fn limit(mut self, rows: u64) -> Self {
        self.limit = Some(rows);
        self
    }

    /// The rows.
    ///
    /// # Errors
    /// [`RowError::NoField`] and [`RowError::Cell`] for a filter that does not fit; [`Error::Database`].
    pub async fn all<C: ConnectionTrait>(&self, db: &C) -> Result<Vec<Row>, Error> {
        self.after(db, None).await
    }

    /// The first row, if there is any.
    ///
    /// # Errors
    /// As [`Select::all`].
    pub async fn first<C: ConnectionTrait>(&self, db: &C) -> Result<Option<Row>, Error> {
        let rows = self.clone().limit(1).all(db).await?;
        Ok(rows.into_iter().next())
    }

    /// How many rows there are.
    ///
    /// # Errors
    /// As [`Select::all`].
    pub async fn count<C: ConnectionTrait>(&self, db: &C) -> Result<u64, Error> {
        let (condition, values) = self.condition(Backend::of(db), None)?;
        let sql = format!("SELECT COUNT(*) FROM {}{condition}", quote(self.table.name()));
        let row = db.query_one_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).await?;
        let count: i64 = row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or_default();
        Ok(count.unsigned_abs())
    }

    /// Deletes the rows and returns how many there were; foreign keys act as the database was told. A limit does not
    /// count here.
    ///
    /// # Errors
    /// As [`Select::all`].
    pub async fn delete<C: ConnectionTrait>(&self, db: &C) -> Result<u64, Error> {
        let (condition, values) = self.condition(Backend::of(db), None)?;
        let sql = format!("DELETE FROM {}{condition}", quote(self.table.name()));
        let done = db.execute_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).await?;
        Ok(done.rows_affected())
    }

    /// The rows in steps of `size`. Between two steps rows may be changed and deleted, their keys excepted.
    pub fn batches(self, size: u64) -> Batches<'a> {
        Batches { select: self.limit(size.max(1)), last: None, done: false }
    }

    async fn after<C: ConnectionTrait>(&self, db: &C, last: Option<&Row>) -> Result<Vec<Row>, Error> {
        let backend = Backend::of(db);
        let (condition, values) = self.condition(backend, last)?;
        // By the columns themselves: what is selected under the name of one may be its text, in another order.
        let table = quote(self.table.name());
        let key: Vec<String> =
            self.table.primary_key().iter().map(|field| format!("{table}.{}", quote(&field.name))).collect();
        let limit = self.limit.map_or_else(String::new, |limit| format!(" LIMIT {limit}"));
        let sql = format!(
            "SELECT {} FROM {table}{condition} ORDER BY {}{limit}",
            self.table.selected(backend),
            key.join(", ")
        );
        let rows = db.query_all_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).await?;
        self.table.decode(&rows, backend)
    }

    /// ` WHERE …` and what it binds.
    fn condition(&self, backend: Backend, last: Option<&Row>) -> Result<(String, Vec<Value>), Error> {
        let mut parts = Vec::new();
        let mut bound = Vec::new();
        for (column, values) in &self.filters {
            let field = self.table.field(column)?;
            let mut places = Vec::new();
            let mut null = false;
            for value in values {
                let value = self.table.fitting(field, value.clone(), backend)?;
                if cell::is_null(&value) {
                    null = true;
                } else {
                    bound.push(cell::bound(value));
                    places.push(cell::placeholder(field, bound.len(), backend));
                }
            }
            let name = quote(column);
            parts.push(match (places.is_empty(), null) {
                (true, true) => format!("{name} IS NULL"),
                (true, false) => "1 = 0".to_owned(),
                (false, false) => format!("{name} IN ({})", places.join(", ")),
                (false, true) => format!("({name} IN ({}) OR {name} IS NULL)", places.join(", ")),
            });
        }
        if let Some(last) = last {
            let key = self.table.primary_key();
            let mut places = Vec::new();
            for field in &key {
                let value = last.value(&field.name).cloned();
                bound.push(cell::bound(value.ok_or_else(|| self.table.refuse(&field.name, "it is part of the key"))?));
                places.push(cell::placeholder(field, bound.len(), backend));
            }
            let names = quote_list(key.iter().map(|field| &field.name));
            parts.push(format!("({names}) > ({})", places.join(", ")));
        }
        let sql = if parts.is_empty() { String::new() } else { format!(" WHERE {}", parts.join(" AND ")) };
        Ok((sql, bound))
    }
}

impl Table<'_> {
    /// The first row whose reference `field` points at a value that no row of `target` has in `column`.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn first_dangling<C: ConnectionTrait>(
        &self,
        db: &C,
        field: &Field,
        target: Table<'_>,
        column: &str,
    ) -> Result<Option<Row>, Error> {
        let backend = Backend::of(db);
        let (table, name) = (quote(self.name()), quote(&field.name));
        let sql = format!(
            "SELECT {} FROM {table} WHERE {name} IS NOT NULL AND NOT EXISTS \
             (SELECT 1 FROM {} AS target WHERE target.{} = {table}.{name}) LIMIT 1",
            self.selected(backend),
            quote(target.name()),
            quote(column)
        );
        let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
        let rows: Vec<QueryResult> = row.into_iter().collect();
        Ok(self.decode(&rows, backend)?.pop())
    }

    /// All columns, as they are selected.
    pub(super) fn selected(&self, backend: Backend) -> String {
        let columns: Vec<String> = self.fields().iter().map(|field| cell::selected(field, backend)).collect();
        columns.join(", ")
    }

    /// Rows of all columns, in order.
    pub(super) fn decode(&self, rows: &[QueryResult], backend: Backend) -> Result<Vec<Row>, Error> {
        let names: Vec<Arc<str>> = self.fields().iter().map(|field| field.name.as_str().into()).collect();
        let mut decoded = Vec::with_capacity(rows.len());
        for row in rows {
            let mut cells = Row::new();
            for (at, (field, name)) in self.fields().iter().zip(&names).enumerate() {
                let value = cell::decode(field, row, at, backend);
                let value = value.map_err(|error| self.refuse(&field.name, error.to_string()))?;
                cells.push(Arc::clone(name), value);
            }
            decoded.push(cells);
        }
        Ok(decoded)
    }

    /// The value in the form that the column takes.
    pub(super) fn fitting(&self, field: &Field, value: Value, backend: Backend) -> Result<Value, Error> {
        cell::fitting(field, value, backend).map_err(|reason| self.refuse(&field.name, reason))
    }
}

/// Rows in steps, so that a table of any size can be gone through.
#[derive(Clone, Debug)]
pub struct Batches<'a> {
    select: Select<'a>,
    last: Option<Row>,
    done: bool,
}

impl Batches<'_> {
    /// The next step, never empty; `None` at the end.
    ///
    /// # Errors
    /// As [`Select::all`].
    pub async fn next<C: ConnectionTrait>(&mut self, db: &C) -> Result<Option<Vec<Row>>, Error> {
        if self.done {
            return Ok(None);
        }
        let rows = self.select.after(db, self.last.as_ref()).await?;
        self.done = (rows.len() as u64) < self.select.limit.unwrap_or(u64::MAX);
        self.last = rows.last().cloned();
        Ok((!rows.is_empty()).then_some(rows))
    }
}
