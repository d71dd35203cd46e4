//! Changes of a text at offsets, so that whatever is not named stays as it is.

use std::ops::Range;

/// A range that is replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Splice {
    range: Range<usize>,
    text: String,
}

impl Splice {
    /// Puts something in.
    pub(crate) fn insert(at: usize, text: String) -> Self {
        Self { range: at..at, text }
    }

    /// Takes something out.
    pub(crate) fn remove(range: Range<usize>) -> Self {
        Self { range, text: String::new() }
    }

    /// Puts something in the place of something else.
    pub(crate) fn replace(range: Range<usize>, text: String) -> Self {
        Self { range, text }
    }
}

/// The text with these changes, whose offsets are those of the text as it was; they do not overlap.
pub(crate) fn splice(text: &str, mut splices: Vec<Splice>) -> String {
    splices.sort_by_key(|splice| splice.range.start);
    let mut changed = text.to_owned();
    for splice in splices.into_iter().rev() {
        changed.replace_range(splice.range, &splice.text);
    }
    changed
}
