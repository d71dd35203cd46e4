//! Errors with an exit code and a hint, and how every error is shown.

use std::fmt;

use crate::output;

/// An error that knows its exit code and what to type next.
#[derive(Debug)]
pub struct Failure {
    code: u8,
    message: String,
    hint: Option<String>,
}

impl Failure {
    /// A failure with exit code 1.
    pub fn new(message: impl Into<String>) -> Self {
        Self { code: 1, message: message.into(), hint: None }
    }

    /// Sets the exit code.
    #[must_use]
    pub fn code(self, code: u8) -> Self {
        Self { code, ..self }
    }

    /// The line that says what to do next, if there is one.
    pub fn advice(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// Adds the line that says what to do next.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// Shows an error with its causes on stderr and gives the exit code.
pub fn report(error: &anyhow::Error) -> u8 {
    output::note(text(error));
    error.downcast_ref::<Failure>().map_or(1, |failure| failure.code)
}

/// An error with its causes, and the hint below.
pub fn text(error: &anyhow::Error) -> String {
    let hint = error.downcast_ref::<Failure>().and_then(|failure| failure.hint.as_ref());
    let hint = hint.map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
    format!("error: {error:#}{hint}")
}
