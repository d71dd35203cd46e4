//! A transaction, or inside one a savepoint; in a dry run it keeps its record until it commits.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex},
};

use sea_orm::{
    AccessMode, DatabaseTransaction, DbBackend, DbErr, IsolationLevel, SqliteTransactionMode, TransactionError,
    TransactionOptions, TransactionSession, TransactionTrait, prelude::async_trait::async_trait,
};
use tokio::sync::OwnedMutexGuard;

use super::{Database, Inner, Write, dry_run::Shared, writes};

/// An open transaction. Dropped without [`Transaction::commit`], it is rolled back.
///
/// Implements SeaORM's `ConnectionTrait`; `begin` on it makes a savepoint.
#[derive(Debug)]
pub struct Transaction {
    pub(super) inner: DatabaseTransaction,
    record: Option<Record>,
}

/// What was written in an open savepoint of a dry run, and where it goes when that commits.
#[derive(Debug)]
struct Record {
    writes: Arc<Mutex<Vec<Write>>>,
    parent: Parent,
}

#[derive(Debug)]
enum Parent {
    /// The outermost: writes go to the dry run; the guard lets the next one begin.
    Run(Arc<Shared>, #[allow(dead_code, reason = "held, not read")] OwnedMutexGuard<()>),
    /// A savepoint in a savepoint.
    Outer(Arc<Mutex<Vec<Write>>>),
}

impl Transaction {
    pub(super) fn plain(inner: DatabaseTransaction) -> Self {
        Transaction { inner, record: None }
    }

    pub(super) fn recorded(inner: DatabaseTransaction, shared: Arc<Shared>, turn: OwnedMutexGuard<()>) -> Self {
        Transaction { inner, record: Some(Record { writes: Arc::default(), parent: Parent::Run(shared, turn) }) }
    }

    /// Makes everything in it lasting (in a dry run: until the rollback).
    ///
    /// # Errors
    /// What the database says; nothing is written then.
    pub async fn commit(self) -> Result<(), DbErr> {
        self.inner.commit().await?;
        if let Some(record) = self.record {
            let writes = std::mem::take(&mut *lock(&record.writes));
            match &record.parent {
                Parent::Run(shared, _) => writes.into_iter().for_each(|write| shared.record(write)),
                Parent::Outer(outer) => {
                    let mut sums = lock(outer);
                    writes.into_iter().for_each(|write| writes::add(&mut sums, write));
                }
            }
        }
        Ok(())
    }

    /// Undoes everything in it.
    ///
    /// # Errors
    /// What the database says; the connection is then closed, which undoes everything too.
    pub async fn rollback(self) -> Result<(), DbErr> {
        self.inner.rollback().await
    }

    /// Notes a statement's rows when this belongs to a dry run.
    pub(super) fn note(&self, sql: &str, rows: u64) {
        if let Some(record) = &self.record
            && let Some((verb, table)) = writes::classify(sql)
        {
            writes::add(&mut lock(&record.writes), Write { verb, table, rows });
        }
    }

    /// Whether statements must be noted; spares the copy of their text otherwise.
    pub(super) fn is_recorded(&self) -> bool {
        self.record.is_some()
    }

    fn nested(&self, inner: DatabaseTransaction) -> Self {
        let record = self
            .record
            .as_ref()
            .map(|record| Record { writes: Arc::default(), parent: Parent::Outer(Arc::clone(&record.writes)) });
        Transaction { inner, record }
    }
}

/// A poisoned record is used as it is: it is only added to.
fn lock(writes: &Mutex<Vec<Write>>) -> std::sync::MutexGuard<'_, Vec<Write>> {
    writes.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// See [`Database`] for why SQLite takes the write lock at once.
pub(super) fn with_write_lock(mut options: TransactionOptions, backend: DbBackend) -> TransactionOptions {
    if backend == DbBackend::Sqlite {
        if options.sqlite_transaction_mode.is_none() && options.access_mode != Some(AccessMode::ReadOnly) {
            options.sqlite_transaction_mode = Some(SqliteTransactionMode::Immediate);
        }
        // SQLite has neither; SeaORM would log a warning each time.
        options.isolation_level = None;
        options.access_mode = None;
    }
    options
}

/// The boxed future of a transaction's body.
type Body<'c, T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send + 'c>>;

async fn run<F, T, E>(transaction: Transaction, callback: F) -> Result<T, TransactionError<E>>
where
    F: for<'c> FnOnce(&'c Transaction) -> Body<'c, T, E> + Send,
    T: Send,
    E: std::fmt::Display + std::fmt::Debug + Send,
{
    match callback(&transaction).await {
        Ok(value) => {
            transaction.commit().await.map_err(TransactionError::Connection)?;
            Ok(value)
        }
        Err(error) => {
            transaction.rollback().await.map_err(TransactionError::Connection)?;
            Err(TransactionError::Transaction(error))
        }
    }
}

macro_rules! transaction_trait {
    ($type:ty, |$self:ident, $options:ident| $begin:expr) => {
        #[async_trait]
        impl TransactionTrait for $type {
            type Transaction = Transaction;

            async fn begin(&self) -> Result<Transaction, DbErr> {
                self.begin_with_options(TransactionOptions::default()).await
            }

            async fn begin_with_config(
                &self,
                isolation_level: Option<IsolationLevel>,
                access_mode: Option<AccessMode>,
            ) -> Result<Transaction, DbErr> {
                let options = TransactionOptions { isolation_level, access_mode, sqlite_transaction_mode: None };
                self.begin_with_options(options).await
            }

            async fn begin_with_options(&self, options: TransactionOptions) -> Result<Transaction, DbErr> {
                let ($self, $options) = (self, options);
                $begin
            }

            async fn transaction<F, T, E>(&self, callback: F) -> Result<T, TransactionError<E>>
            where
                F: for<'c> FnOnce(&'c Transaction) -> Body<'c, T, E> + Send,
                T: Send,
                E: std::fmt::Display + std::fmt::Debug + Send,
            {
                run(self.begin().await.map_err(TransactionError::Connection)?, callback).await
            }

            async fn transaction_with_config<F, T, E>(
                &self,
                callback: F,
                isolation_level: Option<IsolationLevel>,
                access_mode: Option<AccessMode>,
            ) -> Result<T, TransactionError<E>>
            where
                F: for<'c> FnOnce(&'c Transaction) -> Body<'c, T, E> + Send,
                T: Send,
                E: std::fmt::Display + std::fmt::Debug + Send,
            {
                let transaction = self.begin_with_config(isolation_level, access_mode).await;
                run(transaction.map_err(TransactionError::Connection)?, callback).await
            }
        }
    };
}

transaction_trait!(Database, |database, options| match &database.inner {
    Inner::Pool(pool) => {
        let options = with_write_lock(options, database.backend.into());
        Ok(Transaction::plain(pool.begin_with_options(options).await?))
    }
    // Inside the dry run's transaction: isolation and lock mode are settled.
    Inner::Dry(shared) => shared.begin().await,
});

transaction_trait!(Transaction, |transaction, _options| Ok(transaction.nested(transaction.inner.begin().await?)));

#[async_trait]
impl TransactionSession for Transaction {
    async fn commit(self) -> Result<(), DbErr> {
        Transaction::commit(self).await
    }

    async fn rollback(self) -> Result<(), DbErr> {
        Transaction::rollback(self).await
    }
}
