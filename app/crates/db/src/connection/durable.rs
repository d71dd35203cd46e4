//! Commits that a power failure must not take back.

use sea_orm::{ConnectionTrait, TransactionOptions, TransactionTrait};

use super::{
    Database, Inner, Transaction,
    open::{self, Durability},
    transaction,
    url::Target,
};
use crate::{Backend, Error};

impl Database {
    /// Begins a transaction whose commit has reached the disk when it returns, for what must never be forgotten (a
    /// mailing that was handed over). Other commits survive the death of the program, but on SQLite
    /// (`synchronous=NORMAL`) not that of the machine.
    ///
    /// SQLite: on one connection kept for this, with `synchronous=FULL`; a second caller waits for the first.
    /// PostgreSQL: with `synchronous_commit=on`, whatever the server's default. In memory and in a dry run it is an
    /// ordinary transaction.
    ///
    /// # Errors
    /// As [`Database::connect`] the first time; [`Error::Database`].
    pub async fn begin_durable(&self) -> Result<Transaction, Error> {
        if self.backend == Backend::Postgres {
            let tx = self.begin().await?;
            tx.execute_unprepared("SET LOCAL synchronous_commit = on").await?;
            return Ok(tx);
        }
        let target = self.options.target()?;
        match (&self.inner, &target) {
            (Inner::Pool(_), Target::File { .. }) => {
                let open = || open::pool(&target, &self.options, 1, Durability::Machine);
                let pool = self.durable.get_or_try_init(open).await?;
                let options = transaction::with_write_lock(TransactionOptions::default(), self.backend.into());
                Ok(Transaction::plain(pool.begin_with_options(options).await?))
            }
            _ => Ok(self.begin().await?),
        }
    }
}
