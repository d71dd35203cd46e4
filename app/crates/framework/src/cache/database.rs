//! A cache in a table, which makes itself when it is missing.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use db::{ConnectOptions, Database};
use futures_util::future::BoxFuture;
use sea_orm::{ConnectionTrait as _, DbErr, QueryResult, Statement, Value};

use super::store::{Answer, Lifetime, Store, Stored};
use super::{Error, sql};
use crate::clock::Clock;

/// How many connections a process keeps: a writer at a time is all that SQLite has anyway.
const CONNECTIONS: u32 = 4;

/// How long a connection, and another process's lock on a SQLite file, is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// Who writes cleans up: the first time, then after so many writes, or so many milliseconds.
const CLEAN_WRITES: u64 = 1000;
const CLEAN_MILLIS: i64 = 30_000;

/// So many entries are deleted in one statement, so that others get at the table in between.
const BATCH: u64 = 1000;

pub(super) struct Table {
    alias: String,
    database: Database,
    clock: Arc<dyn Clock>,
    max_entries: u64,
    next_cleaning: AtomicI64,
    writes: AtomicU64,
}

/// Opens the database. The table is made when it is found to be missing.
pub(super) async fn open(
    alias: &str,
    url: &str,
    root: &Path,
    clock: Arc<dyn Clock>,
    max_entries: u64,
) -> Result<Arc<dyn Store>, Error> {
    let options = ConnectOptions {
        max_connections: CONNECTIONS,
        connect_timeout: PATIENCE,
        busy_timeout: PATIENCE,
        ..ConnectOptions::new(url, root)
    };
    let database = Database::connect(options).await.map_err(|error| match error {
        db::Error::UnknownScheme { .. } | db::Error::BadUrl { .. } => Error::bad_url(alias, error),
        other => Error::unavailable(alias, other),
    })?;
    let (next_cleaning, writes) = (AtomicI64::new(i64::MIN), AtomicU64::new(0));
    Ok(Arc::new(Table { alias: alias.to_owned(), database, clock, max_entries, next_cleaning, writes }))
}

impl Table {
    fn now(&self) -> i64 {
        self.clock.now().timestamp_millis()
    }

    fn statement(&self, sql: &str, values: Vec<Value>) -> Statement {
        Statement::from_sql_and_values(self.database.backend().into(), sql, values)
    }

    /// Does it, after making the table if that was what was missing.
    async fn execute(&self, sql: &str, values: Vec<Value>) -> Result<u64, DbErr> {
        let statement = self.statement(sql, values);
        let done = match self.database.execute_raw(statement.clone()).await {
            Err(error) if is_no_table(&error) => {
                self.create().await?;
                self.database.execute_raw(statement).await?
            }
            other => other?,
        };
        Ok(done.rows_affected())
    }

    async fn query(&self, sql: &str, values: Vec<Value>) -> Result<Option<QueryResult>, DbErr> {
        let statement = self.statement(sql, values);
        match self.database.query_one_raw(statement.clone()).await {
            Err(error) if is_no_table(&error) => {
                self.create().await?;
                self.database.query_one_raw(statement).await
            }
            other => other,
        }
    }

    async fn create(&self) -> Result<(), DbErr> {
        self.database.execute_unprepared(sql::create(self.database.backend())).await.map(drop)
    }

    fn error(&self, error: DbErr) -> Error {
        match &error {
            DbErr::Conn(_) | DbErr::ConnectionAcquire(_) => Error::unavailable(&self.alias, &error),
            DbErr::Exec(sea_orm::RuntimeErr::SqlxError(inner))
            | DbErr::Query(sea_orm::RuntimeErr::SqlxError(inner))
                if inner.as_database_error().is_none() =>
            {
                Error::unavailable(&self.alias, inner)
            }
            _ => Error::refused(&self.alias, db::Error::from(error)),
        }
    }

    /// Cleans up when it is time. What fails here is no matter of whoever writes.
    async fn clean_now_and_then(&self) {
        let now = self.now();
        let many = self.writes.fetch_add(1, Ordering::Relaxed) % CLEAN_WRITES == CLEAN_WRITES - 1;
        let next = self.next_cleaning.load(Ordering::Relaxed);
        if now < next && !many {
            return;
        }
        let mine = self.next_cleaning.compare_exchange(
            next,
            now.saturating_add(CLEAN_MILLIS),
            Ordering::Relaxed,
            Ordering::Relaxed,
        );
        if mine.is_ok()
            && let Err(error) = self.clean(now).await
        {
            tracing::warn!(target: "cache", alias = self.alias, "failed to remove expired entries: {error}");
        }
    }

    /// Removes what has expired, and when too much is left, a tenth more than that: what would expire first.
    async fn clean(&self, now: i64) -> Result<(), DbErr> {
        self.expire(now, u64::MAX).await?;
        let row = self.query(sql::COUNT, Vec::new()).await?;
        let entries = row.map_or(Ok(0), |row| row.try_get::<i64>("", "entries"))?;
        let entries = u64::try_from(entries).unwrap_or_default();
        if entries > self.max_entries {
            self.expire(i64::MAX, entries - self.max_entries + self.max_entries / 10).await?;
        }
        Ok(())
    }

