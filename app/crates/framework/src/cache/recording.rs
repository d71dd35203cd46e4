//! A cache whose writes stay in this process: for dry runs, and where nothing may be written.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::store::{Answer, Lifetime, Store, Stored};
use super::{Error, Link};

/// What was written, over what is really there. Lifetimes are not counted: a run is over before they are.
pub(crate) struct Recording {
    link: Arc<Link>,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    /// Entries that were set (or deleted) since.
    written: BTreeMap<String, Option<Stored>>,
    /// Prefixes that were emptied.
    cleared: Vec<String>,
    set: u64,
    deleted: u64,
}

impl Recording {
    pub(crate) fn new(link: Arc<Link>) -> Self {
        Self { link, inner: Mutex::default() }
    }

    /// What would have been written.
    pub(crate) fn writes(&self) -> Vec<db::Write> {
        let inner = self.inner();
        let table = format!("cache {}", self.link.alias());
        let sums = [("set", inner.set), ("delete", inner.deleted)];
        let sums = sums.into_iter().filter(|(_, rows)| *rows > 0);
        sums.map(|(verb, rows)| db::Write { verb: db::Verb::Other(verb.to_owned()), table: table.clone(), rows })
            .collect()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What this run knows of it; nothing when it is as it was.
    fn known(&self, key: &str) -> Option<Option<Stored>> {
        let inner = self.inner();
        let cleared = || inner.cleared.iter().any(|prefix| key.starts_with(prefix.as_str()));
        inner.written.get(key).cloned().or_else(|| cleared().then_some(None))
    }

    fn put(&self, key: &str, value: Stored) {
        let mut inner = self.inner();
        inner.set += 1;
        inner.written.insert(key.to_owned(), Some(value));
    }

    async fn current(&self, key: &str) -> Result<Option<Stored>, Error> {
        match self.known(key) {
            Some(known) => Ok(known),
            None => Ok(self.link.get(key).await?.map(Stored::of)),
        }
    }
}

impl Store for Recording {
    fn get<'a>(&'a self, key: &'a str) -> Answer<'a, Option<Vec<u8>>> {
        Box::pin(async move { Ok(self.current(key).await?.map(Stored::into_bytes)) })
    }

    fn set<'a>(&'a self, key: &'a str, value: Stored, _: Lifetime) -> Answer<'a, ()> {
        Box::pin(async move {
            self.put(key, value);
            Ok(())
        })
    }

    fn add<'a>(&'a self, key: &'a str, value: Stored, _: Lifetime) -> Answer<'a, bool> {
        Box::pin(async move {
            let is_new = self.current(key).await?.is_none();
            if is_new {
                self.put(key, value);
            }
            Ok(is_new)
        })
    }

    fn incr<'a>(&'a self, key: &'a str, by: i64, _: Lifetime) -> Answer<'a, i64> {
        Box::pin(async move {
            let sum = match self.current(key).await? {
                None => Some(by),
                Some(Stored::Number(number)) => number.checked_add(by),
                Some(Stored::Bytes(_)) => None,
            };
            let sum = sum.ok_or_else(|| Error::NotANumber { key: key.to_owned() })?;
            self.put(key, Stored::Number(sum));
            Ok(sum)
        })
    }

    fn delete<'a>(&'a self, key: &'a str) -> Answer<'a, bool> {
        Box::pin(async move {
            let was_there = self.current(key).await?.is_some();
            let mut inner = self.inner();
            inner.deleted += u64::from(was_there);
            inner.written.insert(key.to_owned(), None);
            Ok(was_there)
        })
    }

    /// How many would go cannot be known without looking at all of them: only those of this run are counted.
    fn clear<'a>(&'a self, prefix: &'a str) -> Answer<'a, u64> {
        Box::pin(async move {
            let mut inner = self.inner();
            let gone = inner.written.iter().filter(|(key, value)| value.is_some() && key.starts_with(prefix)).count();
            inner.written.retain(|key, _| !key.starts_with(prefix));
            inner.cleared.push(prefix.to_owned());
            inner.deleted += 1;
            Ok(u64::try_from(gone).unwrap_or(u64::MAX))
        })
    }

    fn ping(&self) -> Answer<'_, ()> {
        self.link.ping()
    }
}
