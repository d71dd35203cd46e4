//! The statements of a cache in a database. They are the same on both backends but for what is named so.
//!
//! Each is one statement, so that it is whole between processes. An entry has either a value or a number.

use db::Backend;

/// The table, and what finds entries that have expired. Several processes may run it at once.
pub(super) fn create(backend: Backend) -> &'static str {
    match backend {
        // STRICT: a sum that does not fit is an error, not a floating-point number.
        Backend::Sqlite => {
            "CREATE TABLE IF NOT EXISTS cache_entries (key TEXT NOT NULL PRIMARY KEY, value BLOB, number INTEGER, \
             expires_at INTEGER NOT NULL) STRICT;
             CREATE INDEX IF NOT EXISTS cache_entries_expires_at ON cache_entries (expires_at);"
        }
        // Sent as one text, so one transaction; without the lock two of them would collide in the catalogue. What is
        // unlogged is gone after a crash of the server, and costs half.
        Backend::Postgres => {
            "SELECT pg_advisory_xact_lock(7016996765293437281);
             CREATE UNLOGGED TABLE IF NOT EXISTS cache_entries (key text COLLATE \"C\" NOT NULL PRIMARY KEY, \
             value bytea, number bigint, expires_at bigint NOT NULL);
             CREATE INDEX IF NOT EXISTS cache_entries_expires_at ON cache_entries (expires_at);"
        }
    }
}

/// Key, now.
pub(super) const GET: &str = "SELECT value, number FROM cache_entries WHERE key = $1 AND expires_at > $2";

/// Key, value, number, end.
pub(super) const SET: &str = "INSERT INTO cache_entries (key, value, number, expires_at) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (key) DO UPDATE SET value = excluded.value, number = excluded.number, expires_at = excluded.expires_at";

/// Key, value, number, end, now.
pub(super) const ADD: &str = "INSERT INTO cache_entries (key, value, number, expires_at) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (key) DO UPDATE SET value = excluded.value, number = excluded.number, expires_at = excluded.expires_at \
     WHERE cache_entries.expires_at <= $5";

/// Key, what is added, end, now. Gives back nothing when the entry is no number.
pub(super) const INCR: &str = "INSERT INTO cache_entries (key, value, number, expires_at) VALUES ($1, NULL, $2, $3) \
     ON CONFLICT (key) DO UPDATE SET value = NULL, \
     number = CASE WHEN cache_entries.expires_at <= $4 THEN excluded.number \
     ELSE cache_entries.number + excluded.number END, \
     expires_at = CASE WHEN cache_entries.expires_at <= $4 THEN excluded.expires_at ELSE cache_entries.expires_at END \
     WHERE cache_entries.expires_at <= $4 OR cache_entries.number IS NOT NULL RETURNING number";

/// Key, now.
pub(super) const DELETE: &str = "DELETE FROM cache_entries WHERE key = $1 AND expires_at > $2";

/// From, to, now.
pub(super) const CLEAR_EXPIRED: &str = "DELETE FROM cache_entries WHERE key >= $1 AND key < $2 AND expires_at <= $3";

/// From, to.
pub(super) const CLEAR: &str = "DELETE FROM cache_entries WHERE key >= $1 AND key < $2";

pub(super) const COUNT: &str = "SELECT COUNT(*) AS entries FROM cache_entries";

/// Entries that have expired, at most so many at once: now, limit.
pub(super) fn expire(backend: Backend) -> &'static str {
    match backend {
        Backend::Sqlite => {
            "DELETE FROM cache_entries WHERE rowid IN \
             (SELECT rowid FROM cache_entries WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)"
        }
        // Rows that somebody else is writing are left to the next time: two who clean up never wait for each other.
        Backend::Postgres => {
            "DELETE FROM cache_entries WHERE ctid = ANY(ARRAY \
             (SELECT ctid FROM cache_entries WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED))"
        }
    }
}

/// The least key that is greater than every one that begins so.
pub(super) fn after(prefix: &str) -> String {
    let mut letters: Vec<char> = prefix.chars().collect();
    while let Some(last) = letters.pop() {
        let next = (u32::from(last) + 1..=u32::from(char::MAX)).find_map(char::from_u32);
        if let Some(next) = next {
            letters.push(next);
            return letters.into_iter().collect();
        }
    }
    // Every cache has a prefix of ASCII.
    char::MAX.to_string()
}

#[cfg(test)]
mod tests {
    use super::after;

    #[test]
    fn a_prefix_ends_where_the_next_begins() {
        for (prefix, end) in [("a:", "a;"), ("a\u{10ffff}", "b"), ("\u{d7ff}", "\u{e000}"), ("я", "ѐ")] {
            assert_eq!(after(prefix), end);
        }
    }
}
