//! The order of names that rustfmt gives to `mod` lines (the style of edition 2024): numbers by value, `_` before all else.

use std::cmp::Ordering;

/// A name's part.
enum Chunk<'a> {
    Underscore,
    Word(&'a str),
    Number(&'a str),
}

fn chunks(mut name: &str) -> Vec<Chunk<'_>> {
    let mut chunks = Vec::new();
    while let Some(first) = name.chars().next() {
        let kind = |c: char| (c == '_', c.is_ascii_digit());
        let length = match first {
            '_' => 1,
            _ => name.find(|c| kind(c) != kind(first)).unwrap_or(name.len()),
        };
        let (chunk, rest) = name.split_at(length);
        chunks.push(match first {
            '_' => Chunk::Underscore,
            '0'..='9' => Chunk::Number(chunk),
            _ => Chunk::Word(chunk),
        });
        name = rest;
    }
    chunks
}

/// Compares two names.
pub(crate) fn version_order(left: &str, right: &str) -> Ordering {
    let (left, right) = (chunks(left), chunks(right));
    let mut zeros = Ordering::Equal;
    for pair in left.iter().zip(&right) {
        let order = match pair {
            (Chunk::Underscore, Chunk::Underscore) => Ordering::Equal,
            (Chunk::Underscore, _) => Ordering::Less,
            (_, Chunk::Underscore) => Ordering::Greater,
            (Chunk::Number(left), Chunk::Number(right)) => {
                let (left_value, right_value) = (left.trim_start_matches('0'), right.trim_start_matches('0'));
                // Of equal numbers, the one with more zeros before it is first, unless something else decides.
                zeros = zeros.then((right.len() - right_value.len()).cmp(&(left.len() - left_value.len())));
                left_value.len().cmp(&right_value.len()).then_with(|| left_value.cmp(right_value))
            }
            (Chunk::Word(left) | Chunk::Number(left), Chunk::Word(right) | Chunk::Number(right)) => left.cmp(right),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    left.len().cmp(&right.len()).then(zeros)
}

/// True when the names are in order.
pub(crate) fn is_sorted<'a>(names: impl IntoIterator<Item = &'a str>) -> bool {
    names.into_iter().is_sorted_by(|left, right| version_order(left, right).is_le())
}
