//! The cache: values under names, for a time, shared by all processes of a project (a table in a database, or Redis).
//!
//! ```ignore
//! let cache = ctx.cache();
//! cache.set("report", &report, Duration::from_secs(60)).await?;
//! let report: Option<Report> = cache.get("report").await?;
//! ```
//!
//! Nothing need be set up: the table makes itself. What the cache holds may be gone at any time, so nothing may depend on
//! it. When the backend is down, [`Cache::get`] and its like say so; [`Cache::get_or_set`], pages and fragments do without.

mod blocking;
mod command;
mod database;
mod dummy;
mod error;
mod link;
mod memory;
mod recording;
#[cfg(feature = "redis")]
mod redis;
mod sql;
mod store;
mod target;

use std::borrow::Cow;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};

pub use error::Error;

pub(crate) use blocking::Blocking;
pub(crate) use link::Link;
pub(crate) use recording::Recording;
pub(crate) use target::{FORMS, Target};

use crate::mac::hex;
use store::{Lifetime, Store, Stored};

/// The table of a cache in a database.
pub const TABLE: &str = "cache_entries";

/// A lifetime without end: until somebody deletes the entry, or it has to make room.
pub const FOREVER: Duration = Duration::MAX;

/// Longer keys are cut, and told apart by a hash.
const LONGEST_KEY: usize = 250;
const HASH_LENGTH: usize = 64;

/// A cache. Cheap to clone; connects at the first use. See the [module](self).
#[derive(Clone)]
pub struct Cache {
    /// Before every key, so that caches and projects in one place stay apart.
    prefix: Arc<str>,
    store: Arc<dyn Store>,
    link: Arc<Link>,
}

impl Cache {
    pub(crate) fn new(link: Arc<Link>) -> Self {
        Self { prefix: link.prefix().into(), store: Arc::<Link>::clone(&link), link }
    }

    /// The same, through something that keeps the writes to itself.
    pub(crate) fn recorded(link: Arc<Link>, recording: Arc<Recording>) -> Self {
        Self { prefix: link.prefix().into(), store: recording, link }
    }

    /// The name in the settings: `default`, or that of one of `[caches]`.
    pub fn alias(&self) -> &str {
        self.link.alias()
    }

    /// The value under this key. What cannot be read as `T` (another version of the program wrote it) counts as missing.
    ///
    /// # Errors
    /// When the backend does not answer.
    pub async fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, Error> {
        let Some(bytes) = self.get_bytes(key).await? else { return Ok(None) };
        match serde_json::from_slice(&bytes) {
            Ok(value) => Ok(Some(value)),
            Err(error) => {
                tracing::debug!(target: "cache", key, "an entry of another form is ignored: {error}");
                Ok(None)
            }
        }
    }

    /// Sets a value for a time, in place of an earlier one. No time at all deletes it.
    ///
    /// # Errors
    /// When the backend does not answer, or the value cannot be written as JSON.
    pub async fn set(&self, key: &str, value: &impl Serialize, ttl: Duration) -> Result<(), Error> {
        self.set_stored(key, written(key, value)?, ttl).await
    }

    /// Sets a value unless there is one, and says whether it did. Of many processes at once, one is told so.
    ///
    /// # Errors
    /// When the backend does not answer, or the value cannot be written as JSON.
    pub async fn add(&self, key: &str, value: &impl Serialize, ttl: Duration) -> Result<bool, Error> {
        let (stored, key) = (written(key, value)?, self.key(key)?);
        self.store.add(&key, stored, Lifetime::new(ttl)).await
    }

    /// Adds to a whole number, and gives back the sum; no two callers get the same. A missing one counts as 0 and lives for
    /// `ttl` from now; one that is there keeps its time. (A limit of requests is one call.)
    ///
    /// # Errors
    /// When the backend does not answer, or the entry is something else.
    pub async fn incr(&self, key: &str, by: i64, ttl: Duration) -> Result<i64, Error> {
        let whole = self.key(key)?;
        let sum = self.store.incr(&whole, by, Lifetime::new(ttl)).await;
        sum.map_err(|error| match error {
            Error::NotANumber { .. } => Error::NotANumber { key: key.to_owned() },
            other => other,
        })
    }

