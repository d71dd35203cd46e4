//! From the settings to a backend: opened at the first use, waited for no longer than a page can wait, and left alone for a
//! moment after it did not answer.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use secrecy::ExposeSecret as _;
use tokio::sync::OnceCell;
use tokio::time::Instant;

use super::dummy::Dummy;
use super::memory::{self, Memory};
use super::store::{Answer, Lifetime, Store, Stored};
use super::{Error, Target, database};
use crate::clock::Clock;
use crate::conf;

/// Whatever takes longer has failed; emptying takes its time.
const PATIENCE: Duration = Duration::from_secs(3);
const LONG_PATIENCE: Duration = Duration::from_secs(120);

/// For so long after a failure nobody is asked: pages would all wait for the same nothing.
const PAUSE: Duration = Duration::from_secs(1);

/// The log hears of it no more often.
const SAY_AGAIN: Duration = Duration::from_secs(10);

/// One cache of the settings.
pub(crate) struct Link {
    alias: String,
    settings: conf::Cache,
    root: PathBuf,
    clock: Arc<dyn Clock>,
    store: OnceCell<Arc<dyn Store>>,
    trouble: Mutex<Trouble>,
}

#[derive(Default)]
struct Trouble {
    failed: Option<(Instant, Error)>,
    said: Option<Instant>,
}

impl Link {
    pub(crate) fn new(alias: &str, settings: &conf::Cache, root: &Path, clock: Arc<dyn Clock>) -> Self {
        Self {
            alias: alias.to_owned(),
            settings: settings.clone(),
            root: root.to_owned(),
            clock,
            store: OnceCell::new(),
            trouble: Mutex::default(),
        }
    }

    /// The same cache over connections of its own, for another runtime. Memory is the same anyway.
    pub(super) fn again(&self) -> Self {
        Self::new(&self.alias, &self.settings, &self.root, Arc::clone(&self.clock))
    }

    pub(crate) fn alias(&self) -> &str {
        &self.alias
    }

    /// What stands before every key.
    pub(super) fn prefix(&self) -> String {
        format!("{}:{}:", self.settings.prefix, self.alias)
    }

    /// What the URL means; nothing for one that nobody can use.
    pub(crate) fn target(&self) -> Option<Target> {
        Target::of(self.settings.url.expose_secret())
    }

    /// Where the processes are told to empty their memories.
    pub(super) fn notices(&self) -> PathBuf {
        memory::notices(&self.root, &self.alias)
    }

    /// The SQLite file of the cache, when it is one.
    pub(crate) fn file(&self) -> Option<PathBuf> {
        let url = self.settings.url.expose_secret();
        (self.target() == Some(Target::Database)).then(|| db::ConnectOptions::new(url, &self.root).file())?
    }

    /// Whether a server of it runs on this machine.
    pub(crate) fn is_local(&self) -> bool {
        let url = self.settings.url.expose_secret();
        let place = url.split_once("://").map_or("", |(_, rest)| rest);
        let host = place.rsplit_once('@').map_or(place, |(_, host)| host);
        ["/", "localhost", "127.", "[::1]"].iter().any(|start| host.starts_with(start))
    }

    /// Says in the log, now and then, that the work goes on without the cache.
    pub(super) fn note(&self, error: &Error) {
        let mut trouble = self.trouble();
        let now = Instant::now();
        if trouble.said.is_none_or(|said| now.duration_since(said) >= SAY_AGAIN) {
            trouble.said = Some(now);
            tracing::warn!(target: "cache", "{error}; going on without it");
        }
    }

    /// Gives back what was opened.
    pub(crate) async fn close(&self) {
        if let Some(store) = self.store.get() {
            store.close().await;
        }
    }

    fn trouble(&self) -> MutexGuard<'_, Trouble> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn open(&self) -> Result<Arc<dyn Store>, Error> {
        let url = self.settings.url.expose_secret();
        let (clock, max_entries) = (Arc::clone(&self.clock), self.settings.max_entries);
        match self.target() {
            Some(Target::Database) => database::open(&self.alias, url, &self.root, clock, max_entries).await,
            #[cfg(feature = "redis")]
            Some(Target::Redis) => super::redis::open(&self.alias, url),
            #[cfg(not(feature = "redis"))]
            Some(Target::Redis) => {
                Err(Error::bad_url(&self.alias, "this program was built without the feature `redis`"))
            }
            Some(Target::Memory) => Ok(Arc::new(Memory::new(clock, max_entries, self.notices()))),
            Some(Target::Dummy) => Ok(Arc::new(Dummy)),
            None => Err(Error::bad_url(&self.alias, format!("expected {}", super::FORMS))),
        }
    }

    /// Does it with the backend, if that answers in time.
    async fn with<'a, T, W>(
        &'a self,
        patience: Duration,
        work: impl FnOnce(&'a Arc<dyn Store>) -> W,
    ) -> Result<T, Error>
    where
        W: Future<Output = Result<T, Error>>,
    {
        let recent = self.trouble().failed.clone().filter(|(failed, _)| failed.elapsed() < PAUSE);
        if let Some((_, error)) = recent {
            return Err(error);
        }
        let asked = async { work(self.store.get_or_try_init(|| self.open()).await?).await };
        let result = tokio::time::timeout(patience, asked).await.unwrap_or_else(|_| {
            let reason = format!("no answer within {} s", patience.as_secs());
            Err(Error::unavailable(&self.alias, reason))
        });
        if let Err(error @ Error::Unavailable { .. }) = &result {
            self.trouble().failed = Some((Instant::now(), error.clone()));
        }
        result
    }
}

impl Store for Link {
    fn get<'a>(&'a self, key: &'a str) -> Answer<'a, Option<Vec<u8>>> {
        Box::pin(self.with(PATIENCE, move |store| store.get(key)))
    }

    fn set<'a>(&'a self, key: &'a str, value: Stored, life: Lifetime) -> Answer<'a, ()> {
        Box::pin(self.with(PATIENCE, move |store| store.set(key, value, life)))
    }

    fn add<'a>(&'a self, key: &'a str, value: Stored, life: Lifetime) -> Answer<'a, bool> {
        Box::pin(self.with(PATIENCE, move |store| store.add(key, value, life)))
    }

    fn incr<'a>(&'a self, key: &'a str, by: i64, life: Lifetime) -> Answer<'a, i64> {
        Box::pin(self.with(PATIENCE, move |store| store.incr(key, by, life)))
    }

    fn delete<'a>(&'a self, key: &'a str) -> Answer<'a, bool> {
        Box::pin(self.with(PATIENCE, move |store| store.delete(key)))
    }

    fn clear<'a>(&'a self, prefix: &'a str) -> Answer<'a, u64> {
        Box::pin(self.with(LONG_PATIENCE, move |store| store.clear(prefix)))
    }

    fn ping(&self) -> Answer<'_, ()> {
        Box::pin(self.with(PATIENCE, |store| store.ping()))
    }
}
