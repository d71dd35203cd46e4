//! Rust as it is written: parsed, with the place of everything in the text.

mod lines;
mod order;
mod splice;

use std::collections::BTreeSet;
use std::fmt::Display;
use std::ops::Range;

use proc_macro2::{TokenStream, TokenTree};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned;

pub(crate) use lines::{after_last_blank_line, indentation, is_blank_line, line_ending, line_starts, whole_lines};
pub(crate) use order::{is_sorted, version_order};
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

    /// The names that its items declare or import, but those of functions and values, which are apart from modules.
    pub(crate) fn names(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        for item in &self.file.items {
            let name = match item {
                syn::Item::Use(item) => {
                    imported(&item.tree, None, &mut names);
                    continue;
                }
                syn::Item::Mod(item) => &item.ident,
                syn::Item::Struct(item) => &item.ident,
                syn::Item::Enum(item) => &item.ident,
                syn::Item::Union(item) => &item.ident,
                syn::Item::Trait(item) => &item.ident,
                syn::Item::TraitAlias(item) => &item.ident,
                syn::Item::Type(item) => &item.ident,
                syn::Item::ExternCrate(item) => item.rename.as_ref().map_or(&item.ident, |(_, name)| name),
                _ => continue,
            };
            names.insert(name.unraw().to_string());
        }
        names
    }
}

/// Where something is in its text, attributes and doc comments included.
pub(crate) fn range(node: &impl Spanned) -> Range<usize> {
    node.span().byte_range()
}

/// The names that a `use` brings; `parent` is what `self` stands for.
fn imported(tree: &syn::UseTree, parent: Option<&syn::Ident>, names: &mut BTreeSet<String>) {
    match tree {
        syn::UseTree::Path(path) => imported(&path.tree, Some(&path.ident), names),
        syn::UseTree::Name(name) if name.ident == "self" => {
            names.extend(parent.map(|parent| parent.unraw().to_string()));
        }
        syn::UseTree::Name(name) => {
            names.insert(name.ident.unraw().to_string());
        }
        syn::UseTree::Rename(rename) => {
            names.insert(rename.rename.unraw().to_string());
        }
        syn::UseTree::Group(group) => group.items.iter().for_each(|tree| imported(tree, parent, names)),
        _ => {}
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
