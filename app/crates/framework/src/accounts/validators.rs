//! What is wrong with a password that somebody chose, with Django's validators and texts.

use std::collections::HashMap;

/// The shortest password, in characters.
const SHORTEST: usize = 8;

/// From here on two texts are the same to a guesser.
const SIMILAR: f64 = 0.7;

/// Passwords that everybody tries first, in lower case, one a line. Composed for this project from what is known of such
/// lists in general: digit runs, keyboard walks, common words and names, each with the endings that people add.
const COMMON: &str = include_str!("common_passwords.txt");

/// What is known of the person whose password it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Person<'a> {
    /// The unique name.
    pub username: &'a str,
    /// The first name.
    pub first_name: &'a str,
    /// The last name.
    pub last_name: &'a str,
    /// The email.
    pub email: &'a str,
}

/// Why a password is weak, one text for each reason; nothing when it is not.
pub fn weaknesses(password: &str, person: &Person<'_>) -> Vec<String> {
    let similar = similar_to(password, person).map(|name| format!("The password is too similar to the {name}."));
    let short = (password.chars().count() < SHORTEST)
        .then(|| format!("This password is too short. It must contain at least {SHORTEST} characters."));
    let common = is_common(password).then(|| "This password is too common.".to_owned());
    let digits = !password.is_empty() && password.chars().all(char::is_numeric);
    let numeric = digits.then(|| "This password is entirely numeric.".to_owned());
    [similar, short, common, numeric].into_iter().flatten().collect()
}

fn is_common(password: &str) -> bool {
    let password = password.trim().to_lowercase();
    COMMON.lines().any(|known| known == password)
}

/// What of the person the password is like.
fn similar_to(password: &str, person: &Person<'_>) -> Option<&'static str> {
    let password = password.to_lowercase();
    let known = [
        ("username", person.username),
        ("first name", person.first_name),
        ("last name", person.last_name),
        ("email", person.email),
    ];
    known.into_iter().find(|(_, value)| is_like(&password, &value.to_lowercase())).map(|(name, _)| name)
}

/// Whether the password is like the value, or like a word of it.
fn is_like(password: &str, value: &str) -> bool {
    let words = value.split(|letter: char| !(letter.is_alphanumeric() || letter == '_'));
    words.chain([value]).any(|part| !is_far_longer(password, part) && similarity(password, part) >= SIMILAR)
}

/// A long password that holds a short word is not like that word.
fn is_far_longer(password: &str, part: &str) -> bool {
    let (password, part) = (password.chars().count(), part.chars().count());
    password >= 10 * part && (part as f64) < SIMILAR / 2.0 * password as f64
}

/// How many letters two texts have in common, whatever their order: 0 (none) to 1 (all).
fn similarity(left: &str, right: &str) -> f64 {
    let mut free: HashMap<char, usize> = HashMap::new();
    right.chars().for_each(|letter| *free.entry(letter).or_default() += 1);
    let shared = left.chars().filter(|letter| match free.get_mut(letter) {
        Some(count) if *count > 0 => {
            *count -= 1;
            true
        }
        _ => false,
    });
    let (shared, total) = (shared.count(), left.chars().count() + right.chars().count());
    if total == 0 { 0.0 } else { 2.0 * shared as f64 / total as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: &str = "This password is too short. It must contain at least 8 characters.";
    const COMMON: &str = "This password is too common.";
    const NUMERIC: &str = "This password is entirely numeric.";

    #[test]
    fn weak_passwords_are_told_why() {
        let nobody = Person::default();
        for (password, reasons) in [
            ("tr0ub4dor&3x", [].as_slice()),
            ("x7-Qp2", &[SHORT]),
            ("абвгдежз", &[]),
            ("PassWord", &[COMMON]),
            ("12345678", &[COMMON, NUMERIC]),
            ("83620475", &[NUMERIC]),
            ("123", &[SHORT, COMMON, NUMERIC]),
            ("", &[SHORT]),
        ] {
            assert_eq!(weaknesses(password, &nobody), reasons, "{password}");
        }
    }

    #[test]
    fn passwords_like_the_person_are_refused() {
        let person = Person {
            username: "testclient",
            first_name: "Jean-Luc",
            last_name: "Picard",
            email: "jl.picard@enterprise.example",
        };
        for (password, like) in [
            ("testclient", "username"),
            ("TESTCLIENT1", "username"),
            ("jeanluc8", "first name"),
            ("picardpicard", "last name"),
            ("enterprise", "email"),
            ("jl.picard@enterprise", "email"),
        ] {
            let expected = format!("The password is too similar to the {like}.");
            let found = weaknesses(password, &person);
            let expected: &[String] = if password == "picardpicard" { &[] } else { &[expected] };
            assert_eq!(found, expected, "{password}");
        }
        assert_eq!(weaknesses("warp-factor-nine", &person), [""; 0]);
    }

    #[test]
    fn the_list_is_sorted_lower_case_and_long_enough() {
        let lines: Vec<&str> = super::COMMON.lines().collect();
        assert!(lines.len() >= 1000, "{}", lines.len());
        assert!(lines.is_sorted() && lines.windows(2).all(|pair| pair[0] != pair[1]));
        assert!(lines.iter().all(|line| line.trim().to_lowercase() == **line && !line.is_empty()));
    }
}
