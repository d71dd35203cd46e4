//! What the URL of a cache means.

/// The backends, by their URLs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// A table in a SQLite file or in PostgreSQL.
    Database,
    /// A Redis server, or one that speaks like it.
    Redis,
    /// Each process's own memory.
    Memory,
    /// Nowhere.
    Dummy,
}

/// What a URL must look like.
pub(crate) const FORMS: &str =
    "`sqlite://var/cache.sqlite3`, `postgres://…`, `redis://…`, `rediss://…`, `unix://…`, `memory:` or `dummy:`";

impl Target {
    /// What the URL means; nothing when nobody knows its scheme.
    pub(crate) fn of(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once(':')?;
        match scheme {
            "sqlite" | "postgres" | "postgresql" => Some(Self::Database),
            "redis" | "rediss" | "unix" | "redis+unix" => Some(Self::Redis),
            "memory" if rest.trim_matches('/').is_empty() => Some(Self::Memory),
            "dummy" if rest.trim_matches('/').is_empty() => Some(Self::Dummy),
            _ => None,
        }
    }
}
