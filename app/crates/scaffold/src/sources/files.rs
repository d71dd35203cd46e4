//! Folders and files, read as far as they can be.

use std::fs;
use std::path::Path;

use crate::syntax::BYTE_ORDER_MARK;

/// The names of a folder's subfolders in order; links are left out, as they may lead round in circles.
pub(crate) fn folders(folder: &Path) -> Vec<String> {
    names(folder, |entry| entry.file_type().is_ok_and(|found| found.is_dir()))
}

/// The names of a folder's files in order; a link to a file is one, as it is for the compiler.
pub(crate) fn files(folder: &Path) -> Vec<String> {
    names(folder, |entry| entry.path().is_file())
}

fn names(folder: &Path, is_kept: fn(&fs::DirEntry) -> bool) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let kept = entries.filter(is_kept);
    let mut names: Vec<String> = kept.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names
}

/// The stems of the files in a folder that end so, in order.
pub(super) fn stems(folder: &Path, ending: &str) -> Vec<String> {
    let names = files(folder);
    let stems = names.iter().filter_map(|name| name.strip_suffix(ending));
    stems.filter(|stem| !stem.starts_with(['.', '_'])).map(str::to_owned).collect()
}

/// A file's text without a byte order mark; nothing when it cannot be read.
pub(crate) fn text(path: &Path) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    Some(text.strip_prefix(BYTE_ORDER_MARK).map(str::to_owned).unwrap_or(text))
}
