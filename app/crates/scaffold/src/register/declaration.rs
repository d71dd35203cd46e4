//! `mod x;` lines.

use std::ops::Range;

use syn::ext::IdentExt as _;

use crate::syntax::{
    Source, Splice, after_last_blank_line, is_blank_line, line_ending, line_starts, range, whole_lines,
};

/// A `mod x;` that rustfmt keeps in order among its neighbours.
struct Line {
    /// Its place among the items.
    item: usize,
    name: String,
    range: Range<usize>,
    is_public: bool,
    is_conditional: bool,
}

/// True when the file declares this module, in whatever way.
pub(super) fn is_declared(source: &Source<'_>, name: &str) -> bool {
    source.file.items.iter().any(|item| matches!(item, syn::Item::Mod(item) if item.ident.unraw() == name))
}

/// Puts the line in, in order among its like: by bytes, as rustfmt has it.
pub(super) fn add(source: &Source<'_>, keywords: &str, name: &str) -> Vec<Splice> {
    if is_declared(source, name) {
        return Vec::new();
    }
    let lines = lines(source);
    let groups: Vec<&[Line]> = groups(source, &lines).into_iter().filter(|group| !is_conditional(group)).collect();
    let is_public = keywords.starts_with("pub");
    let alike: Vec<&[Line]> =
        groups.iter().copied().filter(|group| group.iter().any(|line| line.is_public == is_public)).collect();
    let groups = if alike.is_empty() { groups } else { alike };
    let smaller = |line: &&Line| line.name.as_str() < name;
    let declared = format!("{keywords} {name};");
    vec![match (groups.iter().flat_map(|group| group.iter()).rfind(smaller), groups.first()) {
        (Some(line), _) => after(source, line.item, &declared),
        (None, Some(group)) => before(source, group[0].item, &declared),
        (None, None) => alone(source, &declared),
    }]
}

/// Takes the line out, and the empty line that was put behind it if there was no other.
pub(super) fn remove(source: &Source<'_>, name: &str) -> Vec<Splice> {
    let lines = lines(source);
    let is_last = !lines.iter().any(|line| line.name != name && !line.is_conditional);
    let declared =
        source.file.items.iter().filter(
            |item| matches!(item, syn::Item::Mod(item) if item.content.is_none() && item.ident.unraw() == name),
        );
    let removals = declared.map(|item| {
        let range = range(item);
        let Some(mut line) = whole_lines(source.text, &range) else { return Splice::remove(range) };
        if is_last && is_blank_line(source.text, line.end) {
            line.end += source.text[line.end..].find('\n').map_or(0, |end| end + 1);
        }
        Splice::remove(line)
    });
    removals.collect()
}

fn lines(source: &Source<'_>) -> Vec<Line> {
    let items = source.file.items.iter().enumerate().filter_map(|(item, found)| match found {
        syn::Item::Mod(found) if found.content.is_none() && !is_out_of_order(&found.attrs) => Some((item, found)),
        _ => None,
    });
    let lines = items.map(|(item, found)| Line {
        item,
        name: found.ident.unraw().to_string(),
        range: range(found),
        is_public: matches!(found.vis, syn::Visibility::Public(_)),
        is_conditional: found.attrs.iter().any(|attribute| attribute.path().is_ident("cfg")),
    });
    lines.collect()
}

/// True for attributes with which rustfmt leaves a `mod` where it is.
fn is_out_of_order(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let path = attribute.path();
        path.is_ident("macro_use") || path.segments.first().is_some_and(|segment| segment.ident == "rustfmt")
    })
}

/// The lines that follow each other without an empty line or a comment between them.
fn groups<'a>(source: &Source<'_>, lines: &'a [Line]) -> Vec<&'a [Line]> {
    let together = |before: &Line, after: &Line| {
        let between = source.text.get(before.range.end..after.range.start).unwrap_or("");
        after.item == before.item + 1 && between.matches('\n').count() <= 1
    };
    lines.chunk_by(together).collect()
}

fn is_conditional(group: &[Line]) -> bool {
    group.iter().all(|line| line.is_conditional)
}

/// Behind an item, on the first line that is free: more items may follow on the same one.
fn after(source: &Source<'_>, item: usize, declared: &str) -> Splice {
    let items = &source.file.items;
    let gaps = (item..items.len()).map(|item| {
        let end = items.get(item + 1).map_or(source.text.len(), |next| range(next).start);
        range(&items[item]).end..end
    });
    let start = gaps.filter_map(|gap| line_starts(source.text, gap).first().copied()).next();
    match start {
        Some(start) => {
            let ending = line_ending(source.text, start);
            Splice::insert(start, format!("{declared}{ending}"))
        }
        None => {
            let ending = line_ending(source.text, source.text.len());
            Splice::insert(source.text.len(), format!("{ending}{declared}"))
        }
    }
}

/// In front of an item, behind the comments above it.
fn before(source: &Source<'_>, item: usize, declared: &str) -> Splice {
    match starts_before(source, item).last() {
        Some(&start) => Splice::insert(start, format!("{declared}{}", line_ending(source.text, start))),
        None => after(source, item, declared),
    }
}

/// In front of all items, with an empty line behind.
fn alone(source: &Source<'_>, declared: &str) -> Splice {
    let starts = starts_before(source, 0);
    match after_last_blank_line(source.text, &starts).or(starts.last().copied()) {
        Some(start) => {
            let ending = line_ending(source.text, start);
            Splice::insert(start, format!("{declared}{ending}{ending}"))
        }
        None => after(source, 0, declared),
    }
}

/// Where lines begin between an item and what is before it.
fn starts_before(source: &Source<'_>, item: usize) -> Vec<usize> {
    let items = &source.file.items;
    let end = items.get(item).map_or(source.text.len(), |item| range(item).start);
    let begin = match item.checked_sub(1).and_then(|before| items.get(before)) {
        Some(before) => range(before).end,
        None => source.body_start(),
    };
    let at_start = (begin == 0).then_some(begin);
    at_start.into_iter().chain(line_starts(source.text, begin..end)).collect()
}
