//! What can go wrong with a cache.

/// Why a cache did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nobody answers, or not in time. Said again at once, without asking, for a moment.
    #[error("the cache `{alias}` cannot be reached: {reason}")]
    Unavailable {
        /// The cache.
        alias: String,
        /// The system's or the server's reason.
        reason: String,
    },
    /// It answers, but refuses.
    #[error("the cache `{alias}` failed: {reason}")]
    Refused {
        /// The cache.
        alias: String,
        /// Its reason.
        reason: String,
    },
    /// The setting cannot be used.
    #[error("the url of the cache `{alias}` cannot be used: {reason}")]
    BadUrl {
        /// The cache.
        alias: String,
        /// What is wrong with it. Never the URL itself, which may hold a password.
        reason: String,
    },
    /// A key that some backends could not store.
    #[error("the cache key `{}` holds a control character", key.escape_debug())]
    BadKey {
        /// The key.
        key: String,
    },
    /// What is to be counted up is something else.
    #[error("the cache entry `{key}` is no whole number, or would not fit into 64 bits")]
    NotANumber {
        /// The key.
        key: String,
    },
    /// A value that JSON cannot express.
    #[error("the value for the cache entry `{key}` cannot be written as JSON: {reason}")]
    BadValue {
        /// The key.
        key: String,
        /// What JSON cannot express.
        reason: String,
    },
}

impl Error {
    pub(super) fn unavailable(alias: &str, reason: impl ToString) -> Self {
        Self::Unavailable { alias: alias.to_owned(), reason: reason.to_string() }
    }

    pub(super) fn refused(alias: &str, reason: impl ToString) -> Self {
        Self::Refused { alias: alias.to_owned(), reason: reason.to_string() }
    }

    pub(super) fn bad_url(alias: &str, reason: impl ToString) -> Self {
        Self::BadUrl { alias: alias.to_owned(), reason: reason.to_string() }
    }
}
