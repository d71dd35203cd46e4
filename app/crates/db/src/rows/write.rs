//! Writing rows.

use sea_orm::{ConnectionTrait, Statement, Value};

use super::{Row, Table, cell};
use crate::{
    Backend, Error,
    backend::{quote, quote_list},
    state::Field,
};

/// The most rows that one statement inserts.
const MOST_ROWS: usize = 1000;

/// What happens to a row whose key is there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnConflict {
    /// The statement fails.
    #[default]
    Fail,
    /// The row that is there gets the new row's cells.
    Update,
}

impl<'a> Table<'a> {
    /// Inserts rows, in as few statements as the backend's limits allow, and returns how many. A cell that a row does
    /// not have gets the column's default.
    ///
    /// # Errors
    /// [`RowError::NoField`], [`RowError::Cell`] for a value that does not fit its column; [`Error::Database`]. Not atomic by
    /// itself: give it a transaction if it should be.
    pub async fn insert<C: ConnectionTrait>(&self, db: &C, rows: impl IntoIterator<Item = Row>) -> Result<u64, Error> {
        let rows: Vec<Row> = rows.into_iter().collect();
        self.insert_or(db, &rows, OnConflict::Fail).await
    }

    /// As [`Table::insert`], with a choice for rows whose primary key is there already.
    ///
    /// # Errors
    /// As [`Table::insert`].
    pub async fn insert_or<C: ConnectionTrait>(
        &self,
        db: &C,
        rows: &[Row],
        conflict: OnConflict,
    ) -> Result<u64, Error> {
        let backend = Backend::of(db);
        let mut inserted = 0;
        let mut rest = rows;
        while let Some(first) = rest.first() {
            // Rows with the same cells share a statement.
            let columns: Vec<&str> = first.columns().collect();
            let most = (backend.bind_limit() / columns.len().max(1)).min(MOST_ROWS);
            let most = if columns.is_empty() { 1 } else { most };
            let alike = |row: &Row| row.columns().eq(columns.iter().copied());
            let length = rest.iter().take(most).take_while(|row| alike(row)).count();
            let (batch, after) = rest.split_at(length.max(1));
            let (sql, values) = self.insert_sql(&columns, batch, conflict, backend)?;
            let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
            inserted += db.execute_raw(statement).await?.rows_affected();
            rest = after;
        }
        Ok(inserted)
    }

    /// Inserts one row and returns it as it is in the database, with its number and its defaults.
    ///
    /// # Errors
    /// As [`Table::insert`].
    pub async fn create<C: ConnectionTrait>(&self, db: &C, row: Row) -> Result<Row, Error> {
        let backend = Backend::of(db);
        let columns: Vec<&str> = row.columns().collect();
        let (sql, values) = self.insert_sql(&columns, std::slice::from_ref(&row), OnConflict::Fail, backend)?;
        let sql = format!("{sql} RETURNING {}", self.selected(backend));
        let rows = db.query_all_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).await?;
        Ok(self.decode(&rows, backend)?.pop().unwrap_or_default())
    }

    fn insert_sql(
        &self,
        columns: &[&str],
        rows: &[Row],
        conflict: OnConflict,
        backend: Backend,
    ) -> Result<(String, Vec<Value>), Error> {
        let table = quote(self.name());
        if columns.is_empty() {
            return Ok((format!("INSERT INTO {table} DEFAULT VALUES"), Vec::new()));
        }
        let fields = columns.iter().map(|column| self.field(column)).collect::<Result<Vec<&Field>, Error>>()?;
        let mut values = Vec::with_capacity(rows.len() * fields.len());
        let mut tuples = Vec::with_capacity(rows.len());
        for row in rows {
            let mut places = Vec::with_capacity(fields.len());
            for (field, (_, value)) in fields.iter().zip(row.cells()) {
                values.push(cell::bound(self.required(field, value.clone(), backend)?));
                places.push(cell::placeholder(field, values.len(), backend));
            }
            tuples.push(format!("({})", places.join(", ")));
        }
        let mut sql = format!("INSERT INTO {table} ({}) VALUES {}", quote_list(columns), tuples.join(", "));
        if conflict == OnConflict::Update {
            let key = quote_list(self.primary_key().iter().map(|field| &field.name));
            let others = fields.iter().filter(|field| !field.primary_key).map(|field| quote(&field.name));
            let sets: Vec<String> = others.map(|name| format!("{name} = excluded.{name}")).collect();
            let what = if sets.is_empty() { "NOTHING".to_owned() } else { format!("UPDATE SET {}", sets.join(", ")) };
            sql.push_str(&format!(" ON CONFLICT ({key}) DO {what}"));
        }
        Ok((sql, values))
    }

    /// Writes the cells of a row over those of the row with the same primary key, and returns how many rows there were
    /// with it: one or none.
    ///
    /// # Errors
    /// As [`Table::insert`]; [`RowError::Cell`] also when the row lacks its key.
    pub async fn update<C: ConnectionTrait>(&self, db: &C, row: &Row) -> Result<u64, Error> {
        let backend = Backend::of(db);
        let mut values = Vec::new();
        let mut sets = Vec::new();
        for (column, value) in row.cells() {
            let field = self.field(column)?;
            if !field.primary_key {
                values.push(cell::bound(self.required(field, value.clone(), backend)?));
                sets.push(format!("{} = {}", quote(column), cell::placeholder(field, values.len(), backend)));
            }
        }
        if sets.is_empty() {
            return Ok(0);
        }
        let key = self.key_condition(row, &mut values, backend)?;
        let sql = format!("UPDATE {} SET {} WHERE {key}", quote(self.name()), sets.join(", "));
        let done = db.execute_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).await?;
        Ok(done.rows_affected())
    }

    /// Deletes the row with the primary key of `row`, and returns how many there were: one or none.
    ///
    /// # Errors
    /// [`RowError::Cell`] when the row lacks its key; [`Error::Database`].
    pub async fn delete<C: ConnectionTrait>(&self, db: &C, row: &Row) -> Result<u64, Error> {
        let mut values = Vec::new();
        let key = self.key_condition(row, &mut values, Backend::of(db))?;
        let sql = format!("DELETE FROM {} WHERE {key}", quote(self.name()));
        let done = db.execute_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).await?;
        Ok(done.rows_affected())
    }

    fn key_condition(&self, row: &Row, values: &mut Vec<Value>, backend: Backend) -> Result<String, Error> {
        let mut parts = Vec::new();
        for field in self.primary_key() {
            let value = row.value(&field.name).cloned();
            let value = value.ok_or_else(|| self.refuse(&field.name, "the row has no such cell, and it is the key"))?;
            values.push(cell::bound(self.fitting(field, value, backend)?));
            parts.push(format!("{} = {}", quote(&field.name), cell::placeholder(field, values.len(), backend)));
        }
        Ok(parts.join(" AND "))
    }

    /// The value in the form that the column takes, for writing.
    pub(super) fn required(&self, field: &Field, value: Value, backend: Backend) -> Result<Value, Error> {
        let value = self.fitting(field, value, backend)?;
        if cell::is_null(&value) && !field.null {
            return Err(self.refuse(&field.name, "it may not be NULL"));
        }
        Ok(value)
    }

    /// Checks every cell of a row, without writing it.
    ///
    /// # Errors
    /// As [`Table::insert`], [`Error::Database`] excepted.
    pub fn check(&self, row: &Row, backend: Backend) -> Result<(), Error> {
        for (column, value) in row.cells() {
            self.required(self.field(column)?, value.clone(), backend)?;
        }
        Ok(())
    }
}
