//! What somebody probably meant.

/// The known name that has the fewest letters other than `typed`: at most one in three, two swapped ones counted once.
pub(crate) fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let distances = known.into_iter().map(|name| (strsim::damerau_levenshtein(typed, name), name));
    let close = distances.filter(|(distance, name)| *distance <= typed.len().max(name.len()) / 3);
    close.min_by_key(|(distance, _)| *distance).map(|(_, name)| name)
}
