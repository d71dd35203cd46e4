//! Names as people type them, and what names say.

/// The known names that `typed` is probably a slip of: those with the fewest wrong letters (at most one in three,
/// where two swapped neighbours are one), else those that it is the beginning of. Case, `-` and `_` do not matter.
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
    names.dedup_by(|a, b| crate::same_name(a, b));
    names
}

fn fold(name: &str) -> String {
    name.to_lowercase().replace('-', "_")
}

/// The tasks of `cargo xtask` that stand in front of no command of their name: a command of a module that had it could never
/// be called.
pub const TASKS: &[&str] = &[
    "dev",
    "prod",
    "restart-prod",
    "stop-prod",
    "status",
    "logs",
    "systemd-unit",
    "dockerfile",
    "clear-artifacts",
    "clear-pycache",
    "celery-worker",
    "celery-beat",
    "test",
    "tidy",
    "bench",
    "completions",
    "man",
    "codegen",
];

/// True when a column of this name probably holds what nobody should see in a list.
pub fn sounds_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    let holds = |part: &&str| name.contains(*part);
    let is_word = |part: &&str| name.split('_').any(|word| word == *part);
    // The short ones are in other words too: `codename`, `shipping`.
    ["password", "secret", "token", "key", "hash"].iter().any(holds)
        || ["code", "otp", "pin", "salt"].iter().any(is_word)
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
            ("Migrate", &["migrate"]),
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

    #[test]
    fn secrets_are_told_by_their_names() {
        for name in ["password", "password_hash", "api_key", "Token", "reset_code", "pin", "otp", "salt"] {
            assert!(sounds_secret(name), "{name}");
        }
        for name in ["title", "codename", "postcode", "shipping", "opinion", "email"] {
            assert!(!sounds_secret(name), "{name}");
        }
    }
}