    async fn expire(&self, until: i64, mut most: u64) -> Result<(), DbErr> {
        while most > 0 {
            let batch = most.min(BATCH);
            let limit = i64::try_from(batch).unwrap_or(i64::MAX);
            let removed = self.execute(sql::expire(self.database.backend()), vec![until.into(), limit.into()]).await?;
            if removed < batch {
                break;
            }
            most -= removed;
        }
        Ok(())
    }

    async fn put(&self, sql: &str, key: &str, value: Stored, life: Lifetime, now: Option<i64>) -> Result<u64, Error> {
        let (bytes, number) = match value {
            Stored::Bytes(bytes) => (Some(bytes), None),
            Stored::Number(number) => (None, Some(number)),
        };
        let end = life.end(self.clock.now());
        let mut values = vec![key.into(), bytes.into(), number.into(), end.into()];
        values.extend(now.map(Value::from));
        let rows = self.execute(sql, values).await.map_err(|error| self.error(error))?;
        self.clean_now_and_then().await;
        Ok(rows)
    }
}

impl Store for Table {
    fn get<'a>(&'a self, key: &'a str) -> Answer<'a, Option<Vec<u8>>> {
        Box::pin(async move {
            let row = self.query(sql::GET, vec![key.into(), self.now().into()]).await;
            let Some(row) = row.map_err(|error| self.error(error))? else { return Ok(None) };
            let number: Option<i64> = row.try_get("", "number").map_err(|error| self.error(error))?;
            let bytes: Option<Vec<u8>> = row.try_get("", "value").map_err(|error| self.error(error))?;
            Ok(number.map(|number| Stored::Number(number).into_bytes()).or(bytes))
        })
    }

    fn set<'a>(&'a self, key: &'a str, value: Stored, life: Lifetime) -> Answer<'a, ()> {
        Box::pin(async move { self.put(sql::SET, key, value, life, None).await.map(drop) })
    }

    fn add<'a>(&'a self, key: &'a str, value: Stored, life: Lifetime) -> Answer<'a, bool> {
        Box::pin(async move { Ok(self.put(sql::ADD, key, value, life, Some(self.now())).await? > 0) })
    }

    fn incr<'a>(&'a self, key: &'a str, by: i64, life: Lifetime) -> Answer<'a, i64> {
        Box::pin(async move {
            let end = life.end(self.clock.now());
            let values = vec![key.into(), by.into(), end.into(), self.now().into()];
            let not_a_number = || Error::NotANumber { key: key.to_owned() };
            let row = self.query(sql::INCR, values).await.map_err(|error| match code(&error).as_deref() {
                // Does not fit: a column of SQLite would get another type, PostgreSQL's is out of range.
                Some("3091" | "22003") => not_a_number(),
                _ => self.error(error),
            })?;
            let sum = row.ok_or_else(not_a_number)?.try_get("", "number").map_err(|error| self.error(error))?;
            self.clean_now_and_then().await;
            Ok(sum)
        })
    }

    fn delete<'a>(&'a self, key: &'a str) -> Answer<'a, bool> {
        Box::pin(async move {
            let deleted = self.execute(sql::DELETE, vec![key.into(), self.now().into()]).await;
            Ok(deleted.map_err(|error| self.error(error))? > 0)
        })
    }

    fn clear<'a>(&'a self, prefix: &'a str) -> Answer<'a, u64> {
        Box::pin(async move {
            let (from, to) = (Value::from(prefix), Value::from(sql::after(prefix)));
            let expired = vec![from.clone(), to.clone(), self.now().into()];
            self.execute(sql::CLEAR_EXPIRED, expired).await.map_err(|error| self.error(error))?;
            self.execute(sql::CLEAR, vec![from, to]).await.map_err(|error| self.error(error))
        })
    }

    fn ping(&self) -> Answer<'_, ()> {
        Box::pin(async { self.database.ping().await.map_err(|error| Error::unavailable(&self.alias, error)) })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            if let Err(error) = self.database.close().await {
                tracing::warn!(target: "cache", alias = self.alias, "failed to close the cache: {error}");
            }
        })
    }
}

/// The database's own code for what it refuses.
fn code(error: &DbErr) -> Option<String> {
    let (DbErr::Exec(sea_orm::RuntimeErr::SqlxError(inner)) | DbErr::Query(sea_orm::RuntimeErr::SqlxError(inner))) =
        error
    else {
        return None;
    };
    inner.as_database_error()?.code().map(|code| code.into_owned())
}

/// PostgreSQL has a code for it; SQLite says it in words.
fn is_no_table(error: &DbErr) -> bool {
    code(error).as_deref() == Some("42P01") || error.to_string().contains("no such table: cache_entries")
}
