//! The process's environment, read once in `main` and handed on; nothing else reads it.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// A snapshot of environment variables and the current directory.
#[derive(Clone, Debug, Default)]
pub struct Env {
    vars: BTreeMap<OsString, OsString>,
    /// The directory that relative paths typed by the person refer to.
    pub current_dir: PathBuf,
    /// What the process was called with, the program's name first: to start it once more.
    pub arguments: Vec<OsString>,
}

impl Env {
    /// Reads the process's environment.
    #[expect(clippy::disallowed_methods, reason = "the one reader of the environment")]
    pub fn from_process() -> Self {
        Self {
            vars: std::env::vars_os().collect(),
            current_dir: std::env::current_dir().unwrap_or_default(),
            arguments: std::env::args_os().collect(),
        }
    }

    /// An environment made by hand. For tests.
    pub fn new(current_dir: impl Into<PathBuf>, vars: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        Self { vars: vars.into_iter().collect(), current_dir: current_dir.into(), arguments: Vec::new() }
    }

    /// The value of a variable; an empty one counts as unset.
    pub fn get(&self, name: &str) -> Option<&OsStr> {
        self.vars.get(OsStr::new(name)).map(OsString::as_os_str).filter(|value| !value.is_empty())
    }

    /// All variables, in order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.vars.iter().map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }
}
