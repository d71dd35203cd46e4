//! Migrations that are not written yet, and writing them.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{Migration, NodeKey};
use crate::Error;

/// A migration that is not written yet.
#[derive(Clone, Debug, PartialEq)]
pub struct NewMigration {
    /// Its name: the file is `<module's migrations>/<name>.toml`.
    pub key: NodeKey,
    /// Its content; [`Migration::to_toml`] is the file's.
    pub migration: Migration,
}

impl NewMigration {
    /// The name of its file.
    pub fn file_name(&self) -> String {
        format!("{}.toml", self.key.name)
    }

    /// Writes the file into a module's `migrations` directory, which is made if it is missing; returns its path. The
    /// file is there wholly or not at all.
    ///
    /// # Errors
    /// [`Error::Io`], also when there is such a file already; [`Error::File`] when the text could not be read back as
    /// the same migration.
    pub fn write(&self, directory: &Path) -> Result<PathBuf, Error> {
        let path = directory.join(self.file_name());
        let text = self.text()?;
        let io = |path: &Path| {
            let path = path.to_owned();
            move |reason| Error::Io { path, reason }
        };
        fs::create_dir_all(directory).map_err(io(directory))?;
        // The loader passes over names that begin with a dot.
        let passing = directory.join(format!(".{}.{}", self.file_name(), std::process::id()));
        let written = fs::write(&passing, &text).and_then(|()| {
            if path.try_exists()? {
                return Err(io::Error::new(io::ErrorKind::AlreadyExists, "there is such a migration already"));
            }
            fs::rename(&passing, &path)
        });
        if written.is_err() {
            // What could not be made need not be there to be removed.
            drop(fs::remove_file(&passing));
        }
        written.map_err(io(&path))?;
        Ok(path)
    }

    /// The file's text, which is known to be read back as this migration.
    ///
    /// # Errors
    /// [`Error::File`] when it would not.
    pub fn text(&self) -> Result<String, Error> {
        let text = self.migration.to_toml();
        let file = format!("{}/{}", self.key.module, self.file_name());
        let read = Migration { checksum: self.migration.checksum.clone(), ..Migration::parse(&text, &file)? };
        if read != self.migration {
            let message = "a value in this migration cannot be written to a file and read back".to_owned();
            return Err(Error::File { file, line: 1, column: 1, message });
        }
        Ok(text)
    }
}
