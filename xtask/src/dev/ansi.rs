//! Escape sequences: which streams get colours, and what is in a text that has some.

use std::borrow::Cow;
use std::ffi::OsStr;

use crate::environment::Variables;

/// What was asked for on the command line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Colour {
    /// Nothing: terminals get colours, unless the environment says no.
    #[default]
    Auto,
    /// `--force-color`
    Always,
    /// `--no-color`
    Never,
}

impl Colour {
    /// Whether a stream gets colours.
    pub fn of(self, stream: Target, variables: &Variables) -> bool {
        let refused = variables.get(OsStr::new("NO_COLOR")).is_some_and(|value| !value.is_empty());
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => stream == Target::Terminal && !refused && !is_dumb(variables),
        }
    }
}

/// What is behind a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A person.
    Terminal,
    /// A file, a pipe.
    Other,
}

/// Whether the terminal understands no escape sequences.
pub fn is_dumb(variables: &Variables) -> bool {
    variables.get(OsStr::new("TERM")).is_some_and(|terminal| terminal == "dumb")
}

/// A piece of what a program writes for a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Text, with all control characters in it but the escape.
    Text(&'a str),
    /// The parameters of "select graphic rendition", by which colours change.
    Rendition(&'a str),
}

/// The pieces of a text, without its other escape sequences.
pub fn pieces(mut text: &str) -> impl Iterator<Item = Piece<'_>> {
    std::iter::from_fn(move || {
        loop {
            let Some(sequence) = text.strip_prefix('\x1b') else {
                let (before, rest) = text.split_at(text.find('\x1b').unwrap_or(text.len()));
                text = rest;
                return (!before.is_empty()).then_some(Piece::Text(before));
            };
            text = match sequence.chars().next() {
                Some('[') => {
                    let sequence = &sequence[1..];
                    let is_parameter = |letter: char| (' '..='?').contains(&letter);
                    let end = sequence.find(|letter| !is_parameter(letter)).unwrap_or(sequence.len());
                    let (parameters, rest) = sequence.split_at(end);
                    if let Some(rest) = rest.strip_prefix('m') {
                        text = rest;
                        return Some(Piece::Rendition(parameters));
                    }
                    // A sequence that is broken off ends before the first letter that cannot belong to it.
                    rest.strip_prefix(|letter| ('@'..='~').contains(&letter)).unwrap_or(rest)
                }
                Some(']' | 'P' | 'X' | '^' | '_') => after_string(&sequence[1..]),
                _ => sequence.strip_prefix(|letter: char| !letter.is_control()).unwrap_or(sequence),
            };
        }
    })
}

/// What comes after a string (a title, a link). It ends with BEL or ESC \, and, broken off, with the line or before the
/// next sequence.
fn after_string(text: &str) -> &str {
    let rest = text.find(['\n', '\x07', '\x1b']).map_or("", |end| &text[end..]);
    rest.strip_prefix('\x07').or_else(|| rest.strip_prefix("\x1b\\")).unwrap_or(rest)
}

/// The text without escape sequences.
pub fn strip(text: &str) -> Cow<'_, str> {
    if !text.contains('\x1b') {
        return Cow::Borrowed(text);
    }
    let texts = pieces(text).filter_map(|piece| match piece {
        Piece::Text(text) => Some(text),
        Piece::Rendition(_) => None,
    });
    Cow::Owned(texts.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_text_is_left() {
        for (text, expected) in [
            ("plain", "plain"),
            ("\x1b[1m\x1b[38;5;9merror\x1b[0m: x", "error: x"),
            ("\x1b]8;;http://a/\x1b\\link\x1b]8;;\x07!", "link!"),
            ("a\x1b", "a"),
            ("a\x1b[", "a"),
            ("a\x1b(Bb", "aBb"),
            ("a\x1b[31<bc\x1b", "ac"),
            ("a\x1b[31é\x1b[2Kb", "aéb"),
            ("a\x1b\nb\x1b\x1b[1mc", "a\nbc"),
            ("a\x1b]never ended\nb", "a\nb"),
            ("a\x1b]8;;x\x1b[1mb\x1bPq\x1b\\c\x1b_d\x07e", "abce"),
        ] {
            assert_eq!(strip(text), expected, "{text:?}");
        }
    }

    #[test]
    fn the_command_line_comes_before_the_environment_and_that_before_the_terminal() {
        let with = |pairs: &[(&str, &str)]| -> Variables {
            pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
        };
        let (none, no, dumb) = (with(&[("NO_COLOR", "")]), with(&[("NO_COLOR", "1")]), with(&[("TERM", "dumb")]));
        assert!(Colour::Auto.of(Target::Terminal, &none) && !Colour::Auto.of(Target::Other, &none));
        assert!(!Colour::Auto.of(Target::Terminal, &no) && !Colour::Auto.of(Target::Terminal, &dumb));
        assert!(Colour::Always.of(Target::Other, &no) && !Colour::Never.of(Target::Terminal, &none));
    }
}
