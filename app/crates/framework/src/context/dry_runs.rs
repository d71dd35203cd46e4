//! What stands in for databases and caches while a dry run lasts.

use std::collections::BTreeMap;
use std::sync::Arc;

use db::Database;
use tokio::sync::Mutex;

use super::caches::Recordings;

/// The transactions of a dry run, one a database, begun on first use, and what is not written to caches. Clones share
/// them.
#[derive(Clone, Default)]
pub(crate) struct DryRuns(Arc<Mutex<BTreeMap<String, db::DryRun>>>, pub(super) Recordings);

impl DryRuns {
    /// The stand-in for `database`.
    pub(super) async fn database(&self, alias: &str, database: &Database) -> Result<Database, db::Error> {
        let mut runs = self.0.lock().await;
        if let Some(run) = runs.get(alias) {
            return Ok(run.database());
        }
        let run = database.dry_run().await?;
        let stand_in = run.database();
        runs.insert(alias.to_owned(), run);
        Ok(stand_in)
    }

    /// Takes everything back, and says what would have been written.
    pub(crate) async fn rollback(self) -> Result<Vec<db::Write>, db::Error> {
        let mut writes = Vec::new();
        for run in std::mem::take(&mut *self.0.lock().await).into_values() {
            writes.extend(run.rollback().await?);
        }
        writes.extend(self.1.writes());
        Ok(writes)
    }

    /// Makes everything lasting after all.
    #[cfg(feature = "shell")]
    pub(crate) async fn commit(self) -> Result<(), db::Error> {
        for run in std::mem::take(&mut *self.0.lock().await).into_values() {
            run.commit().await?;
        }
        Ok(())
    }
}