    /// Deletes an entry, and says whether there was one.
    ///
    /// # Errors
    /// When the backend does not answer.
    pub async fn delete(&self, key: &str) -> Result<bool, Error> {
        let key = self.key(key)?;
        self.store.delete(&key).await
    }

    /// The value under this key; if there is none, the one that `make` gives, for the next time. A cache that does not
    /// answer is as good as an empty one: a warning goes to the log, and the value is made.
    ///
    /// # Errors
    /// Those of `make`.
    pub async fn get_or_set<T, F, E>(&self, key: &str, ttl: Duration, make: impl FnOnce() -> F) -> Result<T, E>
    where
        T: Serialize + DeserializeOwned,
        F: Future<Output = Result<T, E>>,
    {
        match self.get(key).await {
            Ok(Some(value)) => return Ok(value),
            Ok(None) => {}
            Err(error) => self.note(&error),
        }
        let value = make().await?;
        if let Err(error) = self.set(key, &value, ttl).await {
            self.note(&error);
        }
        Ok(value)
    }

    /// Deletes everything, and says how many entries there were. Other caches at the same place stay.
    ///
    /// # Errors
    /// When the backend does not answer.
    pub async fn clear(&self) -> Result<u64, Error> {
        self.clear_prefix("").await
    }

    /// Deletes the entries whose key begins so, and says how many there were.
    ///
    /// # Errors
    /// When the backend does not answer.
    pub async fn clear_prefix(&self, prefix: &str) -> Result<u64, Error> {
        check(prefix)?;
        self.store.clear(&format!("{}{prefix}", self.prefix)).await
    }

    /// Asks the backend for a sign of life. Writes nothing.
    ///
    /// # Errors
    /// When it gives none.
    pub async fn ping(&self) -> Result<(), Error> {
        self.store.ping().await
    }

    pub(crate) async fn get_bytes(&self, key: &str) -> Result<Option<Vec<u8>>, Error> {
        let key = self.key(key)?;
        self.store.get(&key).await
    }

    pub(crate) async fn set_bytes(&self, key: &str, bytes: Vec<u8>, ttl: Duration) -> Result<(), Error> {
        self.set_stored(key, Stored::Bytes(bytes), ttl).await
    }

    async fn set_stored(&self, key: &str, value: Stored, ttl: Duration) -> Result<(), Error> {
        let key = self.key(key)?;
        if ttl.is_zero() {
            return self.store.delete(&key).await.map(drop);
        }
        self.store.set(&key, value, Lifetime::new(ttl)).await
    }

    /// Says in the log, now and then, that the work goes on without the cache.
    pub(crate) fn note(&self, error: &Error) {
        self.link.note(error);
    }

    pub(crate) fn link(&self) -> &Arc<Link> {
        &self.link
    }

    /// The key as the backend has it.
    fn key(&self, key: &str) -> Result<String, Error> {
        check(key)?;
        Ok(format!("{}{}", self.prefix, shortened(key)))
    }
}

/// PostgreSQL takes no NUL, and keys are shown in terminals.
fn check(key: &str) -> Result<(), Error> {
    if key.chars().any(char::is_control) { Err(Error::BadKey { key: key.to_owned() }) } else { Ok(()) }
}

/// A key that every backend can index.
fn shortened(key: &str) -> Cow<'_, str> {
    if key.len() <= LONGEST_KEY {
        return key.into();
    }
    let kept = key.floor_char_boundary(LONGEST_KEY - HASH_LENGTH);
    format!("{}{}", &key[..kept], hex(&Sha256::digest(key.as_bytes()))).into()
}

fn written(key: &str, value: &impl Serialize) -> Result<Stored, Error> {
    let bytes = serde_json::to_vec(value);
    bytes.map(Stored::of).map_err(|error| Error::BadValue { key: key.to_owned(), reason: error.to_string() })
}
