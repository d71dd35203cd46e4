//! `CommandError`: the way for a command to say that something went wrong.

use std::fmt;

/// An error that a person can act on. It is shown as one line on stderr; any other error shows its whole chain.
#[derive(Debug)]
pub struct CommandError {
    message: String,
    code: u8,
    label: &'static str,
    source: Option<anyhow::Error>,
}

impl CommandError {
    /// An error with this message and exit code 1.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: 1, label: "CommandError: ", source: None }
    }

    /// The same error with another exit code; an error never ends with 0.
    pub fn code(mut self, code: u8) -> Self {
        self.code = code.max(1);
        self
    }

    /// The same error with its cause, which `--traceback` shows.
    pub fn source(mut self, source: impl Into<anyhow::Error>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// An error whose message already begins with a label of its own.
    pub(crate) fn unlabelled(message: impl Into<String>) -> Self {
        Self { label: "", ..Self::new(message) }
    }

    /// Exit code 1 without a word: what there is to say has been said.
    pub fn silent() -> Self {
        Self::unlabelled("")
    }

    /// The exit code it asks for.
    pub fn returncode(&self) -> u8 {
        self.code
    }

    /// What stands before the message on stderr; nothing for a report that has its own heading and colours.
    pub(super) fn label(&self) -> &'static str {
        self.label
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for CommandError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| &**source as &(dyn std::error::Error + 'static))
    }
}

/// Ctrl-C ended the command: exit code 130, and nothing to say.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("interrupted")]
pub struct Interrupted;

/// A question got Ctrl-C or the end of the input for an answer: exit code 1, and "Cancelled." on stderr.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("Cancelled.")]
pub struct Cancelled;
