//! The words that a shell hands over: those before the cursor, and the one that it is in.

use std::ffi::OsString;

use super::Shell;

/// What was typed after `xtask`, up to the cursor.
#[derive(Debug)]
pub(super) struct Words {
    /// The words that are finished.
    pub(super) before: Vec<String>,
    /// The word at the cursor, perhaps empty.
    pub(super) current: String,
    /// The quote that is open in it.
    pub(super) quote: Option<char>,
}

impl Words {
    /// Reads what the script of `shell` hands over. bash gives words as they stand on the line, the others without
    /// quotes.
    pub(super) fn read(shell: Shell, words: &[OsString]) -> Self {
        let plain = |word: &OsString| {
            let word = word.to_string_lossy();
            if shell == Shell::Bash { unquote(&word) } else { (word.into_owned(), None) }
        };
        let mut words: Vec<(String, Option<char>)> = words.iter().map(plain).collect();
        let (current, quote) = words.pop().unwrap_or_default();
        Self { before: words.into_iter().map(|(word, _)| word).collect(), current, quote }
    }
}

/// The word without its quotes and backslashes, and the quote that is still open at its end.
fn unquote(word: &str) -> (String, Option<char>) {
    let (mut text, mut quote) = (String::new(), None);
    let mut letters = word.chars();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (None, '\'' | '"') => quote = Some(letter),
            (Some(open), _) if letter == open => quote = None,
            (None | Some('"'), '\\') => text.extend(letters.next()),
            _ => text.push(letter),
        }
    }
    (text, quote)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_backslashes_are_taken_off() {
        for (word, text, quote) in [
            ("migrate", "migrate", None),
            ("\"mig", "mig", Some('"')),
            ("'a b", "a b", Some('\'')),
            (r"a\ b", "a b", None),
            (r#"--name='it'"s"#, "--name=its", Some('"')),
            (r"'a\b'", r"a\b", None),
            ("", "", None),
            ("\\", "", None),
        ] {
            assert_eq!(unquote(word), (text.to_owned(), quote), "{word}");
        }
    }
}
