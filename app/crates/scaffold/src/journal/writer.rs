//! Writing one file so that a reader sees the old text or the new one, and making or removing the directories for it.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::files::Files;
use crate::change::Edit;
use crate::tree::Tree;
use crate::{Error, Result};

/// Writes in the project's tree.
pub(super) struct Writer<'a> {
    pub(super) tree: &'a Tree,
    pub(super) files: &'a mut dyn Files,
}

impl Writer<'_> {
    /// Does what an edit says.
    pub(super) fn put(&mut self, edit: &Edit) -> Result<()> {
        match &edit.after {
            Some(text) => self.replace(&edit.path, text),
            None => self.remove(&edit.path),
        }
    }

    /// Puts a text in the place of a file's, or makes the file, with the directories that it needs.
    pub(super) fn replace(&mut self, path: &Path, text: &str) -> Result<()> {
        let failed = |error| Error::io("write", path, error);
        let place = self.make_directory_of(path)?;
        let draft = draft(&place);
        self.files.write(&draft, text, &place).map_err(failed)?;
        self.files.rename(&draft, &place).map_err(failed)?;
        self.files.sync_dir(directory(&place)).map_err(failed)
    }

    /// Renames a file of the journal, which ends a change.
    pub(super) fn rename(&mut self, from: &Path, to: &Path) -> Result<()> {
        let place = self.make_directory_of(to)?;
        self.files.rename(&self.tree.locate(from)?, &place).map_err(|error| Error::io("write", to, error))?;
        // It is done. That it may not outlive a loss of power is no reason to take everything back.
        let _ = self.files.sync_dir(directory(&place));
        Ok(())
    }

    /// Removes a file, and the directories that are empty without it.
    pub(super) fn remove(&mut self, path: &Path) -> Result<()> {
        let failed = |error| Error::io("remove", path, error);
        // A link is removed itself, not what it leads to.
        let place = self.tree.root().join(path);
        self.files.remove_file(&place).map_err(failed)?;
        self.files.sync_dir(directory(&place)).map_err(failed)?;
        self.prune(path);
        Ok(())
    }

    /// Removes what a write that was stopped may have left beside a file.
    pub(super) fn clean(&mut self, path: &Path) -> Result<()> {
        // A file that leads nowhere good was not written.
        let Ok(place) = self.tree.locate(path) else { return Ok(()) };
        let draft = draft(&place);
        if draft.symlink_metadata().is_ok() {
            self.files.remove_file(&draft).map_err(|error| Error::io("remove", &draft, error))?;
        }
        self.prune(path);
        Ok(())
    }

    fn make_directory_of(&mut self, path: &Path) -> Result<PathBuf> {
        let place = self.tree.locate(path)?;
        let missing: Vec<&Path> = place.ancestors().skip(1).take_while(|above| !above.exists()).collect();
        for directory in missing.into_iter().rev() {
            self.files.create_dir(directory).map_err(|error| Error::io("make", directory, error))?;
        }
        Ok(place)
    }

    /// Removes the directories above a file that is gone, up to the first that holds something.
    fn prune(&mut self, path: &Path) {
        for above in path.ancestors().skip(1).filter(|above| !above.as_os_str().is_empty()) {
            let directory = self.tree.root().join(above);
            let is_empty = match fs::read_dir(&directory) {
                Ok(mut entries) => entries.next().is_none(),
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(_) => false,
            };
            // An empty directory that cannot be removed (a link, somebody's mount) is not worth a failure.
            if !is_empty || self.files.remove_dir(&directory).is_err() {
                return;
            }
        }
    }
}

/// Beside the file, so that a rename is one step; one name for all times, so that a crash leaves at most one.
fn draft(place: &Path) -> PathBuf {
    let name = place.file_name().unwrap_or_default().to_string_lossy();
    place.with_file_name(format!(".{name}.scaffold"))
}

fn directory(place: &Path) -> &Path {
    place.parent().unwrap_or(place)
}
