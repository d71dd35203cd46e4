//! Whether code is complete, as far as brackets, texts and comments tell.

use std::iter::Peekable;
use std::str::Chars;

/// Whether the code goes on in the next line: a bracket, a text between backticks or a comment is open.
pub(super) fn is_open(code: &str) -> bool {
    let mut depth = 0_i32;
    let mut letters = code.chars().peekable();
    while let Some(letter) = letters.next() {
        let is_closed = match (letter, letters.peek()) {
            ('"' | '\'', _) => {
                skip_text(&mut letters, letter);
                true
            }
            ('`', _) => letters.any(|inner| inner == '`'),
            ('/', Some('/')) => {
                letters.find(|inner| *inner == '\n');
                true
            }
            ('/', Some('*')) => {
                letters.next();
                skip_comment(&mut letters)
            }
            _ => true,
        };
        if !is_closed {
            return true;
        }
        match letter {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
    }
    depth > 0
}

/// Goes behind a text in quotes, which ends with its line at the latest.
fn skip_text(letters: &mut Peekable<Chars<'_>>, quote: char) {
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => drop(letters.next()),
            letter if letter == quote || letter == '\n' => return,
            _ => {}
        }
    }
}

/// Goes behind a comment; false when it has no end.
fn skip_comment(letters: &mut Peekable<Chars<'_>>) -> bool {
    let mut last = ' ';
    letters.any(|letter| std::mem::replace(&mut last, letter) == '*' && letter == '/')
}

#[cfg(test)]
mod tests {
    use super::is_open;

    #[test]
    fn brackets_texts_and_comments_keep_code_open() {
        for open in ["User.filter(#{", "fn f() {", "[1,", "`a", "/* a", "f(\")\"", "f(/* ) */"] {
            assert!(is_open(open), "{open}");
        }
        for closed in ["User.all()", "\"(\"", "'('", "\"(", "// (", "/* ( */ 1", "`(`", "\"\\\"(\"", ")", "6 / 2", ""] {
            assert!(!is_open(closed), "{closed}");
        }
    }
}
