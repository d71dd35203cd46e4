//! The static root, and where the next set is made.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use super::{Error, Result, tried};

/// The static root and what is beside it. While it lives, no other `collectstatic` works there.
pub(super) struct Places {
    /// The static root, without symbolic links. It may not exist.
    pub(super) root: PathBuf,
    /// Where the next set is made.
    pub(super) stage: PathBuf,
    pub(super) stand: Stand,
    _lock: File,
}

/// Where the next set is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stand {
    /// Beside the root: the two can be exchanged.
    Beside,
    /// In it, because nothing can be written beside it.
    Inside,
}

/// What stands in the root and belongs to a run, not to the set.
pub(super) const WORK: [&str; 2] = [".collectstatic.new", ".collectstatic.lock"];

/// The root as the file system has it, whether it exists or not.
pub(super) fn resolved(root: &Path) -> Result<PathBuf> {
    match root.canonicalize() {
        Ok(root) if root.is_dir() => Ok(root),
        Ok(path) => Err(Error::NoDirectory { path }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(root.to_owned()),
        Err(error) => Err(tried("look at", root)(error)),
    }
}

impl Places {
    /// Takes the place. `waiting` is called when somebody else has it.
    pub(super) fn take(root: &Path, waiting: impl FnOnce()) -> Result<Self> {
        let root = resolved(root)?;
        let (Some(parent), Some(name)) = (root.parent(), root.file_name().map(|name| name.to_string_lossy())) else {
            return Err(Error::NoDirectory { path: root });
        };
        fs::create_dir_all(parent).map_err(tried("make", parent))?;
        let beside = (parent.join(format!(".{name}.new")), parent.join(format!(".{name}.lock")));
        let ((stage, lock), stand) = match open(&beside.1) {
            Ok(file) => ((beside.0, file), Stand::Beside),
            Err(error) if is_refused(&error) && root.is_dir() => {
                let path = root.join(WORK[1]);
                ((root.join(WORK[0]), open(&path).map_err(tried("write", &path))?), Stand::Inside)
            }
            Err(error) => return Err(tried("write", &beside.1)(error)),
        };
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                waiting();
                lock.lock().map_err(tried("lock", &root))?;
            }
            Err(TryLockError::Error(error)) => return Err(tried("lock", &root)(error)),
        }
        // Whoever waited finds the root that the other one made.
        Ok(Self { root: resolved(&root)?, stage, stand, _lock: lock })
    }
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(false).open(path)
}

fn is_refused(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem)
}
