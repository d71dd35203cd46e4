//! Where the database is in numbering new rows.

use sea_orm::{ConnectionTrait, Statement, Value};

use super::Table;
use crate::{Backend, Error, backend::literal, backend::quote, state::Field};

impl<'a> Table<'a> {
    /// The column that the database numbers, if there is one.
    pub fn numbered(&self) -> Option<&'a Field> {
        self.fields().iter().find(|field| field.auto_increment)
    }

    /// The highest number that was ever given out or is in use; 0 when there was none, or no column is numbered.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn last_number<C: ConnectionTrait>(&self, db: &C) -> Result<i64, Error> {
        let Some(field) = self.numbered() else { return Ok(0) };
        let (table, name) = (quote(self.name()), quote(&field.name));
        let given_out = match Backend::of(db) {
            Backend::Sqlite => format!("SELECT seq FROM sqlite_sequence WHERE name = {}", literal(self.name())),
            Backend::Postgres => format!(
                "SELECT pg_sequence_last_value(pg_get_serial_sequence({}, {})::regclass)",
                literal(&table),
                literal(&field.name)
            ),
        };
        let sql = format!(
            "SELECT CAST(COALESCE((SELECT MAX({name}) FROM {table}), 0) AS bigint) AS used, \
             CAST(COALESCE(({given_out}), 0) AS bigint) AS given_out"
        );
        let Some(row) = self.ask(db, &sql).await? else { return Ok(0) };
        let (used, given_out): (i64, i64) = (row.try_get("", "used")?, row.try_get("", "given_out")?);
        Ok(used.max(given_out))
    }

    /// Has the database go on numbering after the highest number in use, as it must after rows were inserted with
    /// numbers of their own. SQLite does so by itself.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn advance_numbers<C: ConnectionTrait>(&self, db: &C) -> Result<(), Error> {
        let (Some(field), Backend::Postgres) = (self.numbered(), Backend::of(db)) else { return Ok(()) };
        let last = self.last_number(db).await?;
        if last > 0 {
            let sql = "SELECT setval(pg_get_serial_sequence($1, $2), $3)";
            let values: [Value; 3] = [quote(self.name()).into(), field.name.as_str().into(), last.into()];
            db.query_one_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).await?;
        }
        Ok(())
    }

    async fn ask<C: ConnectionTrait>(&self, db: &C, sql: &str) -> Result<Option<sea_orm::QueryResult>, Error> {
        Ok(db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await?)
    }
}
