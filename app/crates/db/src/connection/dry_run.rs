//! Doing everything inside one transaction, and undoing it at the end.

use std::{sync::Arc, time::Duration};

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr, TransactionOptions, TransactionTrait};
use tokio::sync::{Mutex, OwnedMutexGuard, RwLock, RwLockReadGuard};

use super::{Database, Inner, Transaction, Write, transaction, writes};
use crate::Error;

/// A transaction that will be rolled back, and the record of what was written in it.
///
/// [`DryRun::database`] is a [`Database`] like any other; what it begins are savepoints. One savepoint is open at a
/// time: a second task waits for the first, as it would for SQLite's write lock.
#[derive(Debug)]
pub struct DryRun {
    database: Database,
    shared: Arc<Shared>,
}

/// What the clones of a dry run's database share.
#[derive(Debug)]
pub(super) struct Shared {
    transaction: RwLock<Option<DatabaseTransaction>>,
    writes: std::sync::Mutex<Vec<Write>>,
    savepoint: Arc<Mutex<()>>,
    patience: Duration,
}

impl Database {
    /// Begins a dry run: from now on everything through [`DryRun::database`] happens in one transaction.
    ///
    /// # Errors
    /// [`Error::Database`] when the transaction cannot begin; [`Error::InDryRun`] inside another dry run.
    pub async fn dry_run(&self) -> Result<DryRun, Error> {
        if matches!(self.inner, Inner::Dry(_)) {
            return Err(Error::InDryRun);
        }
        // The write lock at once, as for every transaction: see `Database`.
        let options = transaction::with_write_lock(TransactionOptions::default(), self.backend.into());
        let transaction = self.pool()?.begin_with_options(options).await?;
        let shared = Arc::new(Shared {
            transaction: RwLock::new(Some(transaction)),
            writes: std::sync::Mutex::default(),
            savepoint: Arc::default(),
            patience: self.options.busy_timeout,
        });
        Ok(DryRun {
            database: Database {
                inner: Inner::Dry(Arc::clone(&shared)),
                backend: self.backend,
                options: Arc::clone(&self.options),
                durable: Arc::default(),
            },
            shared,
        })
    }
}

impl DryRun {
    /// The database whose statements all run inside the transaction.
    pub fn database(&self) -> Database {
        self.database.clone()
    }

    /// Undoes everything and returns what was written, per verb and table in order of first occurrence. Statements
    /// still under way are waited for; later ones through a clone of the database fail.
    ///
    /// # Errors
    /// [`Error::Database`] when the rollback fails; the connection is then closed, which undoes everything too.
    pub async fn rollback(self) -> Result<Vec<Write>, Error> {
        if let Some(transaction) = self.shared.transaction.write().await.take() {
            transaction.rollback().await?;
        }
        Ok(std::mem::take(&mut *self.shared.writes()))
    }

    /// Makes everything lasting after all: a transaction that many hands share, as the shell's. Waits as
    /// [`DryRun::rollback`] does.
    ///
    /// # Errors
    /// [`Error::Database`] when the database refuses; nothing is written then.
    pub async fn commit(self) -> Result<(), Error> {
        if let Some(transaction) = self.shared.transaction.write().await.take() {
            transaction.commit().await?;
        }
        Ok(())
    }
}

/// The open transaction of a dry run, for the length of one statement.
pub(super) struct Running<'a>(RwLockReadGuard<'a, Option<DatabaseTransaction>>);

impl Shared {
    /// The transaction, unless it is over.
    pub(super) async fn read(&self) -> Result<Running<'_>, DbErr> {
        let guard = self.transaction.read().await;
        match *guard {
            Some(_) => Ok(Running(guard)),
            None => Err(over()),
        }
    }

    /// The record so far. A poisoned lock is used as it is: the record is only added to.
    pub(super) fn writes(&self) -> std::sync::MutexGuard<'_, Vec<Write>> {
        self.writes.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Adds what a committed savepoint or a single statement wrote.
    pub(super) fn record(&self, write: Write) {
        writes::add(&mut self.writes(), write);
    }

    /// Waits until no other savepoint is open.
    pub(super) async fn enter(&self) -> Result<OwnedMutexGuard<()>, DbErr> {
        let lock = Arc::clone(&self.savepoint).lock_owned();
        tokio::time::timeout(self.patience, lock).await.map_err(|_| {
            DbErr::Custom(
                "a dry run has one transaction at a time and another is still open; begin inside it, or finish it first"
                    .to_owned(),
            )
        })
    }

    /// Begins a savepoint.
    pub(super) async fn begin(self: &Arc<Self>) -> Result<Transaction, DbErr> {
        let turn = self.enter().await?;
        let inner = self.read().await?.get()?.begin().await?;
        Ok(Transaction::recorded(inner, Arc::clone(self), turn))
    }
}

impl Running<'_> {
    /// The transaction itself.
    pub(super) fn get(&self) -> Result<&DatabaseTransaction, DbErr> {
        self.0.as_ref().ok_or_else(over)
    }

    /// A sign of life: the connection is held, so any statement will do.
    pub(super) async fn ping(&self) -> Result<(), DbErr> {
        self.get()?.execute_unprepared("SELECT 1").await.map(drop)
    }
}

fn over() -> DbErr {
    DbErr::Custom("the dry run is over and was rolled back".to_owned())
}
