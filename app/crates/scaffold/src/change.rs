//! A planned change: files with their text before and after. Nothing is written yet.

use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::tree::Tree;
use crate::{Error, Result};

/// What a command is about to do to the sources.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// What was typed, for the journal and for messages (`add-module cms adp`).
    pub title: String,
    /// The files, each once, parents' registrations included.
    pub edits: Vec<Edit>,
}

/// What happens to one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    /// The file, relative to the project's root, with `/`.
    pub path: PathBuf,
    /// Its text as the plan saw it; nothing when it is not there.
    pub before: Option<String>,
    /// Its text afterwards; nothing when it is to be gone.
    pub after: Option<String>,
}

/// What an edit does. Applied in this order: no source ever names a file that is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A new file.
    Create,
    /// Another text.
    Modify,
    /// The file goes.
    Remove,
}

impl Edit {
    /// A new file.
    pub fn create(path: impl Into<PathBuf>, text: impl Into<String>) -> Self {
        Self { path: path.into(), before: None, after: Some(text.into()) }
    }

    /// What it does.
    pub fn kind(&self) -> Kind {
        match (&self.before, &self.after) {
            (None, _) => Kind::Create,
            (Some(_), Some(_)) => Kind::Modify,
            (Some(_), None) => Kind::Remove,
        }
    }

    /// The same the other way round.
    pub(crate) fn reversed(&self) -> Self {
        Self { path: self.path.clone(), before: self.after.clone(), after: self.before.clone() }
    }

    /// Checks that the path stays in the project, and out of what is written at run time (which may be on another disk).
    pub(crate) fn check_path(&self) -> Result<()> {
        let mut parts = self.path.components();
        let is_below = parts.clone().count() > 0 && parts.all(|part| matches!(part, Component::Normal(_)));
        if is_below && !self.path.starts_with("var") {
            return Ok(());
        }
        Err(Error::new(format!("`{}` is no path of the project's sources", self.path.display())))
    }

    /// Checks the path, and that Rust stays Rust.
    fn check(&self) -> Result<()> {
        self.check_path()?;
        let is_rust = self.path.extension().is_some_and(|extension| extension == "rs");
        match &self.after {
            Some(text) if is_rust => parse(&self.path, text),
            _ => Ok(()),
        }
    }
}

fn parse(path: &Path, text: &str) -> Result<()> {
    syn::parse_file(text).map(drop).map_err(|error| {
        let at = error.span().start();
        let place = format!("{}:{}:{}", path.display(), at.line, at.column + 1);
        Error::new(format!("`{place}` would not be Rust any more: {error}"))
    })
}

impl Change {
    /// Checks what can be checked without the tree: paths stay in the project, and Rust that is written parses.
    ///
    /// # Errors
    /// The first edit that is not good.
    pub fn check(&self) -> Result<()> {
        self.edits.iter().try_for_each(Edit::check)
    }

    /// The same in the order in which it is shown and applied.
    pub(crate) fn sorted(mut self) -> Self {
        self.edits.sort_by(|left, right| (left.kind(), &left.path).cmp(&(right.kind(), &right.path)));
        self
    }

    /// Whether every file is still as the plan saw it.
    pub(crate) fn is_current(&self, tree: &Tree) -> Result<bool> {
        for edit in &self.edits {
            if tree.read(&edit.path)? != edit.before {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
