//! What stays behind when a module goes.

use std::path::{Path, PathBuf};

use crate::names::{self, ModulePath};
use crate::sources::Module;
use crate::tree::Tree;
use crate::{Error, Result};

/// What the person has to know before a module goes.
pub(crate) fn warnings(tree: &Tree, module: &Module, path: &ModulePath) -> Result<Vec<String>> {
    let mut warnings = Vec::new();
    if !module.migrations.is_empty() {
        let label = &module.label;
        warnings.push(format!(
            "the tables of `{label}` stay in the database; `cargo xtask migrate {label} zero` before this removes them"
        ));
    }
    for file in users(tree, path)? {
        warnings.push(format!("`{}` uses `{path}`, and does not compile without it", file.display()));
    }
    Ok(warnings)
}

/// The files of other modules that name this one.
fn users(tree: &Tree, path: &ModulePath) -> Result<Vec<PathBuf>> {
    let (folder, rust_path) = (path.folder(), path.rust_path());
    let names_it = |text: &str| {
        let goes_on = |next: char| next.is_ascii_alphanumeric() || next == '_';
        text.match_indices(&rust_path).any(|(at, name)| !text[at + name.len()..].starts_with(goes_on))
    };
    let mut files = tree.files(Path::new(names::MODULES))?;
    files.retain(|file| !file.starts_with(&folder) && file.extension().is_some_and(|extension| extension == "rs"));
    // A file that cannot be read is not Rust that compiles, with or without the module.
    files.retain(|file| tree.read(file).ok().flatten().is_some_and(|text| names_it(&text)));
    Ok(files)
}

/// The refusal that lists files which are somebody's.
pub(crate) fn refused(why: &str, files: &[PathBuf], hint: &str) -> Error {
    let list: String = files.iter().map(|file| format!("\n  {}", file.display())).collect();
    Error::new(format!("{why}:{list}")).with_hint(hint)
}
