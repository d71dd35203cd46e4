//! Registration: the lines that a `mod.rs` gets or loses when a module, a command or a part of a module comes or goes.
//!
//! Text in, text out. The place is found by parsing, the line is spliced in at a byte offset: whatever else the file
//! says, comments and formatting included, stays as it is. What is there already is not added again.

mod body;
mod declaration;
mod list;

use std::path::Path;

use crate::Error;
use crate::syntax::{BYTE_ORDER_MARK, Source, Splice, splice};
use body::Body;
use list::{List, Place};

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
    /// `mod` or `pub mod`.
    pub keywords: &'static str,
    /// The method of `Module` and its argument, unless it is only declared.
    pub call: Option<(&'static str, &'static str)>,
}

impl Part {
    /// `mod commands;` and `module.commands(commands::all());`
    pub const COMMANDS: Self = Self { name: "commands", keywords: "mod", call: Some(("commands", "commands::all()")) };

    fn lines(self) -> Vec<String> {
        let call = self.call.map(|(method, argument)| format!("module.{method}({argument});"));
        [Some(format!("{} {};", self.keywords, self.name)), call].into_iter().flatten().collect()
    }
}

impl Parent {
    fn lines(self, name: &str) -> Vec<String> {
        let second = match self {
            Self::Top => format!("{name}::module,"),
            Self::Module => format!("module.submodule({name}::module);"),
        };
        vec![format!("pub mod {name};"), second]
    }
}

fn command_lines(name: &str) -> Vec<String> {
    vec![format!("mod {name};"), format!("management::command::<{name}::Command>(),")]
}

/// The parent's `mod.rs` with the module `name` registered.
///
/// # Errors
/// When the file cannot be understood: names `file`, and the lines to write by hand.
pub fn add_module(file: &Path, text: &str, parent: Parent, name: &str) -> crate::Result<String> {
    change(file, text, "written", &parent.lines(name), |source| {
        let listed = match parent {
            Parent::Top => List::modules(source)?.add(source, name, &format!("{name}::module"), Place::BeforeOthers),
            Parent::Module => Body::find(source)?.add(source, "submodule", &format!("{name}::module"))?,
        };
        Ok(declaration::add(source, "pub mod", name).into_iter().chain(listed).collect())
    })
}

/// The parent's `mod.rs` without the module `name`.
///
/// # Errors
/// When the file cannot be understood: names `file`, and the lines to take out by hand.
pub fn remove_module(file: &Path, text: &str, parent: Parent, name: &str) -> crate::Result<String> {
    change(file, text, "taken out", &parent.lines(name), |source| {
        let listed = match parent {
            Parent::Top => List::modules(source)?.remove(source, name),
            Parent::Module => Body::find(source)?.remove(source, "submodule", &format!("{name}::module"))?,
        };
        Ok(declaration::remove(source, name).into_iter().chain(listed).collect())
    })
}

/// A module's `commands/mod.rs` with the command in the file `name` registered.
///
/// # Errors
/// When the file cannot be understood: names `file`, and the lines to write by hand.
pub fn add_command(file: &Path, text: &str, name: &str) -> crate::Result<String> {
    change(file, text, "written", &command_lines(name), |source| {
        let list = List::commands(source)?;
        let element = format!("{}::<{name}::Command>()", list.constructor(source));
        let listed = list.add(source, name, &element, Place::Last);
        Ok(declaration::add(source, "mod", name).into_iter().chain(listed).collect())
    })
}

/// A module's `commands/mod.rs` without the command in the file `name`.
///
/// # Errors
/// When the file cannot be understood: names `file`, and the lines to take out by hand.
pub fn remove_command(file: &Path, text: &str, name: &str) -> crate::Result<String> {
    change(file, text, "taken out", &command_lines(name), |source| {
        let listed = List::commands(source)?.remove(source, name);
        Ok(declaration::remove(source, name).into_iter().chain(listed).collect())
    })
}

/// The files (`x` of `x.rs`) that this `commands/mod.rs` both declares and lists, in the order of the list.
///
/// # Errors
/// When the file cannot be understood.
pub fn listed_commands(file: &Path, text: &str) -> crate::Result<Vec<String>> {
    let read = || {
        let source = Source::parse(text.trim_start_matches(BYTE_ORDER_MARK))?;
        let listed = List::commands(&source)?.names();
        Ok(listed.into_iter().filter(|name| declaration::is_declared(&source, name)).collect())
    };
    read().map_err(|reason: String| not_understood(file, &reason))
}

/// A module's `mod.rs` with this part declared and handed over.
///
/// # Errors
/// When the file cannot be understood, or hands over something else in its place: names `file`, and the lines to write
/// by hand.
pub fn add_part(file: &Path, text: &str, part: Part) -> crate::Result<String> {
    change(file, text, "written", &part.lines(), |source| {
        let mut splices = declaration::add(source, part.keywords, part.name);
        if let Some((method, argument)) = part.call {
            splices.extend(Body::find(source)?.add(source, method, argument)?);
        }
        Ok(splices)
    })
}

/// A module's `mod.rs` without this part.
///
/// # Errors
/// When the file cannot be understood: names `file`, and the lines to take out by hand.
pub fn remove_part(file: &Path, text: &str, part: Part) -> crate::Result<String> {
    change(file, text, "taken out", &part.lines(), |source| {
        let mut splices = declaration::remove(source, part.name);
        if let Some((method, argument)) = part.call {
            splices.extend(Body::find(source)?.remove(source, method, argument)?);
        }
        Ok(splices)
    })
}

/// Makes a change of a text, and makes sure that it can be parsed again.
fn change(
    file: &Path,
    text: &str,
    what: &str,
    lines: &[String],
    plan: impl FnOnce(&Source<'_>) -> Result<Vec<Splice>, String>,
) -> crate::Result<String> {
    let code = text.trim_start_matches(BYTE_ORDER_MARK);
    let edit = || {
        let changed = splice(code, plan(&Source::parse(code)?)?);
        Source::parse(&changed)?;
        Ok(format!("{}{changed}", &text[..text.len() - code.len()]))
    };
    edit().map_err(|reason: String| {
        let lines: Vec<String> = lines.iter().map(|line| format!("`{line}`")).collect();
        let hint = format!("what is to be {what} there by hand: {}", lines.join(" and "));
        not_understood(file, &reason).with_hint(hint)
    })
}

fn not_understood(file: &Path, reason: &str) -> Error {
    Error::new(format!("failed to understand `{}`: {reason}", file.display()))
}
