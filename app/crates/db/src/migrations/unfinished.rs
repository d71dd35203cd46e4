//! How far migrations got that are not atomic and were stopped in the middle, in the database itself.

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, DbErr, Statement, Value};

use super::{Direction, Migration, NodeKey, PROGRESS_TABLE, loader::checksum, recorder::table_exists};
use crate::{Backend, Database, Error};

/// A migration with `atomic = false` that was begun and neither finished nor wholly undone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfinished {
    /// Which way it went when it stopped.
    pub direction: Direction,
    /// How many of its operations are in force, from the file's first on.
    pub done: usize,
    /// How many operations it has.
    pub total: usize,
    /// The number, from 1, of an operation outside any transaction that was under way: how much of it was done is not
    /// known.
    pub under_way: Option<usize>,
    /// The checksum of what its file said of the operations in force and the one under way: those after them may be
    /// edited, as a wrong one must be before the migration can go on.
    pub checksum: String,
}

impl Unfinished {
    /// Whether none of its operations is in force, not even half: its first one failed, or its last one was undone.
    pub(super) fn is_untouched(&self) -> bool {
        self.done == 0 && self.under_way.is_none()
    }

    /// Whether the file still says of these operations what it said when they were done. Records of former versions
    /// hold the checksum of the whole file.
    pub(super) fn fits(&self, migration: &Migration) -> bool {
        let operations = checksum_of(migration, self.done, self.under_way);
        !migration.atomic && [&operations, &migration.checksum].contains(&&self.checksum)
    }

    /// The error of a file that no longer says what was done, or is gone.
    pub(super) fn contradicted(&self, key: &NodeKey) -> Error {
        Error::EditedUnfinished { migration: key.clone(), done: self.done, total: self.total }
    }

    /// How many operations count as in force for one who goes on in `direction`: the one under way is done, or undone,
    /// once more.
    pub(super) fn start(&self, direction: Direction) -> usize {
        match (self.under_way, direction) {
            (None, _) => self.done,
            (Some(number), Direction::Forwards) => number - 1,
            (Some(number), Direction::Backwards) => number,
        }
    }
}

/// The checksum of a migration's operations in force and of the one under way.
pub(super) fn checksum_of(migration: &Migration, done: usize, under_way: Option<usize>) -> String {
    let count = done.max(under_way.unwrap_or(0));
    let operations = migration.operations.iter().take(count).cloned().collect();
    checksum(&Migration { operations, ..Migration::default() }.to_toml())
}

/// Creates the table unless it is there. Most databases never need it.
pub(super) async fn prepare(db: &impl ConnectionTrait) -> Result<(), DbErr> {
    let sql = format!(
        "CREATE TABLE IF NOT EXISTS {PROGRESS_TABLE} (module varchar(255) NOT NULL, name varchar(255) NOT NULL, \
         direction varchar(9) NOT NULL, done bigint NOT NULL, total bigint NOT NULL, under_way bigint, \
         checksum varchar(64) NOT NULL, PRIMARY KEY (module, name))"
    );
    db.execute_unprepared(&sql).await.map(drop)
}

/// Everything unfinished, by migration; nothing when the table is not there.
pub(super) async fn read(db: &impl ConnectionTrait) -> Result<BTreeMap<NodeKey, Unfinished>, DbErr> {
    let backend = Backend::of(db);
    if !table_exists(db, PROGRESS_TABLE).await? {
        return Ok(BTreeMap::new());
    }
    let sql = format!("SELECT module, name, direction, done, total, under_way, checksum FROM {PROGRESS_TABLE}");
    let rows = db.query_all_raw(Statement::from_string(backend.into(), sql)).await?;
    let count = |number: i64| usize::try_from(number).unwrap_or_default();
    let mut unfinished = BTreeMap::new();
    for row in rows {
        let key = NodeKey::new(row.try_get::<String>("", "module")?, row.try_get::<String>("", "name")?);
        let direction = match row.try_get::<String>("", "direction")?.as_str() {
            BACKWARDS => Direction::Backwards,
            _ => Direction::Forwards,
        };
        let record = Unfinished {
            direction,
            done: count(row.try_get("", "done")?),
            total: count(row.try_get("", "total")?),
            under_way: row.try_get::<Option<i64>>("", "under_way")?.map(count).filter(|number| *number > 0),
            checksum: row.try_get("", "checksum")?,
        };
        unfinished.insert(key, record);
    }
    Ok(unfinished)
}

const FORWARDS: &str = "forwards";
const BACKWARDS: &str = "backwards";

/// Writes how far a migration is.
pub(super) async fn save(db: &impl ConnectionTrait, key: &NodeKey, now: &Unfinished) -> Result<(), DbErr> {
    let sql = format!(
        "INSERT INTO {PROGRESS_TABLE} (module, name, direction, done, total, under_way, checksum) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (module, name) DO UPDATE SET direction = excluded.direction, \
         done = excluded.done, total = excluded.total, under_way = excluded.under_way, checksum = excluded.checksum"
    );
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let direction = match now.direction {
        Direction::Forwards => FORWARDS,
        Direction::Backwards => BACKWARDS,
    };
    let values: [Value; 7] = [
        key.module.as_str().into(),
        key.name.as_str().into(),
        direction.into(),
        number(now.done).into(),
        number(now.total).into(),
        now.under_way.map(number).into(),
        now.checksum.as_str().into(),
    ];
    db.execute_raw(Statement::from_sql_and_values(Backend::of(db).into(), sql, values)).await.map(drop)
}

/// Forgets a migration: it is finished, or wholly undone. The table must be there.
pub(super) async fn clear(db: &impl ConnectionTrait, key: &NodeKey) -> Result<(), DbErr> {
    let sql = format!("DELETE FROM {PROGRESS_TABLE} WHERE module = $1 AND name = $2");
    let values = [Value::from(key.module.as_str()), key.name.as_str().into()];
    db.execute_raw(Statement::from_sql_and_values(Backend::of(db).into(), sql, values)).await.map(drop)
}

impl Database {
    /// Migrations that are not atomic and were stopped in the middle. One that was going backwards is still among
    /// [`Database::applied_migrations`].
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn unfinished_migrations(&self) -> Result<BTreeMap<NodeKey, Unfinished>, Error> {
        Ok(read(self).await?)
    }
}
