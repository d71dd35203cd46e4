//! Lists of one element a line: `MODULES`, and the `vec![]` of a module's commands.

use std::ops::Range;

use quote::ToTokens as _;
use syn::punctuated::Punctuated;
use syn::{Expr, Stmt, Token};

use super::declaration;
use crate::syntax::{Source, Splice, indentation, line_ending, line_starts, owners, range, whole_lines};

/// How long a line may be before its list is written one element a line (`.rustfmt.toml`).
const MAX_WIDTH: usize = 120;

const INDENT: &str = "    ";

/// Where an element goes when none of its like is there.
#[derive(Clone, Copy)]
pub(super) enum Place {
    BeforeOthers,
    Last,
}

/// A list as it is written.
pub(super) struct List {
    /// Between its brackets.
    inside: Range<usize>,
    /// What rustfmt lays out: from what is before the list, if it may go to a line of its own, to its end.
    layout: Range<usize>,
    elements: Vec<Element>,
}

struct Element {
    range: Range<usize>,
    comma: Option<Range<usize>>,
    /// The module that it takes something of.
    owner: Option<String>,
    /// True when this file declares that module.
    is_own: bool,
}

impl Element {
    fn own(&self) -> Option<&str> {
        self.owner.as_deref().filter(|_| self.is_own)
    }

    /// Where it ends, with its comma.
    fn end(&self) -> usize {
        self.comma.as_ref().map_or(self.range.end, |comma| comma.end)
    }
}

impl List {
    /// `MODULES`.
    ///
    /// # Errors
    /// When it is not there, or is not a list.
    pub(super) fn modules(source: &Source<'_>) -> Result<Self, String> {
        let mut values = source.constants("MODULES");
        let value = values.next().ok_or("it has no `MODULES`")?;
        if values.next().is_some() {
            return Err("it has more than one `MODULES`".to_owned());
        }
        let mut list = Self::of(source, value, "module").ok_or("`MODULES` is not a list in square brackets")?;
        // White space behind `=`.
        list.layout.start = source.text[..range(value).start].trim_end().len();
        Ok(list)
    }

    /// What `all()` gives back.
    ///
    /// # Errors
    /// When it is not there, or is not a list.
    pub(super) fn commands(source: &Source<'_>) -> Result<Self, String> {
        let mut functions = source.functions("all");
        let function = functions.next().ok_or("it has no function `all`")?;
        if functions.next().is_some() {
            return Err("it has more than one function `all`".to_owned());
        }
        let list = match function.block.stmts.last() {
            Some(Stmt::Expr(value, None)) => Self::of(source, value, "Command"),
            Some(Stmt::Macro(statement)) if statement.semi_token.is_none() => {
                Self::of_macro(source, &statement.mac, "Command")
            }
            _ => None,
        };
        list.ok_or_else(|| "`all()` does not end with `vec![…]`".to_owned())
    }

    fn of(source: &Source<'_>, value: &Expr, leaf: &str) -> Option<Self> {
        match value {
            Expr::Reference(reference) => Self::of(source, &reference.expr, leaf),
            Expr::Array(array) => Some(Self::new(source, array.bracket_token.span, &array.elems, leaf)),
            Expr::Macro(value) => Self::of_macro(source, &value.mac, leaf),
            _ => None,
        }
    }

