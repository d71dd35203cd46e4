//! Migrations of the installed modules: the commands, and the warning that some are unapplied.

mod drift;
mod files;
mod flush;
mod handlers;
mod makemigrations;
mod merge;
mod migrate;
mod plan;
mod questions;
mod showmigrations;
mod sources;
mod sqlmigrate;
mod squashmigrations;
mod update;

use std::collections::BTreeSet;

use db::migrations::{Loader, NodeKey};
use db::{Database, ModuleModels, ProjectState};

use crate::context::Context;
use crate::management::{CommandError, Console, Role};
use crate::module::Module;

pub(crate) use drift::differences;
pub use handlers::MigrateEvent;
pub(crate) use handlers::{Handlers, Moment, data_functions, run_handlers};
pub(crate) use migrate::changed_modules;
pub use sources::load;
pub(crate) use sources::missing_folder;

/// The state that the models of these modules describe.
///
/// # Errors
/// When a model says something that migrations cannot express.
pub fn reflected(modules: &[Module]) -> Result<ProjectState, db::Error> {
    let models =
        modules.iter().map(|module| ModuleModels { label: module.label().to_owned(), models: module.models.to_vec() });
    ProjectState::reflect(&models.collect::<Vec<_>>())
}

/// The labels of the modules that have migrations which are not applied to `database`, and how many those are.
///
/// # Errors
/// When the migrations cannot be loaded, or the database not be read.
pub async fn unapplied(ctx: &Context, database: &Database) -> anyhow::Result<(usize, BTreeSet<String>)> {
    let loader = load(ctx)?;
    let loader = loader.for_applied(&database.applied_migrations().await?)?;
    let open = loader.graph().nodes().filter(|key| !loader.is_applied(key));
    let modules: Vec<String> = open.map(|key| key.module.clone()).collect();
    Ok((modules.len(), modules.into_iter().collect()))
}

/// Warns on stderr when migrations are unapplied. Never a stop: whatever keeps it from finding out is only logged.
pub async fn warn_unapplied(ctx: &Context, console: &mut Console) {
    let found = match ctx.db().await {
        Ok(database) => unapplied(ctx, &database).await,
        Err(error) => Err(error),
    };
    match found {
        Ok((0, _)) => {}
        Ok((count, modules)) => {
            let modules: Vec<String> = modules.into_iter().collect();
            let program = ctx.program();
            console.stderr.styled(
                Role::Notice,
                format!(
                    "\nYou have {count} unapplied migration(s). Your project may not work properly until you apply the \
                     migrations for app(s): {}.\nRun '{program} migrate' to apply them.",
                    modules.join(", ")
                ),
            );
        }
        Err(error) => tracing::warn!("cannot tell whether migrations are unapplied: {error:#}"),
    }
}

/// An error whose text the person is meant to act on, without a chain.
fn command_error(error: db::Error) -> CommandError {
    CommandError::new(error.to_string()).source(error)
}

/// The error of a module with several last migrations.
fn conflict_error(ctx: &Context, error: db::Error) -> CommandError {
    let fix = format!("{error}.\nTo fix them run '{} makemigrations --merge'", ctx.program());
    CommandError::new(fix).source(error)
}

/// What the migrations that are applied to a database say its tables look like.
pub(crate) async fn state_of(loader: &Loader, database: &Database) -> anyhow::Result<ProjectState> {
    let loader = loader.for_applied(&database.applied_migrations().await?)?;
    let nodes: Vec<NodeKey> = loader.graph().full_plan().into_iter().filter(|key| loader.is_applied(key)).collect();
    Ok(loader.state_after(&nodes)?)
}

/// Checks that there is an installed module with this label; `code` is the exit code when there is none.
fn check_label<'a>(ctx: &'a Context, label: &str, code: u8) -> Result<&'a Module, CommandError> {
    ctx.module(label).map_err(|error| {
        let meant = label.rsplit(['.', '/']).next().and_then(|last| ctx.module(last).ok());
        match meant.filter(|module| module.label() != label) {
            None => error.code(code),
            Some(module) => CommandError::new(format!("{error} Did you mean '{}'?", module.label())).code(code),
        }
    })
}
