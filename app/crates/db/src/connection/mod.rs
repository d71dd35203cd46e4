//! The one handle to a database, and transactions on it.

mod cancel;
mod client;
mod dry_run;
mod durable;
mod handle;
mod inspect;
mod open;
mod statements;
mod transaction;
mod url;
mod writes;

use std::{fmt, future::Future, path::PathBuf, sync::Arc, time::Duration};

use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr};
use tokio::sync::OnceCell;

pub use client::Client;
pub use dry_run::DryRun;
pub use handle::{Connection, Handle};
pub use transaction::Transaction;
pub(crate) use writes::count_statements;
pub use writes::{Verb, Write};

use self::open::Durability;
use crate::{Backend, Error};

/// What may be done with a database, whatever its URL says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// Everything.
    #[default]
    ReadWrite,
    /// Nothing is written: SQLite opens the file so, PostgreSQL begins every transaction so.
    ReadOnly,
}

/// What [`Database::connect`] needs to know.
#[derive(Clone)]
pub struct ConnectOptions {
    /// `sqlite://path`, `sqlite::memory:`, `postgres://…` or `postgresql://…` with their usual parameters
    /// (`?mode=ro`, `?sslmode=require`).
    pub url: String,
    /// Relative SQLite paths start here.
    pub root: PathBuf,
    /// Size of the pool. A SQLite database in memory always has one connection.
    pub max_connections: u32,
    /// How long to wait for a server, and for a free connection of the pool.
    pub connect_timeout: Duration,
    /// How long a SQLite statement waits for another process's write lock.
    pub busy_timeout: Duration,
    /// Whether anything may be written.
    pub access: Access,
}

/// Without the password, so that no log shows it.
impl fmt::Debug for ConnectOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectOptions")
            .field("url", &url::redact(&self.url))
            .field("root", &self.root)
            .finish_non_exhaustive()
    }
}

impl ConnectOptions {
    /// The defaults for `url`: 10 connections, 5 s to connect, 30 s for a locked SQLite file.
    pub fn new(url: impl Into<String>, root: impl Into<PathBuf>) -> Self {
        ConnectOptions {
            url: url.into(),
            root: root.into(),
            max_connections: 10,
            connect_timeout: Duration::from_secs(5),
            busy_timeout: Duration::from_secs(30),
            access: Access::ReadWrite,
        }
    }

    /// Which database system the URL means.
    ///
    /// # Errors
    /// [`Error::UnknownScheme`], [`Error::BadUrl`].
    pub fn backend(&self) -> Result<Backend, Error> {
        Ok(self.target()?.backend())
    }

    /// The SQLite file; `None` for a database in memory and for PostgreSQL.
    pub fn file(&self) -> Option<PathBuf> {
        match self.target() {
            Ok(url::Target::File { path, .. }) => Some(path),
            _ => None,
        }
    }

    /// What the URL means; read-only when it may only be read.
    fn target(&self) -> Result<url::Target, Error> {
        let mut target = url::Target::parse(&self.url, &self.root)?;
        if let (Access::ReadOnly, url::Target::File { mode, .. }) = (self.access, &mut target) {
            *mode = url::Mode::ReadOnly;
        }
        Ok(target)
    }
}

/// A database: a pool of connections, or the single transaction of a [`DryRun`].
///
/// Cheap to clone. It implements SeaORM's `ConnectionTrait` and `TransactionTrait`, so `Entity::find().all(&db)`
/// and `db.begin()` work, in a dry run too. Transactions on SQLite take the write lock when they begin
/// (`BEGIN IMMEDIATE`): one that reads first and writes later would otherwise fail at once, without the busy timeout,
/// when another process wrote in between. Ask for `AccessMode::ReadOnly` to begin without the lock.
#[derive(Clone, Debug)]
pub struct Database {
    inner: Inner,
    backend: Backend,
    options: Arc<ConnectOptions>,
    /// Opened by the first [`Database::begin_durable`].
    durable: Arc<OnceCell<DatabaseConnection>>,
}

#[derive(Clone, Debug)]
enum Inner {
    Pool(DatabaseConnection),
    Dry(Arc<dry_run::Shared>),
}

