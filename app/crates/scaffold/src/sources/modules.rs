//! Modules: the project's by the folders there are, the framework's by what `MODULES` names.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use quote::ToTokens as _;

use super::{Module, commands, files, models};
use crate::names::{MODULES, ModulePath};
use crate::syntax::{Source, words};
use crate::{Error, Result};

/// Where the framework's own modules are, relative to the project's root.
const FRAMEWORK: &str = "app/crates/framework/src";

/// The project's modules, each one followed by those below it.
pub(super) fn own(root: &Path) -> Result<Vec<Module>> {
    let top = root.join(MODULES);
    std::fs::read_dir(&top).map_err(|error| Error::io("read", &top, error))?;
    let mut found = Vec::new();
    walk(root, None, &mut found);
    Ok(found)
}

fn walk(root: &Path, parent: Option<&ModulePath>, found: &mut Vec<Module>) {
    let folder = parent.map_or_else(|| PathBuf::from(MODULES), ModulePath::folder);
    for name in files::folders(&root.join(&folder)) {
        let path = ModulePath::found(parent, &name);
        let Some(names) = files::text(&root.join(path.mod_file())).and_then(|text| names_of_module(&text)) else {
            continue;
        };
        found.push(module(root, path.label(), path.rust_path(), path.folder(), names));
        if let Some(module) = found.last_mut() {
            module.path = Some(path.clone());
        }
        walk(root, Some(&path), found);
    }
}

/// The names in a module's `mod.rs`; nothing when it has no function `module`. One that does not parse may have it.
fn names_of_module(text: &str) -> Option<BTreeSet<String>> {
    let Ok(source) = Source::parse(text) else { return Some(BTreeSet::new()) };
    source.functions("module").next().is_some().then(|| source.names())
}

fn module(root: &Path, label: String, rust_path: String, folder: PathBuf, names: BTreeSet<String>) -> Module {
    let full = root.join(&folder);
    Module {
        migrations: files::stems(&full.join("migrations"), ".toml"),
        models: models::read(&full, &label, &rust_path),
        commands: commands::read(&full),
        path: None,
        label,
        rust_path,
        folder,
        names,
    }
}

/// The `mod.rs` of all modules.
#[derive(Default)]
pub(super) struct Top {
    /// What it declares or imports.
    pub(super) names: BTreeSet<String>,
    /// The paths of modules in `MODULES` that are not the project's.
    pub(super) others: Vec<String>,
}

impl Top {
    /// Reads it; empty when it does not parse.
    pub(super) fn read(root: &Path) -> Self {
        let text = files::text(&root.join(MODULES).join("mod.rs")).unwrap_or_default();
        let Ok(source) = Source::parse(&text) else { return Self::default() };
        let imports = source.imports();
        let listed =
            source.constants("MODULES").next().map(|value| words(value.to_token_stream()).concat()).unwrap_or_default();
        let paths = listed.split(['(', ')', ',', '&']).filter_map(|element| element.strip_suffix("::module"));
        let full = |path: &str| {
            let (first, rest) = path.split_once("::").map_or((path, None), |(first, rest)| (first, Some(rest)));
            let first = imports.get(first).map_or(first, String::as_str);
            rest.map_or_else(|| first.to_owned(), |rest| format!("{first}::{rest}"))
        };
        let others = paths.map(full).filter(|path| path.starts_with("framework::")).collect();
        Self { names: source.names(), others }
    }
}

/// The framework's modules at these paths (`framework::contrib::auth`), as far as their sources are there.
pub(super) fn foreign(root: &Path, paths: &[String]) -> Vec<Module> {
    let modules = paths.iter().filter_map(|path| {
        let (_, inside) = path.split_once("::")?;
        let folder = Path::new(FRAMEWORK).join(inside.replace("::", "/"));
        let label = inside.rsplit("::").next()?.to_owned();
        let names = names_of_module(&files::text(&root.join(&folder).join("mod.rs"))?)?;
        Some(module(root, label, path.clone(), folder, names))
    });
    modules.collect()
}
