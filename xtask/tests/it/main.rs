//! xtask run as a person runs it.
