//! What a word can become.

/// One word that can stand where the cursor is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// The word.
    pub(crate) value: String,
    /// What it is for, in one line; may be empty.
    pub(crate) about: String,
}

impl Candidate {
    /// A candidate with a text, of which the first line is shown.
    pub(super) fn new(value: impl Into<String>, about: impl AsRef<str>) -> Self {
        let about = about.as_ref().lines().next().unwrap_or_default();
        Self { value: value.into(), about: about.trim().to_owned() }
    }

    /// A candidate that says all by itself.
    pub(super) fn plain(value: impl Into<String>) -> Self {
        Self { value: value.into(), about: String::new() }
    }
}

/// What an xtask answers.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// These words. Empty: nothing is known.
    Words(Vec<Candidate>),
    /// The shell knows: names of files.
    Files,
    /// The shell knows: names of directories.
    Directories,
}

impl Answer {
    pub(super) const NOTHING: Self = Self::Words(Vec::new());
}
