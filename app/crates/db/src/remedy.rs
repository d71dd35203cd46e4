//! What a database means by its refusal, and what a person can do about it.

use std::fmt;

use sea_orm::{
    DbErr, RuntimeErr,
    sqlx::{self, postgres::PgDatabaseError},
};

/// A database's own words, without those that SeaORM and sqlx put in front.
pub(crate) struct Words<'a>(pub &'a DbErr);

impl fmt::Display for Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match inner(self.0) {
            Some(sqlx::Error::Database(database)) => {
                f.write_str(database.message())?;
                // PostgreSQL says there which row it is: `Key (code)=(7) is duplicated.`
                let detail = database.try_downcast_ref::<PgDatabaseError>().and_then(PgDatabaseError::detail);
                detail.map_or(Ok(()), |detail| write!(f, ": {}", detail.trim_end_matches('.')))
            }
            Some(other) => write!(f, "{other}"),
            None => write!(f, "{}", self.0),
        }
    }
}

/// A line with the remedy, its line break before it; nothing where there is none.
pub(crate) struct Hint<'a>(pub &'a DbErr);

impl fmt::Display for Hint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        remedy(self.0).map_or(Ok(()), |remedy| write!(f, "\nhint: {remedy}"))
    }
}

pub(crate) fn inner(error: &DbErr) -> Option<&sqlx::Error> {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(inner))
        | DbErr::Exec(RuntimeErr::SqlxError(inner))
        | DbErr::Query(RuntimeErr::SqlxError(inner)) => Some(inner),
        _ => None,
    }
}

/// What can be done; `None` where the database's own words say enough (a constraint, a missing table).
pub fn remedy(error: &DbErr) -> Option<&'static str> {
    match inner(error) {
        Some(sqlx::Error::Database(database)) => {
            let code = database.code()?;
            // A state of PostgreSQL has five characters, a code of SQLite is a number of up to four digits.
            match (code.len(), code.parse::<u32>()) {
                (..5, Ok(code)) => sqlite(code),
                _ => postgres(&code),
            }
        }
        Some(sqlx::Error::Io(_)) => Some(LOST),
        _ => None,
    }
}

const LOST: &str = "the connection to the server broke off, and what was not committed is undone; when the server answers, run the command again";

/// By the primary result code, which extended ones have in their lowest byte.
fn sqlite(code: u32) -> Option<&'static str> {
    Some(match code & 0xff {
        5 | 6 => {
            "another process holds the database's write lock; wait until it is done, or end it, and run the command again"
        }
        8 => {
            "the database can only be read; leave `--read-only` out, take `mode=ro` out of its url, or make the file and its directory \
             writable"
        }
        10 => "the disk failed; look at its free space and its health, then run the command again",
        11 => "the file is damaged; `PRAGMA integrity_check` says where, and a backup helps",
        13 => "the disk is full, or the database has reached its `max_page_count`; make room and run the command again",
        14 => "the file, or `-wal` or `-shm` beside it, cannot be opened; look at the permissions of the directory",
        26 => "the file is something else, or encrypted; look at the database's url",
        _ => return None,
    })
}

fn postgres(state: &str) -> Option<&'static str> {
    Some(match state {
        "42501" => {
            "the database's user may not do this; GRANT it the right (CREATE on the schema), or connect as the owner"
        }
        "25006" => {
            "the server or the session is read-only; leave `--read-only` out, connect to the primary, or switch \
             `default_transaction_read_only` off"
        }
        "53100" => "the server's disk is full; make room and run the command again",
        "53300" => "the server has no connection left; close some, or raise its `max_connections`",
        "55P03" | "40P01" | "40001" => "another session was in the way; run the command again",
        "57014" => "the server stopped the statement, by `statement_timeout` or by hand",
        "57P01" | "57P02" | "57P03" => LOST,
        _ if state.starts_with("08") => LOST,
        _ => return None,
    })
}
