//! Migrations: files that carry the history of the tables, and the engine that applies them.
//!
//! Data files → [`Loader`] → [`Graph`] → [`Executor`] → [`Recorder`]; in the other direction entities →
//! [`crate::ProjectState`] → [`autodetect`] → [`NewMigration::write`].

mod apply;
mod autodetect;
mod change;
mod check;
mod concurrent;
mod data;
mod describe;
mod executor;
mod file;
mod graph;
mod loader;
mod lock;
mod merge;
mod new_migration;
mod operation;
mod optimizer;
mod plan;
mod prune;
mod recorder;
pub(crate) mod references;
mod replaced;
mod replacements;
mod reverse;
pub(crate) mod run;
mod soft;
mod squash;
mod stepwise;
mod unfinished;
mod update;
mod work;
mod writer;

use std::{fmt, path::PathBuf, str::FromStr};

pub use autodetect::{
    Answer, DetectOptions, NonInteractive, NullRows, Questioner, Scripted, auto_name, autodetect, next_number,
};
pub(crate) use check::{check_key, check_model, mentions};
pub use data::{DataFunction, DataFuture, DataResult, Functions};
pub use executor::{Executor, Mode, Outcome, Progress};
pub use graph::Graph;
pub(crate) use graph::{conflict_list, cycle_list};
pub use loader::{Loader, Migration};
pub use merge::{Branch, Merge, merge};
pub use new_migration::NewMigration;
pub use operation::{
    AddConstraint, AddField, AddIndex, AlterConstraint, AlterField, AlterTable, BackendSql, EachSql, ModelDefinition,
    Operation, RemoveConstraint, RemoveField, RemoveIndex, RenameField, RenameIndex, RenameModel, RunRust, RunSql,
    TableOptions,
};
pub use optimizer::optimize;
pub use plan::{Direction, Plan, Step, Target};
pub use recorder::{Applied, Recorder};
pub use replacements::ReplacementError;
pub use squash::{Optimize, SquashError, SquashOptions, Squashed, squash};
pub use unfinished::Unfinished;
pub use update::{UpdateError, Updated, update};
pub use work::Work;

/// The table that records which migrations were applied.
pub const HISTORY_TABLE: &str = "migration_history";

/// The table that says how far migrations got that are not atomic; it is made when the first such one runs.
pub const PROGRESS_TABLE: &str = "migration_progress";

/// Whether a table is the engine's own: no model says it, and neither drift nor `flush` is about it.
pub fn is_own_table(name: &str) -> bool {
    [HISTORY_TABLE, PROGRESS_TABLE].contains(&name)
}

/// A migration's full name.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeKey {
    /// The module's label.
    pub module: String,
    /// The migration's name, the file's without `.toml`.
    pub name: String,
}

impl NodeKey {
    /// Puts the two together.
    pub fn new(module: impl Into<String>, name: impl Into<String>) -> Self {
        NodeKey { module: module.into(), name: name.into() }
    }
}

impl fmt::Display for NodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.module, self.name)
    }
}

/// As Django prints nodes in errors: `('b', '0001')`.
impl fmt::Debug for NodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "('{}', '{}')", self.module, self.name)
    }
}

impl FromStr for NodeKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('.') {
            Some((module, name)) if !module.is_empty() && !name.is_empty() => Ok(NodeKey::new(module, name)),
            _ => Err(format!("`{text}` names no migration, write \"module.0001_name\"")),
        }
    }
}

/// The migrations of one module.
#[derive(Clone, Debug)]
pub struct ModuleMigrations {
    /// The module's label.
    pub label: String,
    /// Where its migrations are.
    pub source: Source,
}

/// Where migration files come from.
#[derive(Clone, Debug)]
pub enum Source {
    /// A directory, read when a [`Loader`] is made; a missing one is a module without migrations.
    Dir(PathBuf),
    /// Files compiled into the program: name without `.toml`, and text.
    Embedded(&'static [(&'static str, &'static str)]),
}
