//! What can go wrong: an error says what, which exit code it asks for, and what to type next.

use std::fmt::Display;
use std::io;
use std::path::Path;

/// An error that a person can act on.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    message: String,
    hint: Option<String>,
    code: u8,
    #[source]
    source: Option<io::Error>,
}

impl Error {
    /// An error with this message and exit code 1.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None, code: 1, source: None }
    }

    /// A failed look at, or change of, a file.
    pub fn io(doing: impl Display, path: &Path, source: io::Error) -> Self {
        let message = format!("failed to {doing} `{}`: {source}", path.display());
        Self { source: Some(source), ..Self::new(message) }
    }

    /// The person broke off at a question.
    pub(crate) fn cancelled(source: io::Error) -> Self {
        Self { source: Some(source), ..Self::new("cancelled: nothing was changed") }
    }

    /// Whether the person broke off at a question.
    pub fn is_cancelled(&self) -> bool {
        self.source.as_ref().is_some_and(|source| source.kind() == io::ErrorKind::Interrupted)
    }

    /// The same error with the line that says what to do next.
    #[must_use]
    pub fn with_hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// The same error with another exit code: 2 usage, 3 a question that could not be asked.
    #[must_use]
    pub fn with_code(self, code: u8) -> Self {
        Self { code, ..self }
    }

    /// What to do next, without `hint:`.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// The exit code it asks for.
    pub fn code(&self) -> u8 {
        self.code
    }
}
