//! The two database systems, and how text is quoted for them.

use std::fmt;

use sea_orm::{ConnectionTrait, DbBackend};

/// A database system this project runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Backend {
    /// SQLite 3.35 or later (the library is compiled in).
    Sqlite,
    /// PostgreSQL 12 or later.
    Postgres,
}

impl Backend {
    /// Both, for code that must do something for each.
    pub const ALL: [Backend; 2] = [Backend::Sqlite, Backend::Postgres];

    /// That of a connection or transaction. (SeaORM's third, MySQL, is not compiled in.)
    pub fn of<C: ConnectionTrait>(db: &C) -> Backend {
        match db.get_database_backend() {
            DbBackend::Sqlite => Backend::Sqlite,
            _ => Backend::Postgres,
        }
    }

    /// The name as people write it.
    pub fn name(self) -> &'static str {
        match self {
            Backend::Sqlite => "SQLite",
            Backend::Postgres => "PostgreSQL",
        }
    }

    /// How many parameters one statement may bind.
    pub fn bind_limit(self) -> usize {
        match self {
            Backend::Sqlite => 32_766,
            Backend::Postgres => 65_535,
        }
    }
}

impl From<Backend> for DbBackend {
    fn from(backend: Backend) -> Self {
        match backend {
            Backend::Sqlite => DbBackend::Sqlite,
            Backend::Postgres => DbBackend::Postgres,
        }
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Quotes a table, column, index or constraint name; the same on both backends.
pub fn quote(identifier: &str) -> String {
    format!("\"{}\"", identifier.replace('"', "\"\""))
}

/// Quotes names and joins them with commas, for column lists.
pub fn quote_list<S: AsRef<str>>(identifiers: impl IntoIterator<Item = S>) -> String {
    let quoted: Vec<String> = identifiers.into_iter().map(|name| quote(name.as_ref())).collect();
    quoted.join(", ")
}

/// Writes a text value as an SQL literal; the same on both backends (PostgreSQL's
/// `standard_conforming_strings` has been on by default since 9.1).
pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// How many bytes of a name PostgreSQL keeps.
pub(crate) const LONGEST_NAME: usize = 63;

/// Shortens a name made of others. PostgreSQL silently cuts names, which makes long ones equal: a hash of the whole keeps
/// them apart.
pub(crate) fn fit(name: String) -> String {
    if name.len() <= LONGEST_NAME {
        return name;
    }
    let hash = name.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    let kept = name.floor_char_boundary(LONGEST_NAME - 9);
    format!("{}_{hash:08x}", &name[..kept])
}
