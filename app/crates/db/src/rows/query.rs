//! Questions as people and the admin ask them: any condition, any order, a part of the rows. [`super::Select`] is for
//! programs that go through whole tables.

use sea_orm::{ConnectionTrait, Statement, Value};

use super::{Condition, Row, Table, cell};
use crate::{Backend, Error, backend::quote};

/// Which way rows are ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// The least first.
    #[default]
    Ascending,
    /// The greatest first.
    Descending,
}

/// A question for rows of a table. Rows that the order does not tell apart are in that of the primary key.
#[derive(Clone, Debug)]
pub struct Query<'a> {
    table: Table<'a>,
    condition: Condition<'a>,
    order: Vec<(String, Direction)>,
    limit: Option<u64>,
    offset: u64,
}

impl<'a> Table<'a> {
    /// Begins a question for the rows that the condition holds for.
    pub fn query(&self, condition: Condition<'a>) -> Query<'a> {
        Query { table: *self, condition, order: Vec::new(), limit: None, offset: 0 }
    }
}

impl Query<'_> {
    /// Rows in this order; a later column tells apart what the earlier ones do not.
    pub fn order(mut self, order: Vec<(String, Direction)>) -> Self {
        self.order = order;
        self
    }

    /// At most so many rows.
    pub fn limit(mut self, rows: Option<u64>) -> Self {
        self.limit = rows;
        self
    }

    /// Not the first so many rows.
    pub fn offset(mut self, rows: u64) -> Self {
        self.offset = rows;
        self
    }

    /// The rows.
    ///
    /// # Errors
    /// [`super::RowError`] for what does not fit the table; [`Error::Database`].
    pub async fn all<C: ConnectionTrait>(&self, db: &C) -> Result<Vec<Row>, Error> {
        let backend = Backend::of(db);
        let mut values = Vec::new();
        let condition = self.condition.sql(self.table, &mut values, backend)?;
        let sql = format!(
            "SELECT {} FROM {} WHERE {condition} ORDER BY {}{}",
            self.table.selected(backend),
            quote(self.table.name()),
            self.ordering()?,
            self.part(backend)
        );
        let rows = db.query_all_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).await?;
        self.table.decode(&rows, backend)
    }

    /// How many rows there are.
    ///
    /// # Errors
    /// As [`Query::all`].
    pub async fn count<C: ConnectionTrait>(&self, db: &C) -> Result<u64, Error> {
        let backend = Backend::of(db);
        let mut values = Vec::new();
        let condition = self.condition.sql(self.table, &mut values, backend)?;
        let (table, part) = (quote(self.table.name()), self.part(backend));
        let sql = format!("SELECT COUNT(*) FROM (SELECT 1 FROM {table} WHERE {condition}{part}) AS part");
        let row = db.query_one_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).await?;
        let count: i64 = row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or_default();
        Ok(count.unsigned_abs())
    }

    /// Writes the cells of `row` over those of all the rows, and returns how many there were. Order and part do not
    /// count here.
    ///
    /// # Errors
    /// As [`Query::all`].
    pub async fn update<C: ConnectionTrait>(&self, db: &C, row: &Row) -> Result<u64, Error> {
        let backend = Backend::of(db);
        let (mut values, mut sets) = (Vec::new(), Vec::new());
        for (column, value) in row.cells() {
            let field = self.table.field(column)?;
            values.push(cell::bound(self.table.required(field, value.clone(), backend)?));
            sets.push(format!("{} = {}", quote(column), cell::placeholder(field, values.len(), backend)));
        }
        if sets.is_empty() {
            return Ok(0);
        }
        let condition = self.condition.sql(self.table, &mut values, backend)?;
        self.write(db, format!("UPDATE {} SET {} WHERE {condition}", quote(self.table.name()), sets.join(", ")), values)
            .await
    }

    /// Deletes all the rows, and returns how many there were; foreign keys act as the database was told. Order and part
    /// do not count here.
    ///
    /// # Errors
    /// As [`Query::all`].
    pub async fn delete<C: ConnectionTrait>(&self, db: &C) -> Result<u64, Error> {
        let mut values = Vec::new();
        let condition = self.condition.sql(self.table, &mut values, Backend::of(db))?;
        self.write(db, format!("DELETE FROM {} WHERE {condition}", quote(self.table.name())), values).await
    }

    async fn write<C: ConnectionTrait>(&self, db: &C, sql: String, values: Vec<Value>) -> Result<u64, Error> {
        let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
        Ok(db.execute_raw(statement).await?.rows_affected())
    }

    fn ordering(&self) -> Result<String, Error> {
        // By the columns themselves: what is selected under the name of one may be its text, in another order.
        let table = quote(self.table.name());
        let mut parts = Vec::new();
        for (column, direction) in &self.order {
            let column = quote(&self.table.field(column)?.name);
            parts.push(format!("{table}.{column}{}", direction.sql()));
        }
        let reversed = self.order.last().map_or(Direction::Ascending, |(_, direction)| *direction);
        let key = self.table.primary_key();
        let rest = key.iter().filter(|field| !self.order.iter().any(|(column, _)| *column == field.name));
        parts.extend(rest.map(|field| format!("{table}.{}{}", quote(&field.name), reversed.sql())));
        Ok(parts.join(", "))
    }

    /// ` LIMIT … OFFSET …`.
    fn part(&self, backend: Backend) -> String {
        let offset = if self.offset > 0 { format!(" OFFSET {}", self.offset) } else { String::new() };
        match (self.limit, backend) {
            (Some(limit), _) => format!(" LIMIT {limit}{offset}"),
            // SQLite knows an offset only after a limit.
            (None, Backend::Sqlite) if self.offset > 0 => format!(" LIMIT -1{offset}"),
            (None, _) => offset,
        }
    }
}

impl Direction {
    /// The other way.
    pub fn reversed(self) -> Self {
        match self {
            Direction::Ascending => Direction::Descending,
            Direction::Descending => Direction::Ascending,
        }
    }

    fn sql(self) -> &'static str {
        match self {
            Direction::Ascending => "",
            Direction::Descending => " DESC",
        }
    }
}
