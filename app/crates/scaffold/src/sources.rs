//! What is on the disk: the project's modules with their models and commands, read from the sources, so that it works
//! while they do not compile. What cannot be read or parsed is as if it said nothing; rustc is the one to complain.

mod commands;
mod crates;
pub(crate) mod files;
mod models;
mod modules;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::Result;
use crate::names::ModulePath;

pub use commands::command;

/// The project as its files describe it.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    root: PathBuf,
    modules: Vec<Module>,
    /// What the topmost `mod.rs` declares or imports.
    names: BTreeSet<String>,
    crates: BTreeSet<String>,
}

/// A module: a folder with a `mod.rs` that has a function `module`.
#[derive(Clone, Debug)]
pub struct Module {
    /// The label by which commands, migrations and tables know it.
    pub label: String,
    /// Where it is, if it is one of the project's; nothing for those that the framework brings.
    pub path: Option<ModulePath>,
    /// Its path in Rust (`crate::modules::users`, `framework::contrib::auth`).
    pub rust_path: String,
    /// Its folder, relative to the project's root.
    pub folder: PathBuf,
    /// What its `mod.rs` declares or imports.
    pub names: BTreeSet<String>,
    /// The names of its migrations (`0001_initial`), in order.
    pub migrations: Vec<String>,
    /// Its models, in the order of `MODELS`.
    pub models: Vec<Model>,
    /// The files in its `commands/` that are commands, by name of file.
    pub commands: Vec<Command>,
}

/// A model of a module: an entity that `MODELS` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// Its name (`Mailing`).
    pub name: String,
    /// The Rust path of its entity's module (`crate::modules::mailings::models::mailing`).
    pub entity_path: String,
    /// The table's name.
    pub table: String,
    /// Its columns, in order.
    pub fields: Vec<Field>,
}

/// A column of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The field's name in Rust.
    pub name: String,
    /// The column's name.
    pub column: String,
    /// Its type as it is written, without the `Option` around it (`i64`, `String`, `DateTimeUtc`).
    pub rust_type: String,
    /// True when it is an `Option`.
    pub nullable: bool,
    /// True when no two rows have the same value.
    pub unique: bool,
    /// True when it is (a part of) the primary key.
    pub primary_key: bool,
}

/// A command of a module: a file that defines `struct Command`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// The file's name without `.rs`.
    pub file: String,
    /// The name that is typed.
    pub name: String,
    /// The first paragraph of its doc comment, in one line.
    pub help: String,
}

impl Sources {
    /// Reads the project at `root`.
    ///
    /// # Errors
    /// When the folder of the modules cannot be read.
    pub fn read(root: &Path) -> Result<Self> {
        let mut modules = modules::own(root)?;
        let top = modules::Top::read(root);
        modules.extend(modules::foreign(root, &top.others));
        Ok(Self { root: root.to_owned(), modules, names: top.names, crates: crates::names(root) })
    }

    /// The project's root.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// All modules: the project's by path, parents first, then the framework's.
    pub fn modules(&self) -> &[Module] {
        &self.modules
    }

    /// The module with this label (`cms_adp_roles`); `-` and `_` are equal.
    pub fn module(&self, label: &str) -> Option<&Module> {
        self.modules.iter().find(|module| cli::same_name(&module.label, label))
    }

    /// True when there is a module at this place.
    pub fn is_module(&self, path: &ModulePath) -> bool {
        self.modules.iter().any(|module| module.path.as_ref() == Some(path))
    }

    /// The model that is called so, with its module (`users.User`; case does not matter).
    pub fn model(&self, name: &str) -> Option<(&Module, &Model)> {
        let (label, name) = name.split_once('.')?;
        let module = self.module(label)?;
        Some((module, module.models.iter().find(|model| model.name.eq_ignore_ascii_case(name))?))
    }

    /// True when the `mod.rs` of this module (of all modules, if none is given) declares or imports the name.
    pub fn declares(&self, parent: Option<&ModulePath>, name: &str) -> bool {
        let names = match parent {
            Some(parent) => self.modules.iter().find(|module| module.path.as_ref() == Some(parent)).map(|it| &it.names),
            None => Some(&self.names),
        };
        names.is_some_and(|names| names.contains(name))
    }

    /// True when a crate of this name is in use.
    pub fn has_crate(&self, name: &str) -> bool {
        self.crates.contains(name)
    }
}

impl Module {
    /// Where it is, for messages: its path (`cms/adp/roles`), or its path in Rust if it is none of the project's.
    pub fn place(&self) -> String {
        self.path.as_ref().map_or_else(|| self.rust_path.clone(), ToString::to_string)
    }
}

impl Model {
    /// The column that identifies a row, if there is just one.
    pub fn primary_key(&self) -> Option<&Field> {
        let mut keys = self.fields.iter().filter(|field| field.primary_key);
        keys.next().filter(|_| keys.next().is_none())
    }

    /// The first column of text that is nobody's secret: what a row is shown as.
    pub fn first_text(&self) -> Option<&Field> {
        self.fields.iter().find(|field| field.rust_type == "String" && !cli::sounds_secret(&field.name))
    }
}
