//! System checks: what can be wrong with a project before anything runs. Modules register theirs under tags.

mod builtin;
mod command;
mod deploy;
mod message;
mod report;

use std::future::Future;
use std::pin::Pin;

use crate::context::Context;

pub use builtin::builtin_checks;
pub use message::{Level, Message};
pub(crate) use report::collect;
pub use report::{Deploy, Selection, run, run_before};

/// A check of the project: pure, given the modules it is limited to.
pub type ProjectCheck = fn(&Context, &Scope) -> Vec<Message>;

/// A check of a database, given its alias.
pub type DatabaseCheck = for<'a> fn(&'a Context, &'a str) -> Pin<Box<dyn Future<Output = Vec<Message>> + 'a>>;

/// What the checks look at.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// The labels of the modules to look at; all when empty.
    pub modules: Vec<String>,
}

impl Scope {
    /// Whether this module is looked at.
    pub fn covers(&self, label: &str) -> bool {
        self.modules.is_empty() || self.modules.iter().any(|module| module == label)
    }
}

/// When a check runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    Always,
    /// With `check --deploy`, and before commands in production.
    Deploy,
    /// With `check` only: it reads more than every command should wait for.
    Asked,
}

#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Project(ProjectCheck),
    Database(DatabaseCheck),
}

/// A registered check.
#[derive(Clone, Copy)]
pub struct Check {
    pub(crate) tags: &'static [&'static str],
    pub(crate) when: When,
    pub(crate) kind: Kind,
}

impl Check {
    /// A check that runs before commands and with `check`.
    pub const fn new(tags: &'static [&'static str], run: ProjectCheck) -> Self {
        Self { tags, when: When::Always, kind: Kind::Project(run) }
    }

    /// A check that matters for a deployment.
    pub const fn deploy(tags: &'static [&'static str], run: ProjectCheck) -> Self {
        Self { tags, when: When::Deploy, kind: Kind::Project(run) }
    }

    /// A check that runs with `check` only, not before other commands: it reads many files, or must not keep a server
    /// from starting.
    pub const fn asked(tags: &'static [&'static str], run: ProjectCheck) -> Self {
        Self { tags, when: When::Asked, kind: Kind::Project(run) }
    }

    /// A check that needs a database; it runs with `check --database ALIAS` only.
    pub const fn database(tags: &'static [&'static str], run: DatabaseCheck) -> Self {
        Self { tags, when: When::Always, kind: Kind::Database(run) }
    }
}
