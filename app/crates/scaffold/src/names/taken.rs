//! Which names a new module cannot have because something else has them. It reads names only, and runs nothing.

use super::ModulePath;
use crate::sources::Sources;
use crate::{Error, Result};

/// Crates that every crate can name.
const STANDARD: &[&str] = &["alloc", "core", "proc_macro", "std", "test"];

/// Folders and files that a module is made of.
const PARTS: &[&str] = &[
    "admin",
    "commands",
    "forms",
    "jobs",
    "locale",
    "migrations",
    "models",
    "service",
    "static",
    "templates",
    "tests",
    "views",
];

/// Checks that this module can be made, and those on the way to it that are not there yet. A module that is there is no
/// obstacle.
///
/// # Errors
/// When a crate, another module, something in the parent's `mod.rs`, or a part of a module has one of the names.
pub fn check_free(sources: &Sources, path: &ModulePath) -> Result<()> {
    path.lineage().filter(|path| !sources.is_module(path)).try_for_each(|path| check_one(sources, &path))
}

fn check_one(sources: &Sources, path: &ModulePath) -> Result<()> {
    let name = path.name();
    if STANDARD.contains(&name) || sources.has_crate(name) {
        return Err(taken(name, "crate"));
    }
    // The outermost module has no `api.rs` beside it.
    if PARTS.contains(&name) || (name == "api" && path.parent().is_some()) {
        return Err(taken(name, "part of a module"));
    }
    if sources.declares(path.parent().as_ref(), name) {
        let file = path.declaring_file();
        return Err(taken(name, "module").with_hint(format!("the name is used in `{}`", file.display())));
    }
    let file = path.folder().with_extension("rs");
    if sources.root().join(&file).exists() {
        return Err(taken(name, "module").with_hint(format!("`{}` is in the way", file.display())));
    }
    let label = path.label();
    match sources.module(&label) {
        Some(other) => {
            let hint = format!("`{path}` would have the label of `{}`", other.place());
            Err(taken(&label, "module").with_hint(hint))
        }
        None => Ok(()),
    }
}

fn taken(name: &str, what: &str) -> Error {
    Error::new(format!("'{name}' conflicts with the name of an existing {what}. Please try another name."))
}
