//! The project's files as they are, and where a file really is: nothing outside of the project is touched.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// The project's files.
#[derive(Clone, Debug)]
pub(crate) struct Tree {
    /// The project's root, without links.
    root: PathBuf,
}

impl Tree {
    pub(crate) fn new(root: &Path) -> Result<Self> {
        let real = fs::canonicalize(root).map_err(|error| Error::io("find", root, error))?;
        Ok(Self { root: real })
    }

    /// The text of a file; nothing when it is not there.
    pub(crate) fn read(&self, path: &Path) -> Result<Option<String>> {
        let place = self.locate(path)?;
        match fs::metadata(&place) {
            Ok(found) if found.is_dir() => Err(in_the_way(path, "is a directory, where a file is needed")),
            Ok(found) if !found.is_file() => Err(in_the_way(path, "is not a regular file")),
            Ok(_) => {
                let bytes = fs::read(&place).map_err(|error| Error::io("read", path, error))?;
                String::from_utf8(bytes).map(Some).map_err(|_| {
                    in_the_way(path, "is not text, and nothing else can be changed, removed and brought back")
                })
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io("read", path, error)),
        }
    }

    /// All files below a directory, in order.
    pub(crate) fn files(&self, directory: &Path) -> Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        let mut directories = vec![directory.to_owned()];
        while let Some(directory) = directories.pop() {
            let failed = |error| Error::io("read", &directory, error);
            for entry in fs::read_dir(self.root.join(&directory)).map_err(failed)? {
                let entry = entry.map_err(failed)?;
                let path = directory.join(entry.file_name());
                // A link to a directory is not gone into.
                if entry.file_type().map_err(failed)?.is_dir() { directories.push(path) } else { files.push(path) }
            }
        }
        files.sort();
        Ok(files)
    }

    /// Where the file is, or would be, behind all links.
    pub(crate) fn locate(&self, path: &Path) -> Result<PathBuf> {
        let full = self.root.join(path);
        let place = match fs::canonicalize(&full) {
            Ok(place) => place,
            Err(error) if error.kind() == ErrorKind::NotFound => self.locate_missing(path)?,
            Err(error) if error.kind() == ErrorKind::NotADirectory => {
                let above = path.ancestors().skip(1).find(|above| self.root.join(above).exists()).unwrap_or(path);
                return Err(in_the_way(above, "is a file, where a directory is needed"));
            }
            Err(error) => return Err(Error::io("find", path, error)),
        };
        // What is written at run time may be on another disk; there are no sources in it.
        if !place.starts_with(&self.root) && !path.starts_with("var") {
            let message = format!("`{}` leads out of the project, to `{}`", path.display(), place.display());
            return Err(Error::new(message).with_hint("put a directory of the project's own in the place of the link"));
        }
        Ok(place)
    }

    fn locate_missing(&self, path: &Path) -> Result<PathBuf> {
        let is_there = |path: &Path| self.root.join(path).symlink_metadata().is_ok();
        let above = path.ancestors().find(|above| is_there(above)).unwrap_or(Path::new(""));
        let real = fs::canonicalize(self.root.join(above)).map_err(|error| match error.kind() {
            ErrorKind::NotFound => in_the_way(above, "is a link that leads nowhere"),
            _ => Error::io("find", above, error),
        })?;
        Ok(path.strip_prefix(above).map_or(real.clone(), |rest| real.join(rest)))
    }

    /// The project's root, without links.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }
}

fn in_the_way(path: &Path, what: &str) -> Error {
    Error::new(format!("`{}` {what}", path.display())).with_hint("move it away, and try again")
}
