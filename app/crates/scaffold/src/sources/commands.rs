//! Commands: files that define `struct Command`.

use std::path::Path;

use quote::ToTokens as _;
use syn::{Expr, ImplItem, Item, Lit};

use super::{Command, files};
use crate::syntax::{Source, words};

/// The commands in a module's folder, by name of file. One that begins with `_` is none.
pub(super) fn read(folder: &Path) -> Vec<Command> {
    let folder = folder.join("commands");
    let stems = files::stems(&folder, ".rs").into_iter().filter(|stem| stem != "mod");
    stems.filter_map(|stem| command(&stem, &files::text(&folder.join(format!("{stem}.rs")))?)).collect()
}

/// The command that the file `<file>.rs` with this text defines, if it does. A file that does not parse, but says
/// `struct Command`, is one too: rustc is to say what is wrong.
pub fn command(file: &str, text: &str) -> Option<Command> {
    // Most files that are none need not be parsed.
    if !text.contains("Command") {
        return None;
    }
    let unnamed = || Command { file: file.to_owned(), name: file.to_owned(), help: String::new() };
    let Ok(source) = Source::parse(text) else {
        return text.contains("struct Command").then(unnamed);
    };
    let items = &source.file.items;
    let attributes = items.iter().find_map(|item| match item {
        Item::Struct(item) if item.ident == "Command" => Some(&item.attrs),
        _ => None,
    })?;
    let name = items.iter().find_map(name).unwrap_or_else(|| file.to_owned());
    Some(Command { help: summary(attributes), name, ..unnamed() })
}

/// The literal that `NAME` is in `impl … for Command`.
fn name(item: &Item) -> Option<String> {
    let Item::Impl(item) = item else { return None };
    item.trait_.as_ref()?;
    if words(item.self_ty.to_token_stream()) != ["Command"] {
        return None;
    }
    item.items.iter().find_map(|item| match item {
        ImplItem::Const(item) if item.ident == "NAME" => string(&item.expr),
        _ => None,
    })
}

/// A doc comment's first paragraph in one line, without the full stop that clap leaves out too.
fn summary(attributes: &[syn::Attribute]) -> String {
    let comments = attributes.iter().filter_map(|attribute| match &attribute.meta {
        syn::Meta::NameValue(meta) if meta.path.is_ident("doc") => string(&meta.value),
        _ => None,
    });
    let text = comments.collect::<Vec<_>>().join("\n");
    let lines = text.lines().map(str::trim).skip_while(|line| line.is_empty()).take_while(|line| !line.is_empty());
    let summary = lines.collect::<Vec<_>>().join(" ");
    match summary.strip_suffix('.') {
        Some(sentence) if !sentence.ends_with('.') => sentence.to_owned(),
        _ => summary,
    }
}

fn string(value: &Expr) -> Option<String> {
    match value {
        Expr::Lit(syn::ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
        _ => None,
    }
}
