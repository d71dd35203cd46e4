//! What stands for a file's content: a hash, and the metadata by which a file need not be read again.

use std::fs::Metadata;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::SystemTime;

use crate::fingerprint::{self, Nanos};

/// The coarsest clock that stamps files (FAT's): a file changed so recently may change again without a new stamp.
pub(super) const COARSEST: Nanos = 2_000_000_000;

/// Larger files are not read: a new stamp is a new content.
pub(super) const LARGE: u64 = 8 << 20;

/// What changes whenever a file is written, but for the clock's coarseness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Stat {
    size: u64,
    modified: Nanos,
    /// Unlike the time of modification, nobody can set this one back.
    changed: Nanos,
    device: u64,
    inode: u64,
}

impl Stat {
    /// From a file's metadata.
    pub(super) fn of(metadata: &Metadata) -> Self {
        let changed = Nanos::from(metadata.ctime()) * 1_000_000_000 + Nanos::from(metadata.ctime_nsec());
        let modified = fingerprint::modified(metadata);
        Self { size: metadata.len(), modified, changed, device: metadata.dev(), inode: metadata.ino() }
    }

    /// When the file was changed last.
    pub(super) fn newest(&self) -> Nanos {
        self.modified.max(self.changed)
    }

    /// Whether there is nothing in the file.
    pub(super) fn is_empty(&self) -> bool {
        self.size == 0
    }

    /// Whether the same metadata later than `now` means the same content: two writes within one tick of the clock leave
    /// the same.
    pub(super) fn is_settled(&self, now: Nanos) -> bool {
        now - self.newest() > COARSEST
    }

    /// A hash of what is in the file of this metadata.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn hash_of(&self, path: &Path) -> std::io::Result<u64> {
        let mut hasher = DefaultHasher::new();
        if self.size > LARGE {
            self.hash(&mut hasher);
        } else {
            hasher.write(&std::fs::read(path)?);
        }
        Ok(hasher.finish())
    }
}

/// A time as files are stamped with it.
pub(super) fn nanos(time: SystemTime) -> Nanos {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Nanos::try_from(since.as_nanos()).unwrap_or(Nanos::MAX)
}
