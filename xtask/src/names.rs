//! Names as people type them: spellings, signals.

/// A name with `_` for `-`, which are equal everywhere.
pub fn fold(name: &str) -> String {
    name.replace('-', "_")
}

/// A signal's name for messages.
pub fn signal(number: i32) -> String {
    crate::system::signal_name(number).map_or_else(|| format!("signal {number}"), str::to_owned)
}