    fn of_macro(source: &Source<'_>, value: &syn::Macro, leaf: &str) -> Option<Self> {
        let elements = value.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated).ok()?;
        value.path.is_ident("vec").then(|| Self::new(source, *value.delimiter.span(), &elements, leaf))
    }

    fn new(
        source: &Source<'_>,
        brackets: proc_macro2::extra::DelimSpan,
        elements: &Punctuated<Expr, Token![,]>,
        leaf: &str,
    ) -> Self {
        let elements = elements.pairs().map(|pair| {
            let owner = owners(pair.value().to_token_stream(), leaf).into_iter().next();
            Element {
                range: range(pair.value()),
                comma: pair.punct().map(range),
                is_own: owner.as_ref().is_some_and(|owner| declaration::is_declared(source, owner)),
                owner,
            }
        });
        let elements = elements.collect();
        let inside = brackets.open().byte_range().end..brackets.close().byte_range().start;
        Self { layout: inside.clone(), inside, elements }
    }

    /// The modules of this file that elements take something of.
    pub(super) fn names(&self) -> Vec<String> {
        self.elements.iter().filter_map(|element| element.own().map(str::to_owned)).collect()
    }

    /// How the elements name the function that makes a command of a type: as the first one does, else by what is
    /// imported.
    pub(super) fn constructor<'a>(&self, source: &Source<'a>) -> &'a str {
        let written = self.elements.iter().filter(|element| element.owner.is_some()).find_map(|element| {
            let (function, _) = source.text[element.range.clone()].split_once("::<")?;
            let is_path = function.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':'));
            (is_path && (function == "command" || function.ends_with("::command"))).then_some(function)
        });
        written.unwrap_or_else(|| match source.names() {
            names if names.contains("management") => "management::command",
            names if names.contains("command") => "command",
            _ => "framework::management::command",
        })
    }

    /// Puts an element in; nothing when one of this module is there.
    pub(super) fn add(&self, source: &Source<'_>, owner: &str, element: &str, place: Place) -> Vec<Splice> {
        if self.elements.iter().any(|of| of.owner.as_deref() == Some(owner)) {
            return Vec::new();
        }
        let before = self.before(owner, place);
        if self.is_clean(source) {
            let mut texts = self.texts(source);
            texts.insert(before.map_or(0, |before| before + 1), element);
            return vec![Splice::replace(self.layout.clone(), self.clean(source, &texts))];
        }
        match before {
            _ if self.elements.is_empty() => vec![self.insert_only(source, element)],
            Some(before) => self.insert_behind(source, before, element),
            None => vec![self.insert_first(source, element)],
        }
    }

    /// The element behind which the new one goes; nothing when it goes to the front.
    fn before(&self, owner: &str, place: Place) -> Option<usize> {
        let alike: Vec<(usize, &str)> = self
            .elements
            .iter()
            .enumerate()
            .filter_map(|(at, element)| element.own().map(|owner| (at, owner)))
            .collect();
        match alike.as_slice() {
            [] => match place {
                Place::BeforeOthers => None,
                Place::Last => self.elements.len().checked_sub(1),
            },
            [(first, _), ..] if alike.is_sorted_by_key(|(_, owner)| *owner) => {
                let smaller = alike.iter().rfind(|(_, other)| *other < owner);
                smaller.map_or(first.checked_sub(1), |(at, _)| Some(*at))
            }
            [.., (last, _)] => Some(*last),
        }
    }

    fn insert_only(&self, source: &Source<'_>, element: &str) -> Splice {
        match line_starts(source.text, self.inside.clone()).as_slice() {
            [] => Splice::insert(self.inside.start, element.to_owned()),
            // The last line is that of the closing bracket.
            [.., close] => self.line(source, *close, format!("{element},"), None),
        }
    }

    fn insert_first(&self, source: &Source<'_>, element: &str) -> Splice {
        let first = &self.elements[0];
        match line_starts(source.text, self.inside.start..first.range.start).last() {
            Some(&start) => self.line(source, start, format!("{element},"), Some(0)),
            None => Splice::insert(first.range.start, format!("{element}, ")),
        }
    }

    fn insert_behind(&self, source: &Source<'_>, before: usize, element: &str) -> Vec<Splice> {
        let element_before = &self.elements[before];
        let next = self.elements.get(before + 1).map_or(self.inside.end, |next| next.range.start);
        let start = line_starts(source.text, element_before.end()..next).first().copied();
        match (start, &element_before.comma) {
            (Some(start), Some(_)) => vec![self.line(source, start, format!("{element},"), Some(before))],
            // As the last one had no comma, neither has the new last one.
            (Some(start), None) => vec![
                Splice::insert(element_before.range.end, ",".to_owned()),
                self.line(source, start, element.to_owned(), Some(before)),
            ],
            (None, _) => vec![Splice::insert(element_before.range.end, format!(", {element}"))],
        }
    }

    /// A line at this place, indented as its neighbour.
    fn line(&self, source: &Source<'_>, start: usize, element: String, neighbour: Option<usize>) -> Splice {
        let text = source.text;
        let neighbours = neighbour.into_iter().chain(0..self.elements.len());
        let mut found = neighbours.filter_map(|at| indentation(text, self.elements[at].range.start));
        let indent = match found.next() {
            Some(indent) => indent.to_owned(),
            None => format!("{}{INDENT}", line_indentation(text, self.inside.start)),
        };
        Splice::insert(start, format!("{indent}{element}{}", line_ending(text, start)))
    }

    /// Takes a module's elements out.
    pub(super) fn remove(&self, source: &Source<'_>, owner: &str) -> Vec<Splice> {
        let is_gone = |element: &Element| element.owner.as_deref() == Some(owner);
        if self.is_clean(source) {
            let texts = self.elements.iter().zip(self.texts(source)).filter(|(element, _)| !is_gone(element));
            let texts: Vec<&str> = texts.map(|(_, text)| text).collect();
            return vec![Splice::replace(self.layout.clone(), self.clean(source, &texts))];
        }
        let gone = self.elements.iter().enumerate().filter(|(_, element)| is_gone(element));
        gone.flat_map(|(at, element)| self.remove_one(source, at, element)).collect()
    }

    /// True when the list is as rustfmt has it, and without comments, which are nobody's to move.
    fn is_clean(&self, source: &Source<'_>) -> bool {
        source.text[self.layout.clone()] == self.clean(source, &self.texts(source))
    }

    /// A list of these as rustfmt has it: in the line, in the next line, or one element a line, the first that is not too
    /// wide.
    fn clean(&self, source: &Source<'_>, elements: &[&str]) -> String {
        let text = source.text;
        let (before, behind) = (&text[..self.layout.start], &text[self.inside.end..]);
        let before = before.rsplit('\n').next().unwrap_or("");
        let behind = behind.split(['\r', '\n']).next().unwrap_or("");
        // An element with an attribute has several lines already.
        let fits = |parts: &[&str]| {
            let width = parts.iter().map(|part| part.chars().count()).sum::<usize>();
            width <= MAX_WIDTH && !parts.iter().any(|part| part.contains('\n'))
        };

        let (ending, outer) = (line_ending(text, self.inside.end), line_indentation(text, self.layout.start));
        let open = text[self.layout.start..self.inside.start].trim_start();
        let space = if open.is_empty() { "" } else { " " };
        let joined = elements.join(", ");
        if fits(&[before, space, open, &joined, behind]) {
            return format!("{space}{open}{joined}");
        }
        if !open.is_empty() && fits(&[outer, INDENT, open, &joined, behind]) {
            return format!("{ending}{outer}{INDENT}{open}{joined}");
        }
        let lines: String = elements.iter().map(|element| format!("{outer}{INDENT}{element},{ending}")).collect();
        format!("{space}{open}{ending}{lines}{outer}")
    }

    fn texts<'a>(&self, source: &Source<'a>) -> Vec<&'a str> {
        self.elements.iter().map(|element| &source.text[element.range.clone()]).collect()
    }

    fn remove_one(&self, source: &Source<'_>, at: usize, element: &Element) -> Vec<Splice> {
        let text = source.text;
        let before = at.checked_sub(1).map(|before| &self.elements[before]);
        if let Some(lines) = whole_lines(text, &(element.range.start..element.end())) {
            // The comma that the one before got because of this one.
            let comma = before.filter(|_| element.comma.is_none()).and_then(|before| before.comma.clone());
            return comma.into_iter().chain([lines]).map(Splice::remove).collect();
        }
        let next = self.elements.get(at + 1).map(|next| next.range.start);
        vec![Splice::remove(match (before, next) {
            (Some(before), _) if text[before.range.end..element.range.start] == *", " => {
                before.range.end..element.range.end
            }
            (_, Some(next)) if !text[element.range.end..next].contains('/') => element.range.start..next,
            (Some(Element { comma: Some(comma), .. }), None) if element.comma.is_none() => {
                comma.start..element.range.end
            }
            _ => element.range.start..element.end(),
        })]
    }
}

/// The white space that the line begins with in which this is.
fn line_indentation(text: &str, at: usize) -> &str {
    let line = &text[text[..at].rfind('\n').map_or(0, |end| end + 1)..];
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}
