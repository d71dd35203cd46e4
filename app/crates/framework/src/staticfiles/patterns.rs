//! Patterns of names that are left out, as shells and Django have them.

/// Several patterns: `*` is anything (also `/`), `?` one character, `[abc]` and `[!abc]` one of some.
#[derive(Clone, Debug, Default)]
pub struct Patterns(Vec<Vec<char>>);

impl Patterns {
    /// These patterns.
    pub fn new<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Self {
        Self(patterns.into_iter().map(|pattern| pattern.chars().collect()).collect())
    }

    /// Whether one of them matches the whole text.
    pub fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        self.0.iter().any(|pattern| matches(pattern, &text))
    }
}

fn matches(pattern: &[char], text: &[char]) -> bool {
    let (mut at, mut in_text) = (0, 0);
    // The last `*`, and how much of the text it stands for.
    let mut star: Option<(usize, usize)> = None;
    while in_text < text.len() {
        if pattern.get(at) == Some(&'*') {
            star = Some((at, in_text));
            at += 1;
        } else if let Some(length) = one(&pattern[at..], text[in_text]) {
            at += length;
            in_text += 1;
        } else if let Some((star_at, used)) = &mut star {
            *used += 1;
            (at, in_text) = (*star_at + 1, *used);
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|letter| *letter == '*')
}

/// How much of the pattern stands for this character; none when it does not match.
fn one(pattern: &[char], letter: char) -> Option<usize> {
    match pattern.first()? {
        '?' => Some(1),
        '[' => match class(pattern) {
            Some(end) => is_in(&pattern[1..end], letter).then_some(end + 1),
            None => (letter == '[').then_some(1),
        },
        plain => (*plain == letter).then_some(1),
    }
}

/// Where the `]` is that closes the class; the first character in it may be one too.
fn class(pattern: &[char]) -> Option<usize> {
    let negated = usize::from(pattern.get(1) == Some(&'!'));
    let first = 2 + negated;
    pattern.get(first..)?.iter().position(|letter| *letter == ']').map(|length| first + length)
}

fn is_in(class: &[char], letter: char) -> bool {
    let (negated, mut rest) = match class {
        ['!', rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    let mut found = false;
    while let Some(first) = rest.first() {
        if let ['-', last, ..] = rest[1..] {
            found |= (*first..=last).contains(&letter);
            rest = &rest[3..];
        } else {
            found |= *first == letter;
            rest = &rest[1..];
        }
    }
    found != negated
}

#[cfg(test)]
mod tests {
    use super::Patterns;

    #[test]
    fn patterns_match_as_in_shells() {
        for (pattern, text, expected) in [
            ("*.ignoreme", "test.ignoreme", true),
            ("*.ignoreme", "test.ignoreme.txt", false),
            (".*", ".hidden", true),
            (".*", "shown", false),
            ("*~", "backup~", true),
            ("CVS", "cvs", false),
            ("*/vendor/*.js", "js/vendor/deep/a.js", true),
            ("*/vendor/*.js", "vendor/a.js", false),
            ("a?c", "aéc", true),
            ("[ab]*[!0-9]", "bx", true),
            ("[ab]*[!0-9]", "b1", false),
            ("[]]", "]", true),
            ("[", "[", true),
            ("", "", true),
            ("**", "", true),
            ("a*b*c", "aXbXbXc", true),
        ] {
            assert_eq!(Patterns::new([pattern]).matches(text), expected, "{pattern} {text}");
        }
    }
}
