//! The environment of what xtask starts. Cargo sets variables for xtask; a nested cargo that saw them would rebuild
//! everything each time, and the app would take them for its own.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// The variables of a process.
pub type Variables = BTreeMap<OsString, OsString>;

/// Reads xtask's own environment: the one place that does.
#[expect(clippy::disallowed_methods, reason = "this is xtask's one reader of the environment")]
pub fn read() -> Variables {
    std::env::vars_os().collect()
}

/// What differs from xtask's own environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Variables with a new value.
    pub set: Variables,
    /// Variables that the child does not get.
    pub removed: Vec<OsString>,
}

impl Changes {
    /// The same with one more variable.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.set.insert(name.into(), value.into());
        self
    }
}

/// Where the loader looks for libraries, which cargo extends for `cargo run` and `cargo test`.
const LIBRARY_PATH: &str = if cfg!(target_os = "macos") { "DYLD_FALLBACK_LIBRARY_PATH" } else { "LD_LIBRARY_PATH" };

/// Takes out of `variables` what cargo put in for xtask. `target` is the target directory, `cargo` the cargo that
/// started xtask.
pub fn scrub(variables: &Variables, target: &Path, cargo: Option<&Path>) -> Changes {
    let mut changes = Changes::default();
    for (name, value) in variables {
        if is_cargos(name) {
            changes.removed.push(name.clone());
        } else if name == LIBRARY_PATH {
            match without_cargos(value, target, cargo) {
                Some(rest) if rest.is_empty() => changes.removed.push(name.clone()),
                Some(rest) => drop(changes.set.insert(name.clone(), rest)),
                None => {}
            }
        }
    }
    changes
}

fn is_cargos(name: &OsStr) -> bool {
    const NAMES: &[&str] = &["CARGO", "CARGO_BIN_NAME", "CARGO_CRATE_NAME", "CARGO_PRIMARY_PACKAGE", "OUT_DIR"];
    const PREFIXES: &[&str] = &["CARGO_PKG_", "CARGO_MANIFEST_"];
    name.to_str().is_some_and(|name| NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix)))
}

/// The library path without the entries that cargo and rustup put before it; `None` when there are none.
fn without_cargos(value: &OsStr, target: &Path, cargo: Option<&Path>) -> Option<OsString> {
    let toolchain = cargo.and_then(Path::parent).and_then(Path::parent);
    let entries: Vec<PathBuf> = std::env::split_paths(value).collect();
    let theirs = entries
        .iter()
        .take_while(|entry| entry.starts_with(target) || toolchain.is_some_and(|root| entry.starts_with(root)))
        .count();
    // Joining again cannot fail: no entry can hold the separator it was split at.
    (theirs > 0).then(|| std::env::join_paths(&entries[theirs..]).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scrubbed(variables: &[(&str, &str)]) -> Changes {
        let variables = variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
        scrub(&variables.collect(), Path::new("/w/target"), Some(Path::new("/tools/stable/bin/cargo")))
    }

    #[test]
    fn what_cargo_set_goes_and_what_people_set_stays() {
        let changes = scrubbed(&[
            ("CARGO", "/tools/stable/bin/cargo"),
            ("CARGO_PKG_NAME", "xtask"),
            ("CARGO_MANIFEST_DIR", "/w/xtask"),
            ("CARGO_MANIFEST_PATH", "/w/xtask/Cargo.toml"),
            ("OUT_DIR", "/w/target/out"),
            ("CARGO_TARGET_DIR", "/w/target"),
            ("CARGO_HOME", "/home/me/.cargo"),
            ("CARGO_NET_OFFLINE", "true"),
            ("CARGO_BUILD_JOBS", "1"),
            ("PATH", "/bin"),
        ]);
        let expected = ["CARGO", "CARGO_MANIFEST_DIR", "CARGO_MANIFEST_PATH", "CARGO_PKG_NAME", "OUT_DIR"];
        assert_eq!(changes.removed, expected);
        assert!(changes.set.is_empty());
    }

    #[test]
    fn only_the_leading_entries_of_the_library_path_are_cargos() {
        let own = "/w/target/debug:/w/target/debug/deps:/tools/stable/lib";
        assert_eq!(scrubbed(&[(LIBRARY_PATH, own)]).removed, [LIBRARY_PATH]);
        let mixed = format!("{own}:/opt/lib:/w/target/mine");
        let changes = scrubbed(&[(LIBRARY_PATH, &mixed)]);
        assert_eq!(changes.set[OsStr::new(LIBRARY_PATH)], "/opt/lib:/w/target/mine");
        assert_eq!(scrubbed(&[(LIBRARY_PATH, "/opt/lib")]), Changes::default());
    }
}
