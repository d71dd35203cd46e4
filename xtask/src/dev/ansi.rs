//! Escape sequences: which streams get colours, and text without any.

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

/// The text without escape sequences.
pub fn strip(text: &str) -> Cow<'_, str> {
    if !text.contains('\x1b') {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter != '\x1b' {
            plain.push(letter);
            continue;
        }
        match letters.next() {
            // CSI: up to a letter or the like.
            Some('[') => drop(letters.find(|letter| ('@'..='~').contains(letter))),
            // OSC (hyperlinks, titles): up to BEL or ESC \.
            Some(']') => {
                let end = letters.find(|letter| matches!(letter, '\x07' | '\x1b'));
                if end == Some('\x1b') {
                    letters.next();
                }
            }
            _ => {}
        }
    }
    Cow::Owned(plain)
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
