//! Rust as it is written: parsed, with the place of everything in the text.

mod lines;
mod splice;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::ops::Range;

use proc_macro2::{TokenStream, TokenTree};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned;
use syn::{Expr, Ident, Item, ItemFn, UseTree};

pub(crate) use lines::{after_last_blank_line, indentation, is_blank_line, line_ending, line_starts, whole_lines};
pub(crate) use splice::{Splice, splice};

/// What some editors put in front of a text.
pub(crate) const BYTE_ORDER_MARK: char = '\u{feff}';

/// Brackets deeper than this are not parsed: the parser calls itself, and nobody writes them.
const MAX_DEPTH: usize = 200;

/// A file with its syntax.
pub(crate) struct Source<'a> {
    /// All of it.
    pub(crate) text: &'a str,
    /// What it says.
    pub(crate) file: syn::File,
}

impl<'a> Source<'a> {
    /// Parses a file, without a byte order mark.
    ///
    /// # Errors
    /// What is wrong with it, and where, in words.
    pub(crate) fn parse(text: &'a str) -> Result<Self, String> {
        let said = |error: &dyn Display, span: proc_macro2::Span| {
            format!("it does not parse (line {}: {error})", span.start().line)
        };
        let tokens: TokenStream = text.parse().map_err(|error: proc_macro2::LexError| said(&error, error.span()))?;
        if !is_shallow(tokens.clone(), MAX_DEPTH) {
            return Err("it does not parse (brackets are nested too deep)".to_owned());
        }
        let file = syn::parse2(tokens).map_err(|error: syn::Error| said(&error, error.span()))?;
        Ok(Self { text, file })
    }

    /// Where the first item may be: behind the inner attributes and doc comments.
    pub(crate) fn body_start(&self) -> usize {
        self.file.attrs.last().map_or(0, |attribute| range(attribute).end)
    }

    /// The values of its constants of this name; more than one with conditions.
    pub(crate) fn constants<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s Expr> {
        self.file.items.iter().filter_map(move |item| match item {
            Item::Const(item) if item.ident == name => Some(&*item.expr),
            Item::Static(item) if item.ident == name => Some(&*item.expr),
            _ => None,
        })
    }

    /// Its functions of this name; more than one with conditions.
    pub(crate) fn functions<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s ItemFn> {
        self.file.items.iter().filter_map(move |item| match item {
            Item::Fn(function) if function.sig.ident == name => Some(function),
            _ => None,
        })
    }

    /// The names that its items declare or import, but those of functions and values, which are apart from modules.
    pub(crate) fn names(&self) -> BTreeSet<String> {
        let declared = self.file.items.iter().filter_map(|item| match item {
            Item::Mod(item) => Some(&item.ident),
            Item::Struct(item) => Some(&item.ident),
            Item::Enum(item) => Some(&item.ident),
            Item::Union(item) => Some(&item.ident),
            Item::Trait(item) => Some(&item.ident),
            Item::TraitAlias(item) => Some(&item.ident),
            Item::Type(item) => Some(&item.ident),
            Item::ExternCrate(item) => Some(item.rename.as_ref().map_or(&item.ident, |(_, name)| name)),
            _ => None,
        });
        declared.map(|name| name.unraw().to_string()).chain(self.imports().into_keys()).collect()
    }

    /// The names that it imports, and what they are.
    pub(crate) fn imports(&self) -> BTreeMap<String, String> {
        let mut names = BTreeMap::new();
        for item in &self.file.items {
            if let Item::Use(item) = item {
                imported(&item.tree, &mut Vec::new(), &mut names);
            }
        }
        names
    }
}

/// Where something is in its text, attributes and doc comments included.
pub(crate) fn range(node: &impl Spanned) -> Range<usize> {
    node.span().byte_range()
}

/// The names that a `use` brings; `path` is what stands before.
fn imported(tree: &UseTree, path: &mut Vec<String>, names: &mut BTreeMap<String, String>) {
    let mut add = |name: &Ident, imported: &Ident| {
        let itself = imported == "self";
        let full = path.iter().cloned().chain((!itself).then(|| imported.unraw().to_string()));
        let full = full.collect::<Vec<_>>().join("::");
        let name = match path.last() {
            Some(parent) if itself && name == "self" => parent.clone(),
            _ => name.unraw().to_string(),
        };
        names.insert(name, full);
    };
    match tree {
        UseTree::Name(tree) => add(&tree.ident, &tree.ident),
        UseTree::Rename(tree) => add(&tree.rename, &tree.ident),
        UseTree::Path(tree) => {
            path.push(tree.ident.unraw().to_string());
            imported(&tree.tree, path, names);
            path.pop();
        }
        UseTree::Group(group) => group.items.iter().for_each(|tree| imported(tree, path, names)),
        UseTree::Glob(_) => {}
    }
}

/// True when brackets are nested at most `depth` deep.
fn is_shallow(tokens: TokenStream, depth: usize) -> bool {
    let mut levels = vec![tokens.into_iter()];
    while let Some(level) = levels.last_mut() {
        match level.next() {
            Some(TokenTree::Group(_)) if levels.len() > depth => return false,
            Some(TokenTree::Group(group)) => levels.push(group.stream().into_iter()),
            Some(_) => {}
            None => {
                levels.pop();
            }
        }
    }
    true
}

/// The names `x` in `x::<leaf>`, `self::x::<leaf>` and `crate::modules::x::<leaf>`, wherever they stand in these tokens.
pub(crate) fn owners(tokens: TokenStream, leaf: &str) -> Vec<String> {
    let words = words(tokens);
    let is_path =
        |at: usize| words.get(at).is_some_and(|word| word == ":") && words.get(at + 1).is_some_and(|word| word == ":");
    let mut owners = Vec::new();
    for (at, word) in words.iter().enumerate() {
        if !is_path(at + 1) || words.get(at + 3).is_none_or(|word| word != leaf) {
            continue;
        }
        let before: Vec<&str> = words[at.saturating_sub(6)..at].iter().map(String::as_str).collect();
        let from_here = match before.as_slice() {
            [.., "crate", ":", ":", "modules", ":", ":"] => true,
            [.., "self", ":", ":"] => before.len() < 4 || before[before.len() - 4] != ":",
            [.., ":", ":"] => false,
            _ => true,
        };
        if from_here {
            owners.push(word.trim_start_matches("r#").to_owned());
        }
    }
    owners
}

/// Every word and sign, those in brackets included; every bracket is a round one. The comma before a
/// closing one, or the end, is left out.
pub(crate) fn words(tokens: TokenStream) -> Vec<String> {
    let mut words = Vec::new();
    let mut levels = vec![tokens.into_iter()];
    while let Some(level) = levels.last_mut() {
        match level.next() {
            Some(TokenTree::Group(group)) => {
                words.push("(".to_owned());
                levels.push(group.stream().into_iter());
            }
            Some(token) => words.push(token.to_string()),
            None => {
                words.pop_if(|word| word == ",");
                levels.pop();
                words.extend((!levels.is_empty()).then(|| ")".to_owned()));
            }
        }
    }
    words
}
