//! Names as people type them: spellings, near misses, signals.

/// A name with `_` for `-`, which are equal everywhere.
pub fn fold(name: &str) -> String {
    name.replace('-', "_")
}

/// The known names that `typed` is probably a slip of: those with the fewest wrong letters (at most one in three,
/// where two swapped neighbours are one), else those that it is the beginning of.
pub fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let typed = fold(typed);
    let length = typed.chars().count();
    let mut close: Vec<(usize, &str)> = Vec::new();
    for name in known {
        let folded = fold(name);
        let allowed = length.max(folded.chars().count()) / 3;
        let distance = strsim::damerau_levenshtein(&typed, &folded);
        if length >= 3 && folded.starts_with(&typed) {
            close.push((distance.min(allowed.max(1)), name));
        } else if distance <= allowed {
            close.push((distance, name));
        }
    }
    let best = close.iter().map(|(distance, _)| *distance).min();
    let mut names: Vec<&str> =
        close.into_iter().filter(|(distance, _)| Some(*distance) == best).map(|(_, name)| name).collect();
    names.sort_unstable();
    names.dedup_by(|a, b| cli::same_name(a, b));
    names
}

/// A signal's name for messages.
pub fn signal(number: i32) -> String {
    crate::system::signal_name(number).map_or_else(|| format!("signal {number}"), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[&str] = &["migrate", "makemigrations", "showmigrations", "dev", "test", "beat", "clear-cache"];

    #[test]
    fn slips_find_their_name_and_nonsense_finds_none() {
        let cases: &[(&str, &[&str])] = &[
            ("migarte", &["migrate"]),
            ("migrat", &["migrate"]),
            ("show", &["showmigrations"]),
            ("dve", &["dev"]),
            ("tset", &["test"]),
            ("clear_cash", &["clear-cache"]),
            ("makemigration", &["makemigrations"]),
            ("zzzzzz", &[]),
            ("x", &[]),
            ("", &[]),
            ("send-mailing", &[]),
        ];
        for (typed, expected) in cases {
            assert_eq!(nearest(typed, KNOWN.iter().copied()), *expected, "{typed}");
        }
    }
}
