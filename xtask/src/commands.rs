//! The app's commands as its sources have them: a file in a module's `commands/` is one, whether it is built or not. What
//! is said about commands (help, completion, slips) comes from here and writes nothing; a build begins with
//! [`prepare`], which brings the modules' lists of commands in line with the files.

mod lists;
mod look;

use std::path::PathBuf;

use scaffold::listing::{Fate, Problem};
use scaffold::sources;

pub use self::lists::{Prepared, are_in_order, bring_in_line, check, failure, prepare};
use self::look::{COMMANDS, Folder, MODULES, Order};
use crate::catalog::{Catalog, Entry};
use crate::fingerprint;
use crate::project::Project;

/// The commands of modules, and what is wrong with some files that look like commands.
#[derive(Debug)]
pub struct Known {
    /// What the app lists, as the sources change that: without commands whose files are gone, with those that are not
    /// built yet.
    pub entries: Vec<Entry>,
    /// Commands whose files are gone: module, name, file.
    gone: Vec<Gone>,
    problems: Vec<Problem>,
}

/// A command's file that is not there any more.
#[derive(Debug)]
struct Gone {
    module: String,
    name: String,
    file: PathBuf,
}

impl Known {
    /// Finds a command; `-` and `_` are equal.
    pub fn find(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| cli::same_name(&entry.name, name))
    }

    /// The file that is gone, if a command of this name was there.
    pub fn gone(&self, name: &str) -> Option<&PathBuf> {
        self.gone.iter().find(|gone| cli::same_name(&gone.name, name)).map(|gone| &gone.file)
    }

    /// What is wrong with the file of this name.
    pub fn problem(&self, name: &str) -> Option<&scaffold::Error> {
        let stem = |problem: &Problem| problem.file.as_deref()?.file_stem()?.to_str().map(str::to_owned);
        let is_about = |problem: &&Problem| stem(problem).is_some_and(|file| cli::same_name(&file, name));
        self.problems.iter().find(is_about).map(|problem| &problem.error)
    }
}

/// What the app said about its commands, perhaps long ago, brought up to date from the sources.
pub fn known(project: &Project, catalog: Option<Catalog>) -> Known {
    let folders = look::folders(&project.root);
    let entries = catalog.map_or_else(Vec::new, |catalog| catalog.commands);
    let has_file = |entry: &Entry| {
        let mut files = folders.iter().filter(|folder| folder.label() == entry.module).flat_map(|folder| &folder.files);
        files.any(|file| cli::same_name(file, &entry.name))
    };
    // What the binary was compiled from takes a while to read.
    let is_all_there = entries.iter().all(|entry| entry.builtin || has_file(entry));
    let gone = if is_all_there { Vec::new() } else { compiled_and_gone(project) };
    let mut known = Known { entries, gone, problems: Vec::new() };
    for folder in folders.iter().filter(|folder| folder.order == Order::Doubtful) {
        let listing = scaffold::listing::of_module(&project.root, &folder.module);
        known.problems.extend(listing.problems);
        let gone = listing.lines.into_iter().filter(|line| line.fate == Fate::TakenOut);
        known.gone.extend(gone.map(|line| Gone {
            module: folder.label(),
            file: folder.file(&line.name),
            name: line.name,
        }));
    }
    known.forget_gone(project, &folders);
    for folder in &folders {
        known.add_unbuilt(project, folder);
    }
    known
}

/// The files of a module that may be commands, without `.rs`.
pub fn files(project: &Project, label: &str) -> Vec<String> {
    let folder = look::folders(&project.root).into_iter().find(|folder| folder.label() == label);
    folder.map(|folder| folder.files).unwrap_or_default()
}

/// The files of commands that the newest binary was compiled from, and that are not there any more.
fn compiled_and_gone(project: &Project) -> Vec<Gone> {
    let files = fingerprint::compiled_from(project).unwrap_or_default();
    let gone = |file: PathBuf| {
        let file = file.strip_prefix(&project.root).ok()?;
        let folder = file.parent().filter(|folder| folder.starts_with(MODULES) && folder.ends_with(COMMANDS))?;
        let name = file.file_stem()?.to_str()?.to_owned();
        let is_gone = name != "mod" && !project.root.join(file).exists();
        is_gone.then(|| Gone { module: look::label(folder.parent().unwrap_or(folder)), name, file: file.to_owned() })
    };
    files.into_iter().filter_map(gone).collect()
}

impl Known {
    /// Leaves out what a module has no file for any more. A built-in command that it hid comes back.
    fn forget_gone(&mut self, project: &Project, folders: &[Folder]) {
        for module in self.gone.iter().map(|gone| &gone.module) {
            let folder = folders.iter().find(|folder| folder.label() == *module);
            let has = |name: &str| folder.is_some_and(|folder| provides(project, folder, name));
            self.entries.retain_mut(|entry| {
                if entry.builtin || entry.module != *module || has(&entry.name) {
                    return true;
                }
                let builtin = cli::find(&entry.name);
                if let Some(builtin) = builtin {
                    let help = builtin.command("cargo xtask").get_about().map(ToString::to_string).unwrap_or_default();
                    *entry = Entry { module: "framework".to_owned(), help, builtin: true, ..entry.clone() };
                }
                builtin.is_some()
            });
        }
    }

    /// Adds the commands of a module that the app does not know yet. Where it knows one of that name, the order of the
    /// modules decides, which is the app's business; a built-in command is hidden in any case.
    fn add_unbuilt(&mut self, project: &Project, folder: &Folder) {
        let module = folder.label();
        for file in &folder.files {
            let is_wrong = self.problems.iter().any(|problem| problem.file.as_ref() == Some(&folder.file(file)));
            if is_wrong || self.find(file).is_some_and(|entry| !entry.builtin) {
                continue;
            }
            let Some(command) = describe(project, folder, file) else { continue };
            let known = self.entries.iter_mut().find(|entry| cli::same_name(&entry.name, &command.name));
            let (name, help) = (command.name, command.help);
            let entry = Entry { name, module: module.clone(), help, ..Entry::default() };
            match known {
                Some(known) if known.builtin => *known = entry,
                Some(_) => {}
                None => self.entries.push(entry),
            }
        }
    }
}

/// Whether the sources of a module have a command of this name: one of its files is, or says so.
fn provides(project: &Project, folder: &Folder, name: &str) -> bool {
    let of_file = |file: &String| {
        cli::same_name(file, name)
            || describe(project, folder, file).is_some_and(|command| cli::same_name(&command.name, name))
    };
    // `command_as::<x::Command>("name")`
    let list = std::fs::read_to_string(project.root.join(folder.file("mod"))).unwrap_or_default();
    folder.files.iter().any(of_file) || list.contains(&format!("\"{name}\""))
}

fn describe(project: &Project, folder: &Folder, file: &str) -> Option<sources::Command> {
    let text = std::fs::read_to_string(project.root.join(folder.file(file))).ok()?;
    sources::command(file, &text)
}
