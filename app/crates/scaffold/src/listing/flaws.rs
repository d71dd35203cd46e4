//! What is certainly wrong with a command's file, said better than by the compiler's words about the list that names it.

use std::path::Path;

use syn::{Item, Visibility};

use crate::Error;

/// The flaw of a file that is listed, or is about to be, if it certainly has one. Whatever might give it a `Command` (a
/// macro, an import) is left to the compiler, and so is a file that does not parse.
pub(super) fn of_file(file: &Path, text: &str) -> Option<Error> {
    // Nearly all files pass here.
    if text.lines().any(|line| line.starts_with("pub") && has_command(line)) {
        return None;
    }
    let items = syn::parse_file(text).ok()?.items;
    if items.iter().any(is_private_command) {
        let message = format!("`struct Command` is private in `{}`", file.display());
        return Some(Error::new(message).with_hint("write `pub struct Command`"));
    }
    (!items.iter().any(may_define_command)).then(|| missing(file))
}

/// True for lines like `pub struct Command {`, not for those with a longer name.
fn has_command(line: &str) -> bool {
    let rest = line.split_once("struct Command").map(|(_, rest)| rest);
    rest.is_some_and(|rest| !rest.starts_with(|letter: char| letter.is_alphanumeric() || letter == '_'))
}

/// A file that is no command.
pub(super) fn missing(file: &Path) -> Error {
    let message = format!("`{}` is no command: it does not define `pub struct Command`", file.display());
    Error::new(message).with_hint("define it, or let the file's name begin with `_`")
}

fn is_private_command(item: &Item) -> bool {
    matches!(item, Item::Struct(item) if item.ident == "Command" && matches!(item.vis, Visibility::Inherited))
}

fn may_define_command(item: &Item) -> bool {
    match item {
        Item::Struct(item) => item.ident == "Command",
        Item::Enum(item) => item.ident == "Command",
        Item::Union(item) => item.ident == "Command",
        Item::Type(item) => item.ident == "Command",
        Item::Use(item) => !matches!(item.vis, Visibility::Inherited),
        Item::Macro(_) | Item::Verbatim(_) => true,
        _ => false,
    }
}
