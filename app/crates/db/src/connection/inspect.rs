//! Questions about what a database holds.

use sea_orm::{ConnectionTrait, Statement};

use super::Database;
use crate::{Backend, Error};

impl Database {
    /// Whether there is any table of ours or anybody's; SQLite's own ones do not count, and on PostgreSQL only the
    /// current schema does.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn has_tables(&self) -> Result<bool, Error> {
        Ok(!self.table_names().await?.is_empty())
    }

    /// All tables, in alphabetical order; see [`Database::has_tables`] for what counts.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn table_names(&self) -> Result<Vec<String>, Error> {
        let sql = match self.backend {
            Backend::Sqlite => {
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
            }
            Backend::Postgres => {
                "SELECT tablename::text AS name FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1"
            }
        };
        let rows = self.query_all_raw(Statement::from_string(self.backend.into(), sql)).await?;
        let names: Result<Vec<String>, _> = rows.iter().map(|row| row.try_get("", "name")).collect();
        Ok(names?)
    }

    /// The first thing that SQLite finds damaged in its file, which it reads wholly for that. PostgreSQL looks after its own.
    ///
    /// # Errors
    /// [`Error::Database`], also for a file that is damaged so much that it cannot be read.
    pub async fn damage(&self) -> Result<Option<String>, Error> {
        if self.backend == Backend::Postgres {
            return Ok(None);
        }
        let rows = self.query_all_raw(Statement::from_string(self.backend.into(), "PRAGMA quick_check(1)")).await?;
        let words: Result<Vec<String>, _> = rows.iter().map(|row| row.try_get_by_index(0)).collect();
        Ok(words?.into_iter().find(|words| words != "ok"))
    }

    /// The columns of a table, in their order; none when there is no such table. See [`Database::has_tables`] for what
    /// counts.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn column_names(&self, table: &str) -> Result<Vec<String>, Error> {
        let sql = match self.backend {
            Backend::Sqlite => "SELECT name FROM pragma_table_info($1) ORDER BY cid",
            Backend::Postgres => {
                "SELECT column_name::text AS name FROM information_schema.columns \
                 WHERE table_schema = current_schema() AND table_name = $1 ORDER BY ordinal_position"
            }
        };
        let statement = Statement::from_sql_and_values(self.backend.into(), sql, [table.into()]);
        let rows = self.query_all_raw(statement).await?;
        let names: Result<Vec<String>, _> = rows.iter().map(|row| row.try_get("", "name")).collect();
        Ok(names?)
    }
}
