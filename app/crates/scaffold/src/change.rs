//! A planned change: files with their text before and after. Nothing is written yet.

use std::path::PathBuf;

/// What a command is about to do to the sources.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// What was typed, for the journal and for messages (`add-module cms adp roles`).
    pub title: String,
    /// The files, each once, parents' registrations included, in the order in which they are shown.
    pub edits: Vec<Edit>,
}

/// What happens to one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The file, relative to the project's root, with `/`.
    pub path: PathBuf,
    /// Its text as the plan saw it; nothing when it is not there.
    pub before: Option<String>,
    /// Its text afterwards; nothing when it is to be gone.
    pub after: Option<String>,
}
