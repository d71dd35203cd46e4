//! The record of what was applied, in the database itself.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbErr, Statement};

use super::{HISTORY_TABLE, NodeKey};
use crate::{Backend, Database};

/// What is recorded about an applied migration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// When.
    pub at: DateTime<Utc>,
    /// The checksum of its file at that time.
    pub checksum: String,
}

/// Reads and writes the table [`HISTORY_TABLE`].
#[derive(Clone, Copy, Debug)]
pub struct Recorder<'a, C> {
    db: &'a C,
    backend: Backend,
}

impl<'a, C: ConnectionTrait> Recorder<'a, C> {
    /// Over a database or a transaction.
    pub fn new(db: &'a C, backend: Backend) -> Self {
        Recorder { db, backend }
    }

    /// Creates the table unless it is there.
    pub(super) async fn prepare(&self) -> Result<(), DbErr> {
        let moment = match self.backend {
            Backend::Sqlite => "timestamp_with_timezone_text",
            Backend::Postgres => "timestamp with time zone",
        };
        let sql = format!(
            "CREATE TABLE IF NOT EXISTS {HISTORY_TABLE} (module varchar(255) NOT NULL, name varchar(255) NOT NULL, \
             applied_at {moment} NOT NULL, checksum varchar(64) NOT NULL, PRIMARY KEY (module, name))"
        );
        self.db.execute_unprepared(&sql).await.map(drop)
    }

    /// Everything recorded, by migration; nothing when the table is not there yet.
    ///
    /// # Errors
    /// What the database says.
    pub async fn applied(&self) -> Result<BTreeMap<NodeKey, Applied>, DbErr> {
        if !table_exists(self.db, HISTORY_TABLE).await? {
            return Ok(BTreeMap::new());
        }
        let sql = format!("SELECT module, name, applied_at, checksum FROM {HISTORY_TABLE}");
        let rows = self.db.query_all_raw(self.statement(&sql, [])).await?;
        let mut applied = BTreeMap::new();
        for row in rows {
            let key = NodeKey::new(row.try_get::<String>("", "module")?, row.try_get::<String>("", "name")?);
            let record = Applied { at: row.try_get("", "applied_at")?, checksum: row.try_get("", "checksum")? };
            applied.insert(key, record);
        }
        Ok(applied)
    }

    /// Records a migration as applied now.
    pub(super) async fn record(&self, key: &NodeKey, checksum: &str) -> Result<(), DbErr> {
        let sql = format!("INSERT INTO {HISTORY_TABLE} (module, name, applied_at, checksum) VALUES ($1, $2, $3, $4)");
        let values = [key.module.as_str().into(), key.name.as_str().into(), Utc::now().into(), checksum.into()];
        self.db.execute_raw(self.statement(&sql, values)).await.map(drop)
    }

    /// Takes a migration's record away.
    pub(super) async fn forget(&self, key: &NodeKey) -> Result<(), DbErr> {
        let sql = format!("DELETE FROM {HISTORY_TABLE} WHERE module = $1 AND name = $2");
        let values = [key.module.as_str().into(), key.name.as_str().into()];
        self.db.execute_raw(self.statement(&sql, values)).await.map(drop)
    }

    fn statement<const N: usize>(&self, sql: &str, values: [sea_orm::Value; N]) -> Statement {
        Statement::from_sql_and_values(self.backend.into(), sql, values)
    }
}

/// Whether a table of this name is there.
pub(super) async fn table_exists(db: &impl ConnectionTrait, name: &str) -> Result<bool, DbErr> {
    let sql = match Backend::of(db) {
        Backend::Sqlite => "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = $1",
        Backend::Postgres => "SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename = $1",
    };
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, [name.into()]);
    Ok(db.query_one_raw(statement).await?.is_some())
}

impl Database {
    /// Which migrations are recorded as applied, and when; nothing when none ever ran here.
    ///
    /// # Errors
    /// [`crate::Error::Database`].
    pub async fn applied_migrations(&self) -> Result<BTreeMap<NodeKey, Applied>, crate::Error> {
        Ok(Recorder::new(self, self.backend()).applied().await?)
    }
}
