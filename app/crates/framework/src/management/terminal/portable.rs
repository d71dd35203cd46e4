//! Questions as any system can ask them: what is typed is shown, and Ctrl-C ends the process.

use std::io;

use super::{Echo, read_line};

/// Nothing was changed.
pub(crate) fn restore() {}

/// Nothing will be restored.
#[cfg(feature = "shell")]
pub(crate) fn keep() {}

/// How wide the terminal is, is not known.
#[cfg(feature = "shell")]
pub(crate) fn width() -> Option<usize> {
    None
}

/// Signals do what they always do.
#[cfg(feature = "shell")]
pub(crate) struct Holding;

#[cfg(feature = "shell")]
impl Holding {
    /// Nothing is held.
    #[allow(clippy::unnecessary_wraps, reason = "the other systems need it")]
    pub(crate) fn begin() -> io::Result<Self> {
        Ok(Self)
    }
}

/// Reads a line from standard input; `None` at its end. A secret is refused: it would be shown.
pub(in crate::management) fn line(echo: Echo, _: &mut Vec<u8>, prompt: impl FnOnce()) -> io::Result<Option<String>> {
    if echo == Echo::Off {
        return Err(io::Error::new(io::ErrorKind::Unsupported, "what is typed cannot be hidden on this system"));
    }
    prompt();
    read_line(&mut io::stdin().lock())
}
