//! The sources of a sandbox as its fake cargo sees them. The tests use it too, to know what should be served.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

/// One reading of everything that goes into a build.
pub(crate) struct Sources {
    /// Path and text, in the order of the paths. A file that goes while it is read counts as not there.
    pub(crate) files: Vec<(PathBuf, String)>,
}

impl Sources {
    pub(crate) fn read(root: &Path) -> Self {
        let files = walkdir::WalkDir::new(root.join("app")).sort_by_file_name().into_iter().filter_map(Result::ok);
        let counts = |path: &Path| {
            path.extension().is_some_and(|end| end == "rs") || path.file_name().is_some_and(|name| name == "Cargo.toml")
        };
        let files = files.map(walkdir::DirEntry::into_path).filter(|path| counts(path));
        Self { files: files.filter_map(|path| Some((path.clone(), std::fs::read_to_string(&path).ok()?))).collect() }
    }

    /// The name of the build: the same for the same sources.
    pub(crate) fn name(&self) -> String {
        let mut hasher = DefaultHasher::new();
        self.files.hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    }
}
