//! A project: its name, version and modules. `run` is the whole of the app's `main`.

use std::ffi::OsString;
use std::process::ExitCode;

pub use crate::carried::{Carried, Files, Folders};
use crate::conf::Env;
use crate::logging;
use crate::management::{self, CommandSpec, Console, command};
use crate::module::Module;

/// A project. Made once in the product's `lib.rs`, run by its `main.rs`.
pub struct Project {
    /// The project's name, for pages.
    pub name: &'static str,
    /// The version that `app version` prints.
    pub version: &'static str,
    modules: Vec<Module>,
    pub(crate) carried: Option<Carried>,
}

impl Project {
    /// A project of these modules, in order of precedence.
    pub fn new(name: &'static str, version: &'static str, modules: &[fn() -> Module]) -> Self {
        let modules = modules.iter().flat_map(|module| module().flatten()).collect();
        Self { name, version, modules, carried: None }
    }

    /// The same project with what a release build carries, if this is one.
    pub fn carrying(mut self, carried: Option<Carried>) -> Self {
        if let Some(carried) = carried {
            self.modules.iter_mut().for_each(|module| module.carrying(carried.migrations));
        }
        self.carried = carried;
        self
    }

    /// Every compiled module, nested ones after their parents.
    pub fn modules(&self) -> &[Module] {
        &self.modules
    }

    /// Runs the command that the arguments (program name first) name, and gives back the exit code.
    pub fn run(self, args: impl IntoIterator<Item = OsString>, env: Env) -> ExitCode {
        ExitCode::from(management::execute(
            &self,
            args.into_iter().skip(1).collect(),
            env,
            Console::process(),
            logging::init,
        ))
    }
}

/// The built-in commands. Each lives beside its subsystem; this is their one list.
pub(crate) fn builtin_commands() -> Vec<CommandSpec> {
    vec![
        command::<cli::AddCommand>(),
        command::<cli::AddMigration>(),
        command::<cli::AddModule>(),
        command::<cli::Changepassword>(),
        command::<cli::Check>(),
        command::<cli::ClearCache>(),
        command::<cli::Clearsessions>(),
        command::<cli::Collectstatic>(),
        command::<cli::Createsuperuser>(),
        command::<cli::Dbshell>(),
        command::<cli::Diffsettings>(),
        command::<cli::Doctor>(),
        command::<cli::Dumpdata>(),
        command::<cli::Findstatic>(),
        command::<cli::Flush>(),
        command::<cli::Help>(),
        command::<cli::Listkeys>(),
        command::<cli::Loaddata>(),
        command::<cli::Makemigrations>(),
        command::<cli::Migrate>(),
        command::<cli::Optimizemigration>(),
        command::<cli::RemoveCommand>(),
        command::<cli::RemoveModule>(),
        command::<cli::Runserver>(),
        command::<cli::Serve>(),
        command::<cli::Shell>(),
        command::<cli::Showmigrations>(),
        command::<cli::Sqlflush>(),
        command::<cli::Sqlmigrate>(),
        command::<cli::Squashmigrations>(),
        command::<cli::Version>(),
    ]
}
