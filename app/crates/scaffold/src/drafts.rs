//! The files of a change while it is planned: new ones, and those of the tree with other texts.

use std::path::Path;

use crate::change::{Change, Edit};
use crate::tree::Tree;
use crate::{Error, Result};

/// Collects the edits of a change, each file once.
pub(crate) struct Drafts<'a> {
    tree: &'a Tree,
    edits: Vec<Edit>,
}

impl<'a> Drafts<'a> {
    /// No edits yet.
    pub(crate) fn new(tree: &'a Tree) -> Self {
        Self { tree, edits: Vec::new() }
    }

    /// The text of a file as it will be.
    pub(crate) fn text(&self, path: &Path) -> Result<Option<String>> {
        match self.edits.iter().find(|edit| edit.path == path) {
            Some(edit) => Ok(edit.after.clone()),
            None => self.tree.read(path),
        }
    }

    /// A file that is new to the change; what the tree has in its place is a conflict.
    pub(crate) fn create(&mut self, edit: Edit) {
        self.edits.push(edit);
    }

    /// Changes the text of a file that is there or will be.
    pub(crate) fn modify(&mut self, path: &Path, change: impl Fn(&str) -> Result<String>) -> Result<()> {
        if let Some(edit) = self.edits.iter_mut().find(|edit| edit.path == path) {
            edit.after = edit.after.as_deref().map(change).transpose()?;
            return Ok(());
        }
        let Some(before) = self.tree.read(path)? else {
            return Err(Error::new(format!("there is no `{}`", path.display())));
        };
        let after = change(&before)?;
        if after != before {
            self.edits.push(Edit { path: path.to_owned(), before: Some(before), after: Some(after) });
        }
        Ok(())
    }

    /// Removes a file.
    pub(crate) fn remove(&mut self, path: &Path) -> Result<()> {
        self.edits.retain(|edit| edit.path != path);
        if let before @ Some(_) = self.tree.read(path)? {
            self.edits.push(Edit { path: path.to_owned(), before, after: None });
        }
        Ok(())
    }

    /// The change of this title.
    pub(crate) fn finish(self, title: impl Into<String>) -> Change {
        Change { title: title.into(), edits: self.edits }
    }
}
