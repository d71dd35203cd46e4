//! Ending a statement that the server works on, which nobody waits for any more.

use sea_orm::{ConnectionTrait, Statement};

use super::Database;
use crate::{Backend, Error};

impl Database {
    /// The number of the server's process that works for this transaction, for [`Database::cancel`]. Every connection of a
    /// pool has its own: ask the database of a [`super::DryRun`]. SQLite has no server.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn server_process(&self) -> Result<Option<i32>, Error> {
        if self.backend == Backend::Sqlite {
            return Ok(None);
        }
        let row = self.query_one_raw(Statement::from_string(self.backend.into(), "SELECT pg_backend_pid()")).await?;
        Ok(row.map(|row| row.try_get_by_index(0)).transpose()?)
    }

    /// Has the server end the statement that this process works on; whoever waits for it gets an error.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn cancel(&self, process: i32) -> Result<(), Error> {
        let sql = "SELECT pg_cancel_backend($1)";
        self.query_one_raw(Statement::from_sql_and_values(self.backend.into(), sql, [process.into()])).await?;
        Ok(())
    }
}
