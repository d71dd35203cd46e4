//! The caches of a context, and what stands in for them where nothing may be written.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Context;
use crate::cache::{Cache, Link, Recording};
use crate::management::CommandError;

/// What is not written to caches, by alias. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Recordings(Arc<Mutex<BTreeMap<String, Arc<Recording>>>>);

impl Recordings {
    fn all(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Recording>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What would have been written.
    pub(super) fn writes(&self) -> Vec<db::Write> {
        self.all().values().flat_map(|recording| recording.writes()).collect()
    }

    fn of(&self, link: &Arc<Link>) -> Cache {
        let mut all = self.all();
        let new = || Arc::new(Recording::new(Arc::clone(link)));
        let recording = all.entry(link.alias().to_owned()).or_insert_with(new);
        Cache::recorded(Arc::clone(link), Arc::clone(recording))
    }
}

impl Context {
    /// The default cache. Connects when it is used.
    pub fn cache(&self) -> Cache {
        self.handle(&self.shared.caches["default"])
    }

    /// The cache with this alias. Connects when it is used.
    ///
    /// # Errors
    /// A usage error that names the alias and those there are.
    pub fn cache_of(&self, alias: &str) -> Result<Cache, CommandError> {
        if let Some(link) = self.shared.caches.get(alias) {
            return Ok(self.handle(link));
        }
        let known: Vec<String> = self.settings().caches().map(|(known, _)| format!("'{known}'")).collect();
        let message = format!("argument --alias: invalid choice: '{alias}' (choose from {})", known.join(", "));
        Err(CommandError::new(message).code(2))
    }

    fn handle(&self, link: &Arc<Link>) -> Cache {
        match &self.recordings {
            Some(recordings) => recordings.of(link),
            None => Cache::new(Arc::clone(link)),
        }
    }
}
