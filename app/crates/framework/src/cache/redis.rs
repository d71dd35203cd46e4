//! A cache in Redis, or in a server that speaks like it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Cmd, ErrorKind, IntoConnectionInfo as _, RedisError, pipe};

use super::Error;
use super::store::{Answer, Lifetime, Store, Stored};

/// How long the server may take to let us in, and to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// So many keys are asked for, and deleted, at once.
const BATCH: usize = 1000;

pub(super) struct Redis {
    alias: String,
    client: Client,
    /// `host:port`, or the path of a socket.
    place: String,
    /// One carries any number of commands at once.
    connection: Mutex<Option<MultiplexedConnection>>,
}

/// Whether a command may be sent again when it is unknown whether the first one arrived.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Again {
    Yes,
    No,
}

/// Connects nowhere yet.
pub(super) fn open(alias: &str, url: &str) -> Result<Arc<dyn Store>, Error> {
    // The URL itself stays out of the message: it may hold a password.
    let bad =
        |error: RedisError| Error::bad_url(alias, error.detail().map_or_else(|| error.to_string(), str::to_owned));
    let info = url.into_connection_info().map_err(bad)?;
    let place = info.addr().to_string();
    let client = Client::open(info).map_err(bad)?;
    Ok(Arc::new(Redis { alias: alias.to_owned(), client, place, connection: Mutex::default() }))
}

impl Redis {
    fn known(&self) -> MutexGuard<'_, Option<MultiplexedConnection>> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn connect(&self) -> Result<MultiplexedConnection, RedisError> {
        let config =
            AsyncConnectionConfig::new().set_connection_timeout(Some(PATIENCE)).set_response_timeout(Some(PATIENCE));
        let connection = self.client.get_multiplexed_async_connection_with_config(&config).await?;
        *self.known() = Some(connection.clone());
        Ok(connection)
    }

    /// Does it over the connection that there is. One that broke since (the server was started anew) is replaced.
    async fn run<'a, T>(
        &self,
        again: Again,
        work: impl Fn(MultiplexedConnection) -> BoxFuture<'a, Result<T, RedisError>>,
    ) -> Result<T, Error> {
        let known = self.known().clone();
        let is_known = known.is_some();
        let first = match known {
            Some(connection) => work(connection).await,
            None => match self.connect().await {
                Ok(connection) => work(connection).await,
                Err(error) => Err(error),
            },
        };
        let error = match first {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        if !error.is_unrecoverable_error() && !error.is_io_error() {
            return Err(self.error(&error));
        }
        *self.known() = None;
        if !is_known || again == Again::No || error.is_timeout() {
            return Err(self.error(&error));
        }
        let second = async { work(self.connect().await?).await };
        second.await.map_err(|error| self.error(&error))
    }

    async fn command<T: redis::FromRedisValue + Send + 'static>(&self, again: Again, command: Cmd) -> Result<T, Error> {
        self.run(again, |mut connection| {
            let command = command.clone();
            Box::pin(async move { command.query_async(&mut connection).await })
        })
        .await
    }

    fn error(&self, error: &RedisError) -> Error {
        if error.kind() == ErrorKind::Parse {
            return Error::unavailable(&self.alias, format!("what answers is no Redis server ({})", self.place));
        }
        if error.is_io_error() || error.kind() == ErrorKind::AuthenticationFailed {
            return Error::unavailable(&self.alias, format!("{error} ({})", self.place));
        }
        Error::refused(&self.alias, error)
    }
}

/// What every way of setting has in common.
fn set(key: &str, value: Stored, life: Lifetime) -> Cmd {
    let mut command = redis::cmd("SET");
    command.arg(key).arg(value.into_bytes());
    if let Some(millis) = life.millis() {
        command.arg("PX").arg(millis);
    }
    command
}

impl Store for Redis {
    fn get<'a>(&'a self, key: &'a str) -> Answer<'a, Option<Vec<u8>>> {
        Box::pin(async move { self.command(Again::Yes, redis::cmd("GET").arg(key).clone()).await })
    }

    fn set<'a>(&'a self, key: &'a str, value: Stored, life: Lifetime) -> Answer<'a, ()> {
        Box::pin(async move { self.command(Again::Yes, set(key, value, life)).await })
    }

    fn add<'a>(&'a self, key: &'a str, value: Stored, life: Lifetime) -> Answer<'a, bool> {
        Box::pin(async move {
            let mut command = set(key, value, life);
            let done: Option<String> = self.command(Again::No, command.arg("NX").clone()).await?;
            Ok(done.is_some())
        })
    }

    fn incr<'a>(&'a self, key: &'a str, by: i64, life: Lifetime) -> Answer<'a, i64> {
        Box::pin(async move {
            // A transaction: the counter begins with its time, or keeps the one that it has.
            let mut both = pipe();
            let begin = set(key, Stored::Number(0), life).arg("NX").clone();
            both.atomic().add_command(begin).ignore().cmd("INCRBY").arg(key).arg(by);
            let sum: Result<(i64,), Error> = self
                .run(Again::No, |mut connection| {
                    let both = both.clone();
                    Box::pin(async move { both.query_async(&mut connection).await })
                })
                .await;
            match sum {
                Ok((sum,)) => Ok(sum),
                Err(Error::Refused { reason, .. })
                    if ["not an integer", "overflow", "WRONGTYPE"].iter().any(|words| reason.contains(words)) =>
                {
                    Err(Error::NotANumber { key: key.to_owned() })
                }
                Err(error) => Err(error),
            }
        })
    }

    fn delete<'a>(&'a self, key: &'a str) -> Answer<'a, bool> {
        Box::pin(async move {
            let deleted: u64 = self.command(Again::Yes, redis::cmd("DEL").arg(key).clone()).await?;
            Ok(deleted > 0)
        })
    }

    /// By and by, so that the server answers others in between; never `FLUSHDB`, which would take what is not ours.
    fn clear<'a>(&'a self, prefix: &'a str) -> Answer<'a, u64> {
        Box::pin(async move {
            let pattern = format!("{}*", escaped(prefix));
            let (mut cursor, mut cleared) = (0_u64, 0);
            loop {
                let mut scan = redis::cmd("SCAN");
                scan.arg(cursor).arg("MATCH").arg(&pattern).arg("COUNT").arg(BATCH);
                let (next, keys): (u64, Vec<Vec<u8>>) = self.command(Again::Yes, scan).await?;
                if !keys.is_empty() {
                    let gone: u64 = self.command(Again::Yes, redis::cmd("UNLINK").arg(&keys).clone()).await?;
                    cleared += gone;
                }
                if next == 0 {
                    return Ok(cleared);
                }
                cursor = next;
            }
        })
    }

    fn ping(&self) -> Answer<'_, ()> {
        Box::pin(async { self.command(Again::Yes, redis::cmd("PING")).await })
    }
}

/// A text that a pattern of Redis takes literally.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for letter in text.chars() {
        if matches!(letter, '*' | '?' | '[' | ']' | '\\' | '^') {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    escaped
}
