//! Records of migrations whose files are gone.

use std::collections::BTreeSet;

use sea_orm::TransactionTrait;

use super::{Executor, NodeKey, Recorder, lock::Lock, unfinished};
use crate::{Backend, Database, Error};

impl Executor<'_> {
    /// Deletes the records of the module's migrations that have no file any more, those of a stopped one too, and says
    /// which, in alphabetical order. Tables are not touched.
    ///
    /// # Errors
    /// [`Error::CannotPrune`] while a squashed migration still names one of them in `replaces`: without the record it
    /// would seem unapplied. [`Error::UnknownModule`], [`Error::NoMigrations`], [`Error::Database`].
    pub async fn prune(&self, module: &str) -> Result<Vec<NodeKey>, Error> {
        self.loader.check_module(module)?;
        let session = self.db.session().await?;
        let done = self.prune_locked(&session, module).await;
        let ended = session.end_session().await;
        let pruned = done?;
        ended?;
        Ok(pruned)
    }

    async fn prune_locked(&self, session: &Database, module: &str) -> Result<Vec<NodeKey>, Error> {
        let lock = Lock::acquire(session).await?;
        let done = self.delete_records(session, module).await;
        let released = lock.release(session).await;
        let pruned = done?;
        released?;
        Ok(pruned)
    }

    async fn delete_records(&self, session: &Database, module: &str) -> Result<Vec<NodeKey>, Error> {
        let recorded = Recorder::new(session, session.backend()).applied().await?;
        let stopped: Vec<NodeKey> = unfinished::read(session).await?.into_keys().collect();
        let is_gone = |key: &&NodeKey| key.module == module && self.loader.migration(key).is_none();
        // A migration that stopped on its way back has a record of each kind.
        let gone: BTreeSet<NodeKey> = recorded.keys().chain(&stopped).filter(is_gone).cloned().collect();
        let gone: Vec<NodeKey> = gone.into_iter().collect();
        let squashed = self.loader.replacing(&gone);
        if !squashed.is_empty() {
            return Err(Error::CannotPrune { squashed });
        }
        let tx = session.begin().await?;
        let recorder = Recorder::new(&tx, Backend::of(&tx));
        for key in &gone {
            recorder.forget(key).await?;
            if stopped.contains(key) {
                unfinished::clear(&tx, key).await?;
            }
        }
        tx.commit().await?;
        Ok(gone)
    }
}
