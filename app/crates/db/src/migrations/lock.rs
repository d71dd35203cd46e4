//! One migrating process at a time.

use std::{ffi::OsString, fs::File, io, path::PathBuf};

use rustix::fs::{FlockOperation, flock};
use sea_orm::ConnectionTrait;

use crate::{Backend, Database, Error};

/// The key of the advisory lock on PostgreSQL: the bytes of "migrate!", read as a number. Every database of a server
/// has its own.
const ADVISORY_KEY: i64 = 0x6d69_6772_6174_6521;

/// Held while migrations run; given back by [`Lock::release`], or by the system when the process dies.
#[derive(Debug)]
pub(super) enum Lock {
    /// An open, locked file beside the SQLite database. It is not deleted: another process may be waiting for it.
    File(#[allow(dead_code, reason = "held, not read")] File),
    /// An advisory lock of the session.
    Advisory,
    /// A database in memory belongs to this process alone.
    Memory,
}

impl Lock {
    /// Waits for the lock. `session` must be a single connection that lives as long as the lock.
    pub(super) async fn acquire(session: &Database) -> Result<Lock, Error> {
        match (session.backend(), session.file()) {
            (Backend::Postgres, _) => {
                session.execute_unprepared(&format!("SELECT pg_advisory_lock({ADVISORY_KEY})")).await?;
                Ok(Lock::Advisory)
            }
            (Backend::Sqlite, Some(file)) => {
                let mut name: OsString = file.into();
                name.push("-migrate.lock");
                let path = PathBuf::from(name);
                let place = path.display().to_string();
                let refuse = |reason: String| Error::Lock { place: place.clone(), reason };
                // Waiting blocks a thread, so it must not be one that drives futures.
                let locked = tokio::task::spawn_blocking(move || -> io::Result<File> {
                    let file = File::options().create(true).append(true).open(path)?;
                    flock(&file, FlockOperation::LockExclusive)?;
                    Ok(file)
                });
                match locked.await {
                    Ok(Ok(file)) => Ok(Lock::File(file)),
                    Ok(Err(error)) => Err(refuse(error.to_string())),
                    Err(error) => Err(refuse(error.to_string())),
                }
            }
            (Backend::Sqlite, None) => Ok(Lock::Memory),
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
