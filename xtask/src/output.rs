//! The only place that writes: data goes to stdout, talk to stderr.

use std::ffi::OsStr;
use std::fmt::Display;
use std::io::{self, ErrorKind, IsTerminal as _, Write};

use anyhow::Context;

/// Writes data to stdout as it is. A reader that went away (`… | head`) is not an error.
pub fn data(text: &str) -> anyhow::Result<()> {
    bytes(text.as_bytes()).map(drop)
}

/// Writes bytes to stdout as they are. False when the reader went away.
///
/// # Errors
/// When they cannot be written.
pub fn bytes(bytes: &[u8]) -> anyhow::Result<bool> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(error).context("failed to write to stdout"),
    }
}

/// Writes one line to stderr. Nobody can be told when that fails, so failing is ignored.
pub fn note(line: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Writes a question to stderr; the answer is typed behind it.
///
/// # Errors
/// When it cannot be written: then nobody can answer.
pub fn prompt(question: &str) -> io::Result<()> {
    let mut stderr = io::stderr().lock();
    stderr.write_all(question.as_bytes())?;
    stderr.flush()
}

/// Prints clap's error, or the help that was asked for, where it belongs, and gives the exit code.
///
/// # Errors
/// When the help cannot be written.
pub fn clap_error(error: &clap::Error) -> anyhow::Result<u8> {
    if error.use_stderr() {
        // As with `note`: a terminal that is gone cannot be told.
        let _ = error.print();
        return Ok(u8::try_from(error.exit_code()).unwrap_or(2));
    }
    let help = error.render();
    let text = if io::stdout().is_terminal() { help.ansi().to_string() } else { help.to_string() };
    data(&text).map(|()| 0)
}

/// A word as a person would type it into a shell. For reading only: nothing here goes through a shell.
pub fn quote(word: &OsStr) -> String {
    const PLAIN: &[u8] = b"-_./=:,@%+";
    let bytes = word.as_encoded_bytes();
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || PLAIN.contains(byte);
    if !bytes.is_empty() && bytes.iter().all(plain) {
        return String::from_utf8_lossy(bytes).into_owned();
    }
    match word.to_str() {
        Some(text) if !text.chars().any(char::is_control) => format!("'{}'", text.replace('\'', r"'\''")),
        _ => {
            let escaped: String = bytes.iter().flat_map(|byte| byte.escape_ascii()).map(char::from).collect();
            format!("$'{escaped}'")
        }
    }
}

/// Several words, each quoted, with spaces between.
pub fn quote_all<'a>(words: impl IntoIterator<Item = &'a OsStr>) -> String {
    words.into_iter().map(quote).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_only_where_a_shell_would_need_it() {
        let cases: &[(&[u8], &str)] = &[
            (b"--noinput", "--noinput"),
            (b"", "''"),
            (b"a b", "'a b'"),
            (b"it's", r"'it'\''s'"),
            (b"$(x)", "'$(x)'"),
            (b"a\nb", r"$'a\nb'"),
            (b"\xff", r"$'\xff'"),
        ];
        for (word, expected) in cases {
            assert_eq!(quote(&crate::system::os_string(word.to_vec())), *expected);
        }
    }
}