impl Database {
    /// Opens the database that `options.url` names.
    ///
    /// SQLite: the directory and the file are created (unless `?mode=` says otherwise); WAL, foreign keys, busy timeout
    /// and `synchronous=NORMAL` are set on every connection.
    ///
    /// # Errors
    /// [`Error::UnknownScheme`], [`Error::BadUrl`], [`Error::Unreachable`], [`Error::Refused`], [`Error::NoFile`],
    /// [`Error::NotWritable`], [`Error::BadFile`]; none shows the password.
    pub async fn connect(options: ConnectOptions) -> Result<Database, Error> {
        let target = options.target()?;
        let pool = open::pool(&target, &options, options.max_connections, Durability::Program).await?;
        Ok(Database {
            inner: Inner::Pool(pool),
            backend: target.backend(),
            options: Arc::new(options),
            durable: Arc::default(),
        })
    }

    /// Which database system this is.
    pub fn backend(&self) -> Backend {
        self.backend
    }

    /// The URL without its password.
    pub fn describe(&self) -> String {
        url::redact(&self.options.url)
    }

    /// The SQLite file; `None` for a database in memory and for PostgreSQL.
    pub fn file(&self) -> Option<PathBuf> {
        self.options.file()
    }

    /// Whether it is only read: because it was opened so, or its URL says so (`?mode=ro`; PostgreSQL's says nothing of the
    /// kind).
    pub fn is_read_only(&self) -> bool {
        let by_url = || matches!(self.options.target(), Ok(url::Target::File { mode: url::Mode::ReadOnly, .. }));
        self.options.access == Access::ReadOnly || by_url()
    }

    /// Asks the database for a sign of life.
    ///
    /// # Errors
    /// [`Error::Database`] when it gives none.
    pub async fn ping(&self) -> Result<(), Error> {
        match &self.inner {
            Inner::Pool(pool) => Ok(pool.ping().await?),
            Inner::Dry(shared) => Ok(shared.read().await?.ping().await?),
        }
    }

    /// Closes the pool and waits for its connections; does nothing in a dry run, whose transaction belongs to
    /// [`DryRun`].
    ///
    /// # Errors
    /// [`Error::Database`] when a connection cannot be closed in order.
    pub async fn close(&self) -> Result<(), Error> {
        match &self.inner {
            Inner::Pool(pool) => {
                if let Some(durable) = self.durable.get() {
                    durable.close_by_ref().await?;
                }
                Ok(pool.close_by_ref().await?)
            }
            Inner::Dry(_) => Ok(()),
        }
    }

    /// The same database through one connection of its own, for work that sets the state of a session (migrations).
    /// A database in memory has only the one connection and returns itself.
    pub(crate) async fn session(&self) -> Result<Database, Error> {
        let Inner::Pool(pool) = &self.inner else {
            return Err(Error::InDryRun);
        };
        let target = self.options.target()?;
        let pool = match target {
            url::Target::Memory => pool.clone(),
            _ => open::pool(&target, &self.options, 1, Durability::Program).await?,
        };
        Ok(Database {
            inner: Inner::Pool(pool),
            backend: self.backend,
            options: Arc::clone(&self.options),
            durable: Arc::default(),
        })
    }

    /// Gives back what [`Database::session`] took: closes the connection unless it is the shared one.
    pub(crate) async fn end_session(self) -> Result<(), Error> {
        match self.options.target()? {
            url::Target::Memory => Ok(()),
            _ => self.close().await,
        }
    }

    /// Does `work`, a transaction of this session, while SQLite does not watch foreign keys: it can be told so only
    /// outside of transactions. What `work` leaves behind is its own to check. PostgreSQL goes on watching.
    pub(crate) async fn unwatched<T>(&self, work: impl Future<Output = Result<T, Error>> + Send) -> Result<T, Error> {
        if self.backend == Backend::Postgres {
            return work.await;
        }
        self.execute_unprepared("PRAGMA foreign_keys = OFF").await?;
        let done = work.await;
        let watching = self.execute_unprepared("PRAGMA foreign_keys = ON").await;
        let done = done?;
        watching?;
        Ok(done)
    }

    fn pool(&self) -> Result<&DatabaseConnection, DbErr> {
        match &self.inner {
            Inner::Pool(pool) => Ok(pool),
            Inner::Dry(_) => Err(DbErr::Custom("this needs a pool, and a dry run has one transaction".to_owned())),
        }
    }
}
