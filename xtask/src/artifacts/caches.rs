//! What tools and editors leave between the sources, and rotated logs.

use std::ffi::OsStr;
use std::path::Path;
use std::time::SystemTime;

use walkdir::{DirEntry, WalkDir};

use super::builds::{is_older, list};
use super::leftover::Leftover;

/// Directories in which tools keep what they can make again.
const CACHES: &[&str] = &[".mypy_cache", ".pytest_cache", ".ruff_cache"];

/// Where Python keeps what it compiled.
const BYTECODE: &str = "__pycache__";

/// What was found, and what could not be looked at.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) leftovers: Vec<Leftover>,
    pub(super) failures: Vec<String>,
}

/// Walks the sources: not what is under `var/`, in target directories, in git's own or in another repository's. `before`
/// holds for caches, `unused` for what an editor may still have in use.
pub(super) fn find(root: &Path, target: &Path, before: SystemTime, unused: SystemTime) -> Found {
    let mut found = Found::default();
    let mut walk = WalkDir::new(root).same_file_system(true).sort_by_file_name().into_iter();
    while let Some(entry) = walk.next() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let path = error.path().unwrap_or(root).display().to_string();
                let cause = error.into_io_error().map(|error| format!(": {error}")).unwrap_or_default();
                found.failures.push(format!("failed to read `{path}`{cause}"));
                continue;
            }
        };
        if entry.depth() == 0 {
            continue;
        }
        let path = entry.path();
        if entry.file_type().is_dir() {
            if CACHES.iter().any(|name| *name == entry.file_name()) {
                walk.skip_current_dir();
                if is_older(path, before) {
                    found.leftovers.push(Leftover::named(path.to_owned(), root));
                }
            } else if entry.file_name() == BYTECODE {
                walk.skip_current_dir();
                found.leftovers.extend(bytecode(path, root, before));
            } else if path == target || is_elsewhere(&entry, root) {
                walk.skip_current_dir();
            }
        } else if is_of_editor(&entry.file_name().to_string_lossy()) && is_older(path, before.min(unused)) {
            found.leftovers.push(Leftover::named(path.to_owned(), root));
        }
    }
    found
}

/// Python's compiled files; the directory too, when nothing else is in it.
fn bytecode(folder: &Path, root: &Path, before: SystemTime) -> Option<Leftover> {
    // Nothing can be removed from a directory that cannot be read.
    let (compiled, other): (Vec<_>, Vec<_>) = list(folder).ok()?.into_iter().partition(|path| {
        // While one is written, its number follows: `a.cpython-312.pyc.140029`.
        path.file_name().is_some_and(|name| name.to_string_lossy().split('.').any(|part| part == "pyc"))
    });
    let (old, young): (Vec<_>, Vec<_>) = compiled.into_iter().partition(|path| is_older(path, before));
    if old.is_empty() && !(other.is_empty() && young.is_empty()) {
        return None;
    }
    let named = Leftover::named(folder.to_owned(), root);
    Some(if other.is_empty() && young.is_empty() { named } else { Leftover { paths: old, ..named } })
}

fn is_elsewhere(entry: &DirEntry, root: &Path) -> bool {
    let path = entry.path();
    entry.file_name() == ".git"
        || path == root.join("var")
        || path.join(".git").exists()
        // Cargo marks its target directories so, and so do others for what they can make again.
        || path.join("CACHEDIR.TAG").exists()
}

/// Backups, swap files and locks.
fn is_of_editor(name: &str) -> bool {
    let swap = || {
        let end = Path::new(name).extension().and_then(OsStr::to_str).unwrap_or_default();
        name.starts_with('.') && matches!(end, "swp" | "swo" | "swn")
    };
    let autosave = name.len() > 2 && name.starts_with('#') && name.ends_with('#');
    (name.len() > 1 && name.ends_with('~')) || name.starts_with(".#") || autosave || swap() || name.ends_with(".rs.bk")
}

/// Log files that were put aside because they were full: `app.log.1`.
pub(super) fn logs(folder: &Path, root: &Path, before: SystemTime) -> anyhow::Result<Vec<Leftover>> {
    let is_rotated = |path: &Path| {
        let number = path.extension().and_then(OsStr::to_str).unwrap_or_default();
        let log = path.file_stem().map(Path::new).and_then(Path::extension);
        number.parse::<u32>().is_ok() && log == Some(OsStr::new("log"))
    };
    let rotated = list(folder)?.into_iter().filter(|path| is_rotated(path) && is_older(path, before));
    Ok(rotated.map(|path| Leftover::named(path, root)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn editors_leave_backups_swap_files_and_locks() {
        for (name, expected) in [
            ("main.rs~", true),
            (".main.rs.swp", true),
            (".#main.rs", true),
            ("#main.rs#", true),
            ("main.rs.bk", true),
            ("main.rs", false),
            ("~", false),
            ("#", false),
            ("##", false),
            ("main.swp", false),
            (".gitignore", false),
        ] {
            assert_eq!(is_of_editor(name), expected, "{name}");
        }
    }
}
