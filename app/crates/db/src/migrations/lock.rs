//! One migrating process at a time.

use std::{
    ffi::OsString,
    fs::{File, TryLockError},
    io::ErrorKind,
    path::PathBuf,
    time::Duration,
};

use sea_orm::{ConnectionTrait, Statement};

use crate::{Backend, Database, Error};

/// The key of the advisory lock on PostgreSQL: the bytes of "migrate!", read as a number. Every database of a server
/// has its own.
const ADVISORY_KEY: i64 = 0x6d69_6772_6174_6521;

/// How often a waiting process asks for the lock.
const PATIENCE: Duration = Duration::from_millis(20);

/// Held while migrations run; given back by [`Lock::release`], or by the system when the process dies.
#[derive(Debug)]
pub(super) enum Lock {
    /// An open, locked file beside the SQLite database. It is not deleted: another process may be waiting for it.
    File(#[allow(dead_code, reason = "held, not read")] File),
    /// An advisory lock of the session.
    Advisory,
    /// There is nobody to keep off.
    Nothing,
}

impl Lock {
    /// Waits for the lock. `session` must be a single connection that lives as long as the lock.
    pub(super) async fn acquire(session: &Database) -> Result<Lock, Error> {
        match (session.backend(), session.file()) {
            (Backend::Postgres, _) => {
                // Asked again and again rather than waited for: a waiting statement holds a snapshot, which an index that
                // the lock's owner builds concurrently would wait for in turn.
                let sql = format!("SELECT pg_try_advisory_lock({ADVISORY_KEY}) AS ours");
                loop {
                    let statement = Statement::from_string(session.backend().into(), sql.as_str());
                    let row = session.query_one_raw(statement).await?;
                    if row.is_some_and(|row| row.try_get("", "ours").unwrap_or(false)) {
                        return Ok(Lock::Advisory);
                    }
                    tokio::time::sleep(PATIENCE).await;
                }
            }
            // It writes nothing, so that it keeps nobody off.
            (Backend::Sqlite, Some(_)) if session.is_read_only() => Ok(Lock::Nothing),
            (Backend::Sqlite, Some(file)) => {
                let mut name: OsString = file.into();
                name.push("-migrate.lock");
                let path = PathBuf::from(name);
                let place = path.display().to_string();
                let refuse = |reason: String| Error::Lock { place: place.clone(), reason };
                // Read by nobody, but Windows locks no file that is opened for appending alone.
                let opened = File::options().create(true).read(true).append(true).open(path);
                let file = opened.map_err(|error| refuse(error.to_string()))?;
                // Asked again and again rather than waited for: a thread that sleeps in `lock` cannot be cancelled, and
                // would keep the program alive after Ctrl-C.
                loop {
                    match file.try_lock() {
                        Ok(()) => return Ok(Lock::File(file)),
                        Err(TryLockError::Error(error)) if error.kind() != ErrorKind::Interrupted => {
                            return Err(refuse(error.to_string()));
                        }
                        Err(_) => tokio::time::sleep(PATIENCE).await,
                    }
                }
            }
            // In memory it belongs to this process alone.
            (Backend::Sqlite, None) => Ok(Lock::Nothing),
        }
    }

    /// Gives the lock back.
    pub(super) async fn release(self, session: &Database) -> Result<(), Error> {
        if let Lock::Advisory = self {
            session.execute_unprepared(&format!("SELECT pg_advisory_unlock({ADVISORY_KEY})")).await?;
        }
        Ok(())
    }
}
