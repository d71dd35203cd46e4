//! What a module brings to the project: models, migrations, commands, pages, checks, and modules below it.

use db::migrations::DataFunction;

use crate::accounts::Accounts;
use crate::checks::Check;
use crate::doctor::DoctorCheck;
use crate::http::Route;
use crate::management::CommandSpec;
use crate::migrations::{Handlers, MigrateEvent};

/// Migration files that are compiled in: name (`0001_initial`) and text.
pub type Migrations = &'static [(&'static str, &'static str)];

/// Functions that data migrations call, by the name that stands after the module's label and a dot.
pub type DataFunctions = &'static [(&'static str, DataFunction)];

/// A module, as its `module()` function describes it: one statement for each thing that it brings, so that adding one is
/// a line of its own.
///
/// ```ignore
/// pub fn module() -> Module {
///     let mut module = Module::new("polls");
///     module.models(models::MODELS);
///     module.routes(views::routes());
///     module
/// }
/// ```
#[derive(Clone)]
pub struct Module {
    name: &'static str,
    label: String,
    path: String,
    pub(crate) models: &'static [db::Model],
    /// Those that the module itself is compiled with.
    pub(crate) migrations: Option<Migrations>,
    /// Those that a release build carries.
    pub(crate) carried: Option<Migrations>,
    pub(crate) commands: Vec<CommandSpec>,
    pub(crate) routes: Vec<Route>,
    pub(crate) checks: Vec<Check>,
    pub(crate) doctor: Vec<DoctorCheck>,
    pub(crate) pre_migrate: Handlers,
    pub(crate) post_migrate: Handlers,
    pub(crate) data_functions: DataFunctions,
    pub(crate) accounts: Option<&'static dyn Accounts>,
    pub(crate) submodules: Vec<fn() -> Module>,
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
            carried: None,
            commands: Vec::new(),
            routes: Vec::new(),
            checks: Vec::new(),
            doctor: Vec::new(),
            pre_migrate: Handlers::default(),
            post_migrate: Handlers::default(),
            data_functions: &[],
            accounts: None,
            submodules: Vec::new(),
        }
    }

    /// Its models, referenced ones first.
    pub fn models(&mut self, models: &'static [db::Model]) -> &mut Self {
        self.models = models;
        self
    }

    /// Its migrations, compiled in; otherwise they are read from `migrations/` in its folder.
    pub fn embedded_migrations(&mut self, migrations: Migrations) -> &mut Self {
        self.migrations = Some(migrations);
        self
    }

    /// Its commands; one of the same name as a built-in or as a later module's takes that one's place.
    pub fn commands(&mut self, commands: Vec<CommandSpec>) -> &mut Self {
        self.commands = commands;
        self
    }

    /// Its pages.
    pub fn routes(&mut self, routes: Vec<Route>) -> &mut Self {
        self.routes = routes;
        self
    }

    /// Its system checks.
    pub fn checks(&mut self, checks: Vec<Check>) -> &mut Self {
        self.checks = checks;
        self
    }

    /// What `doctor` looks at in it: servers that it needs, files that a crash leaves behind.
    pub fn doctor(&mut self, checks: Vec<DoctorCheck>) -> &mut Self {
        self.doctor = checks;
        self
    }

    /// Adds what is done before a database is migrated, for each database and each time, even if nothing is to be
    /// applied. Several processes may migrate at once, and all of them run it.
    pub fn pre_migrate(
        &mut self,
        handler: impl AsyncFn(MigrateEvent<'_>) -> anyhow::Result<()> + Send + Sync + 'static,
    ) -> &mut Self {
        self.pre_migrate.push(handler);
        self
    }

    /// Adds what is done after a database was migrated or emptied by `flush`, under the same conditions.
    pub fn post_migrate(
        &mut self,
        handler: impl AsyncFn(MigrateEvent<'_>) -> anyhow::Result<()> + Send + Sync + 'static,
    ) -> &mut Self {
        self.post_migrate.push(handler);
        self
    }

    /// Functions for `run_rust` in migrations, which call them `<label>.<name>`: `("fill_names", fill_names)` of the
    /// module `users` is `function = "users.fill_names"`.
    pub fn data_functions(&mut self, functions: DataFunctions) -> &mut Self {
        self.data_functions = functions;
        self
    }

    /// The people who may log in: how to reach the module's table of users.
    pub fn accounts(&mut self, accounts: &'static dyn Accounts) -> &mut Self {
        self.accounts = Some(accounts);
        self
    }

    /// Adds a module in a folder below its own.
    pub fn submodule(&mut self, submodule: fn() -> Module) -> &mut Self {
        self.submodules.push(submodule);
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

    /// Gives it its part of the migrations that the program carries; a module that is not named there has none.
    pub(crate) fn carrying(&mut self, migrations: &'static [(&'static str, Migrations)]) {
        let own = migrations.iter().find(|(path, _)| *path == self.path);
        self.carried = Some(own.map_or(&[], |(_, migrations)| migrations));
    }

    fn below(mut self, parent: &Self) -> Self {
        self.label = format!("{}_{}", parent.label, self.name);
        self.path = format!("{}/{}", parent.path, self.name);
        self
    }
}
