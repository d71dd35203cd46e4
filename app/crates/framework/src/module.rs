//! What a module brings to the project: models, migrations, commands, pages, checks, and modules below it.

use crate::checks::Check;
use crate::http::Route;
use crate::management::CommandSpec;

/// Migration files that are compiled in: name (`0001_initial`) and text.
pub type Migrations = &'static [(&'static str, &'static str)];

/// A module, as its `module()` function describes it.
#[derive(Clone)]
pub struct Module {
    name: &'static str,
    label: String,
    path: String,
    pub(crate) models: &'static [db::Model],
    pub(crate) migrations: Option<Migrations>,
    pub(crate) commands: Vec<CommandSpec>,
    pub(crate) routes: Vec<Route>,
    pub(crate) checks: Vec<Check>,
    pub(crate) submodules: &'static [fn() -> Module],
}

impl Module {
    /// A module without anything in it. `name` is the name of its folder.
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            label: name.to_owned(),
            path: name.to_owned(),
            models: &[],
            migrations: None,
            commands: Vec::new(),
            routes: Vec::new(),
            checks: Vec::new(),
            submodules: &[],
        }
    }

    /// Its models, referenced ones first.
    pub fn models(mut self, models: &'static [db::Model]) -> Self {
        self.models = models;
        self
    }

    /// Its migrations, compiled in; otherwise they are read from `migrations/` in its folder.
    pub fn embedded_migrations(mut self, migrations: Migrations) -> Self {
        self.migrations = Some(migrations);
        self
    }

    /// Its commands; one of the same name as a built-in or as a later module's takes that one's place.
    pub fn commands(mut self, commands: Vec<CommandSpec>) -> Self {
        self.commands = commands;
        self
    }

    /// Its pages.
    pub fn routes(mut self, routes: Vec<Route>) -> Self {
        self.routes = routes;
        self
    }

    /// Its system checks.
    pub fn checks(mut self, checks: Vec<Check>) -> Self {
        self.checks = checks;
        self
    }

    /// The modules in folders below its own.
    pub fn submodules(mut self, submodules: &'static [fn() -> Module]) -> Self {
        self.submodules = submodules;
        self
    }

    /// The name of its folder.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The label by which commands and migrations know it: its path joined with `_` (`cms_adp_roles`).
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The path of its folder below `modules/` (`cms/adp/roles`).
    pub fn path(&self) -> &str {
        &self.path
    }

    /// This module and all below it, parents first, with labels and paths filled in.
    pub(crate) fn flatten(self) -> Vec<Self> {
        let children: Vec<Self> = self.submodules.iter().flat_map(|child| child().below(&self).flatten()).collect();
        let mut modules = vec![self];
        modules.extend(children);
        modules
    }

    fn below(mut self, parent: &Self) -> Self {
        self.label = format!("{}_{}", parent.label, self.name);
        self.path = format!("{}/{}", parent.path, self.name);
        self
    }
}
