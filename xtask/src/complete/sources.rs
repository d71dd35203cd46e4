//! What the project's files say: modules, their migrations and commands, the databases of the settings.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use scaffold::sources::Sources;
use toml::{Table, Value};

use super::candidates::Candidate;
use crate::project::Project;

/// A module's folder.
pub(super) struct Module {
    /// The label by which commands know it.
    pub(super) label: String,
    /// What its first line says.
    pub(super) about: String,
    folder: PathBuf,
}

/// Where the project's own modules are.
const MODULES: &str = "app/src/modules";

/// Where the framework's are, which are installed like any other.
const CONTRIB: &str = "app/crates/framework/src/contrib";

/// All modules, the project's own first, nested ones after their parents.
pub(super) fn modules(project: &Project) -> Vec<Module> {
    let mut modules = Vec::new();
    for directory in [MODULES, CONTRIB] {
        collect(&project.root.join(directory), "", &mut modules);
    }
    modules
}

/// A text is looked for, and nothing parsed as `Sources` does it: an answer with that took 36–39 ms, with this 11–14 ms
/// (four modules, unoptimized), and most answers need the modules' names only.
fn collect(directory: &Path, prefix: &str, modules: &mut Vec<Module>) {
    for (name, folder) in folders(directory) {
        let Ok(text) = std::fs::read_to_string(folder.join("mod.rs")) else { continue };
        // `commands`, `migrations` and the like are folders too.
        if !text.contains("Module::new(") {
            continue;
        }
        let label = format!("{prefix}{name}");
        let line = text.lines().next().and_then(|line| line.strip_prefix("//!")).unwrap_or_default().trim();
        let about = line.split_once(". ").map_or(line, |(sentence, _)| sentence).trim_end_matches('.').to_owned();
        let below = format!("{label}_");
        modules.push(Module { label, about, folder: folder.clone() });
        collect(&folder, &below, modules);
    }
}

/// The folders in a directory, by name.
fn folders(directory: &Path) -> Vec<(String, PathBuf)> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().filter_map(Result::ok);
    let folders = entries.filter(|entry| entry.path().is_dir());
    let mut folders: Vec<(String, PathBuf)> =
        folders.filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.path()))).collect();
    folders.sort();
    folders
}

/// The names of the files of this kind in a directory, without the ending.
fn stems(directory: &Path, extension: &str) -> Vec<String> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().filter_map(Result::ok);
    let paths = entries.map(|entry| entry.path()).filter(|path| path.extension() == Some(OsStr::new(extension)));
    let mut stems: Vec<String> = paths.filter_map(|path| path.file_stem()?.to_str().map(str::to_owned)).collect();
    stems.sort();
    stems
}

/// The migrations of a module, the last first.
pub(super) fn migrations(project: &Project, label: &str) -> Vec<String> {
    let module = modules(project).into_iter().find(|module| module.label == label);
    let mut names = module.map(|module| stems(&module.folder.join("migrations"), "toml")).unwrap_or_default();
    names.reverse();
    names
}

/// The commands of a module.
pub(super) fn commands(project: &Project, label: &str) -> Vec<String> {
    crate::commands::files(project, label)
}

/// The modules that are in the one that these words lead to.
pub(super) fn below<'a>(project: &Project, path: impl Iterator<Item = &'a str>) -> Vec<Candidate> {
    let directory = path.fold(project.root.join(MODULES), |directory, name| directory.join(name));
    let mut modules = Vec::new();
    collect(&directory, "", &mut modules);
    let here = modules.into_iter().filter(|module| module.folder.parent() == Some(&directory));
    here.map(|module| Candidate::new(module.label, module.about)).collect()
}

/// The models of all modules (`users.User`).
pub(super) fn models(project: &Project) -> Vec<String> {
    let sources = Sources::read(&project.root).unwrap_or_default();
    let models = |module: &scaffold::sources::Module| {
        module.models.iter().map(|model| format!("{}.{}", module.label, model.name)).collect::<Vec<_>>()
    };
    sources.modules().iter().flat_map(models).collect()
}

/// The packages of the workspace.
pub(super) fn packages(project: &Project) -> Vec<String> {
    let members = table(&project.root.join("Cargo.toml"))
        .and_then(|manifest| manifest.get("workspace")?.get("members")?.as_array().cloned());
    let members = members.into_iter().flatten();
    let folders = members.filter_map(|member| Some(member.as_str()?.rsplit('/').next()?.to_owned()));
    folders.filter(|name| !name.contains('*')).collect()
}

/// The aliases of the databases: those of the settings files in force, and of the environment.
pub(super) fn databases(project: &Project, settings: Option<&str>) -> Vec<String> {
    let variable = |name: &str| project.variables.get(OsStr::new(name)).map(|value| value.to_string_lossy());
    let config = project.root.join("app/config");
    let config = if config.is_dir() { config } else { project.root.join("config") };
    let environment = variable("APP__ENVIRONMENT").unwrap_or("development".into());
    let own = match settings.map(Into::into).or_else(|| variable("APP_SETTINGS")) {
        Some(file) => project.here.join(file.as_ref()),
        None => config.join(format!("{environment}.toml")),
    };
    let files = [config.join("default.toml"), own];
    let tables = files.iter().filter_map(|file| table(file)?.get("databases").and_then(Value::as_table).cloned());
    let mut aliases: Vec<String> = tables.flat_map(|table| table.into_iter().map(|(alias, _)| alias)).collect();
    let variables = project.variables.keys().filter_map(|name| name.to_str()?.strip_prefix("APP__DATABASES__"));
    aliases.extend(variables.filter_map(|rest| Some(rest.split_once("__")?.0.to_lowercase())));
    aliases.push("default".to_owned());
    aliases.sort();
    aliases.dedup();
    aliases
}

fn table(path: &Path) -> Option<Table> {
    std::fs::read_to_string(path).ok()?.parse().ok()
}
