//! Registration: the lines that a `mod.rs` gets or loses when a module, a command or a part of a module comes or goes.
//!
//! Text in, text out. The place is found by parsing, the line is spliced in at a byte offset: whatever else the file
//! says, comments and formatting included, stays as it is.

use std::path::Path;

use crate::Result;

/// Whose `mod.rs` a module is registered in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parent {
    /// That of all modules: `pub mod cms;`, and `cms::module,` in `MODULES`.
    Top,
    /// A module's: `pub mod adp;`, and `module.submodule(adp::module);` in `module()`.
    Module,
}

/// Something that a module's `mod.rs` declares, and hands to the framework in `module()`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The name of its Rust module.
    pub name: &'static str,
    /// `pub mod` or only `mod`.
    pub public: bool,
    /// The method of `Module` and its argument, unless it is only declared.
    pub call: Option<(&'static str, &'static str)>,
}

impl Part {
    /// `mod commands;` and `module.commands(commands::all());`
    pub const COMMANDS: Self = Self { name: "commands", public: false, call: Some(("commands", "commands::all()")) };
    /// `pub mod models;` and `module.models(models::MODELS);`
    pub const MODELS: Self = Self { name: "models", public: true, call: Some(("models", "models::MODELS")) };
    /// `pub mod service;`
    pub const SERVICE: Self = Self { name: "service", public: true, call: None };
    /// `mod views;` and `module.routes(views::routes());`
    pub const VIEWS: Self = Self { name: "views", public: false, call: Some(("routes", "views::routes()")) };
}

/// The parent's `mod.rs` with the module `name` registered; what is there already stays as it is.
///
/// # Errors
/// When the file cannot be understood: names `file`, and the lines to write by hand.
pub fn add_module(file: &Path, text: &str, parent: Parent, name: &str) -> Result<String> {
    let _ = (file, parent, name);
    Ok(text.to_owned())
}

/// The parent's `mod.rs` without the module `name`.
///
/// # Errors
/// When the file cannot be understood: names `file`, and the lines to take out by hand.
pub fn remove_module(file: &Path, text: &str, parent: Parent, name: &str) -> Result<String> {
    let _ = (file, parent, name);
    Ok(text.to_owned())
}

/// A module's `commands/mod.rs` with the command in the file `name` registered.
///
/// # Errors
/// When the file cannot be understood: names `file`, and the lines to write by hand.
pub fn add_command(file: &Path, text: &str, name: &str) -> Result<String> {
    let _ = (file, name);
    Ok(text.to_owned())
}

/// A module's `commands/mod.rs` without the command in the file `name`.
///
/// # Errors
/// When the file cannot be understood: names `file`, and the lines to take out by hand.
pub fn remove_command(file: &Path, text: &str, name: &str) -> Result<String> {
    let _ = (file, name);
    Ok(text.to_owned())
}

/// The files (`x` of `x.rs`) that this `commands/mod.rs` both declares and lists, in the order of the list.
///
/// # Errors
/// When the file cannot be understood.
pub fn listed_commands(file: &Path, text: &str) -> Result<Vec<String>> {
    let _ = (file, text);
    Ok(Vec::new())
}

/// A module's `mod.rs` with this part declared and handed over.
///
/// # Errors
/// When the file cannot be understood: names `file`, and the lines to write by hand.
pub fn add_part(file: &Path, text: &str, part: Part) -> Result<String> {
    let _ = (file, part);
    Ok(text.to_owned())
}

/// A module's `mod.rs` without this part.
///
/// # Errors
/// When the file cannot be understood: names `file`, and the lines to take out by hand.
pub fn remove_part(file: &Path, text: &str, part: Part) -> Result<String> {
    let _ = (file, part);
    Ok(text.to_owned())
}
