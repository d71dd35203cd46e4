//! What the bulk helpers write through: a database or a transaction, without type parameters.

use sea_orm::{ConnectionTrait, DbErr, ExecResult, QueryResult, Statement, TransactionTrait, sqlx::PgPool};

use super::{Database, Inner, Transaction};
use crate::Backend;

/// A [`Database`] (also that of a dry run) or a [`Transaction`].
///
/// What writes several statements is all or nothing through both: a database opens a transaction for it.
pub trait Connection: ConnectionTrait + TransactionTrait<Transaction = Transaction> + Sized {
    /// Which of the two it is.
    fn handle(&self) -> Handle<'_>;
}

/// Either of the two types that are a [`Connection`], so that one compiled function serves both.
#[derive(Clone, Copy, Debug)]
pub enum Handle<'a> {
    /// A pool, or a dry run.
    Database(&'a Database),
    /// An open transaction.
    Transaction(&'a Transaction),
}

impl Connection for Database {
    fn handle(&self) -> Handle<'_> {
        Handle::Database(self)
    }
}

impl Connection for Transaction {
    fn handle(&self) -> Handle<'_> {
        Handle::Transaction(self)
    }
}

impl<'a> Handle<'a> {
    pub(crate) fn backend(self) -> Backend {
        match self {
            Handle::Database(database) => database.backend(),
            Handle::Transaction(transaction) => Backend::of(transaction),
        }
    }

    pub(crate) async fn execute(self, statement: Statement) -> Result<ExecResult, DbErr> {
        match self {
            Handle::Database(database) => database.execute_raw(statement).await,
            Handle::Transaction(transaction) => transaction.execute_raw(statement).await,
        }
    }

    pub(crate) async fn query(self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        match self {
            Handle::Database(database) => database.query_all_raw(statement).await,
            Handle::Transaction(transaction) => transaction.query_all_raw(statement).await,
        }
    }

    /// A transaction when there is none yet. To be committed by whoever asked.
    pub(crate) async fn begin(self) -> Result<Option<Transaction>, DbErr> {
        match self {
            Handle::Database(database) => database.begin().await.map(Some),
            Handle::Transaction(_) => Ok(None),
        }
    }

    /// PostgreSQL's own pool, through which alone a `COPY` can be sent: SeaORM does not give out the connection of an
    /// open transaction, and so not that of a dry run either.
    pub(crate) fn copy_pool(self) -> Option<&'a PgPool> {
        match self {
            Handle::Database(Database { inner: Inner::Pool(pool), backend: Backend::Postgres, .. }) => {
                Some(pool.get_postgres_connection_pool())
            }
            _ => None,
        }
    }
}
