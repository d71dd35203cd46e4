//! Where the migrations of the installed modules come from: the disk, or the program itself.

use std::path::{Path, PathBuf};

use db::migrations::{Loader, ModuleMigrations, Source};

use crate::context::Context;
use crate::management::CommandError;
use crate::module::Module;

/// The migrations of the installed modules: those that the program carries, otherwise what is in `migrations/` in the
/// module's folder.
///
/// # Errors
/// When a file cannot be read or says something that migrations cannot.
pub fn load(ctx: &Context) -> Result<Loader, db::Error> {
    load_from(ctx, |module| match module.migrations.or(module.carried) {
        Some(carried) => Source::Embedded(carried),
        None => Source::Dir(folder(ctx, module)),
    })
}

/// The same for commands that write migrations: a folder on the disk comes before what a release carries of it.
pub(super) fn load_sources(ctx: &Context) -> Result<Loader, db::Error> {
    load_from(ctx, |module| match (module.migrations, module.carried) {
        (Some(own), _) => Source::Embedded(own),
        (None, Some(carried)) if !home(ctx, module).is_dir() => Source::Embedded(carried),
        (None, _) => Source::Dir(folder(ctx, module)),
    })
}

fn load_from(ctx: &Context, source: impl Fn(&Module) -> Source) -> Result<Loader, db::Error> {
    let sources = ctx
        .modules()
        .iter()
        .map(|module| ModuleMigrations { label: module.label().to_owned(), source: source(module) });
    Loader::load(&sources.collect::<Vec<_>>())
}

/// The folder of a module that has models and reads its migrations from disk, when there is no such folder.
pub(crate) fn missing_folder(ctx: &Context, module: &Module) -> Option<PathBuf> {
    let is_read = !module.models.is_empty() && module.migrations.or(module.carried).is_none();
    let home = home(ctx, module);
    (is_read && !home.is_dir()).then_some(home)
}

/// Where new migrations of a module are written.
///
/// # Errors
/// When they cannot be: they are compiled into the module, or the sources are not here.
pub(super) fn folder_to_write(ctx: &Context, module: &Module) -> Result<PathBuf, CommandError> {
    let (label, home) = (module.label(), home(ctx, module));
    if module.migrations.is_some() {
        let message = format!("The migrations of app '{label}' are compiled into it, none can be written for it here.");
        return Err(CommandError::new(message));
    }
    if !home.is_dir() {
        let message = format!(
            "The folder `{}` of app '{label}' is not there, no migration can be written for it.\nhint: run this in a \
             checkout of the sources, or check the project's root (`--root`, `APP_ROOT`)",
            home.display()
        );
        return Err(CommandError::new(message));
    }
    Ok(folder(ctx, module))
}

/// A path as it is shown: relative when it is below the directory where the person stands.
pub(super) fn shown_path(ctx: &Context, path: &Path) -> String {
    path.strip_prefix(&ctx.env().current_dir).unwrap_or(path).display().to_string()
}

fn home(ctx: &Context, module: &Module) -> PathBuf {
    ctx.layout().module(module.path())
}

fn folder(ctx: &Context, module: &Module) -> PathBuf {
    home(ctx, module).join("migrations")
}
