//! An answer in the form that the script of a shell reads: a first line that says what it is (`words`, `files`,
//! `directories`), then one word a line.

use std::ffi::OsStr;

use super::Shell;
use super::candidates::{Answer, Candidate};
use super::words::Words;
use crate::output;

/// The answer as text.
pub(super) fn text(shell: Shell, answer: Answer, words: &Words) -> String {
    let candidates = match answer {
        Answer::Files => return "files\n".to_owned(),
        Answer::Directories => return "directories\n".to_owned(),
        Answer::Words(candidates) => candidates,
    };
    let begun: Vec<&Candidate> = candidates.iter().filter(|word| word.value.starts_with(&words.current)).collect();
    let matching = match (begun.is_empty(), shell) {
        // These shells have more ways in which a word can fit, and look for themselves.
        (true, Shell::Zsh | Shell::Fish) => candidates.iter().collect(),
        _ => begun,
    };
    // The form is one word a line; nothing that people name things after is lost.
    let readable = matching.into_iter().filter(|word| !word.value.chars().any(char::is_control));
    let lines = readable.map(|word| line(shell, word, words) + "\n");
    std::iter::once("words\n".to_owned()).chain(lines).collect()
}

fn line(shell: Shell, candidate: &Candidate, words: &Words) -> String {
    let Candidate { value, about } = candidate;
    let about: String = about.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    match shell {
        Shell::Bash => match words.quote {
            None => output::quote(OsStr::new(value)),
            Some(quote) => inside(quote, value),
        },
        Shell::Zsh => {
            let value = value.replace('\\', r"\\").replace(':', r"\:");
            if about.is_empty() { value } else { format!("{value}:{about}") }
        }
        Shell::Fish | Shell::Powershell => format!("{value}\t{about}"),
    }
}

/// The value as bash reads it inside a quote that is open: values come from the database too, and none may become more
/// than a word.
fn inside(quote: char, value: &str) -> String {
    if quote == '\'' {
        return value.replace('\'', r"'\''");
    }
    let mut text = String::new();
    for letter in value.chars() {
        match letter {
            '"' | '\\' | '$' | '`' => text.extend(['\\', letter]),
            // The history is looked up inside of `"` too, where a backslash would stay.
            '!' => text.push_str("\"'!'\""),
            _ => text.push(letter),
        }
    }
    text
}
