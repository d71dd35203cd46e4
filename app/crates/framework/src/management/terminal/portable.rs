//! Questions as any system can ask them: what is typed is shown, and Ctrl-C ends the process.

use std::io;

use super::{Echo, read_line};

/// Nothing was changed.
pub(in crate::management) fn restore() {}

/// Reads a line from standard input; `None` at its end. A secret is refused: it would be shown.
pub(in crate::management) fn line(echo: Echo, _: &mut Vec<u8>, prompt: impl FnOnce()) -> io::Result<Option<String>> {
    if echo == Echo::Off {
        return Err(io::Error::new(io::ErrorKind::Unsupported, "what is typed cannot be hidden on this system"));
    }
    prompt();
    read_line(&mut io::stdin().lock())
}
