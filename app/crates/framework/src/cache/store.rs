//! What every backend can do, without types: bytes and numbers under text.

use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;

use super::Error;

/// An answer on its way.
pub(crate) type Answer<'a, T> = BoxFuture<'a, Result<T, Error>>;

/// A value as it is stored. Numbers stand apart, because they are counted up in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stored {
    Bytes(Vec<u8>),
    Number(i64),
}

impl Stored {
    /// JSON's whole numbers are numbers.
    pub(super) fn of(bytes: Vec<u8>) -> Self {
        let number = std::str::from_utf8(&bytes).ok().and_then(|text| Some((text, text.parse::<i64>().ok()?)));
        match number {
            Some((text, number)) if number.to_string() == text => Self::Number(number),
            _ => Self::Bytes(bytes),
        }
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Number(number) => number.to_string().into_bytes(),
        }
    }
}

/// How long an entry lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lifetime(Duration);

/// Longer is for ever: databases and servers count milliseconds in 64 bits.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

impl Lifetime {
    pub(super) fn new(ttl: Duration) -> Self {
        // No backend has less than a millisecond.
        Self(ttl.max(Duration::from_millis(1)))
    }

    /// In milliseconds; nothing for ever.
    #[cfg(feature = "redis")]
    pub(super) fn millis(self) -> Option<u64> {
        (self.0 < LONGEST).then(|| u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX))
    }

    /// The end, in milliseconds since 1970.
    pub(super) fn end(self, now: DateTime<Utc>) -> i64 {
        match i64::try_from(self.0.as_millis()) {
            Ok(millis) if self.0 < LONGEST => now.timestamp_millis().saturating_add(millis),
            _ => i64::MAX,
        }
    }
}

/// A backend. Keys are whole, with the cache's own prefix.
pub(crate) trait Store: Send + Sync {
    fn get<'a>(&'a self, key: &'a str) -> Answer<'a, Option<Vec<u8>>>;

    fn set<'a>(&'a self, key: &'a str, value: Stored, life: Lifetime) -> Answer<'a, ()>;

    /// Sets it unless it is there, and says whether it was set.
    fn add<'a>(&'a self, key: &'a str, value: Stored, life: Lifetime) -> Answer<'a, bool>;

    /// Adds to the number that is there, or begins with `by`.
    fn incr<'a>(&'a self, key: &'a str, by: i64, life: Lifetime) -> Answer<'a, i64>;

    /// Says whether it was there.
    fn delete<'a>(&'a self, key: &'a str) -> Answer<'a, bool>;

    /// Deletes all whose key begins so, and says how many had not expired.
    fn clear<'a>(&'a self, prefix: &'a str) -> Answer<'a, u64>;

    /// Writes nothing.
    fn ping(&self) -> Answer<'_, ()>;

    /// Gives its connections back.
    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }
}
