//! All static files of a project; of those with one name, the first wins.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs::{self, FileType};
use std::io;
use std::path::Path;

use bytes::Bytes;

use super::build::{Data, Problem, Source};
use super::patterns::Patterns;
use super::places::{Folder, Place};

/// All static files of a project.
#[derive(Debug, Default)]
pub struct Listing {
    /// Those that are used, by name.
    pub sources: Vec<Source>,
    /// The names of others that are not used, because an earlier one has the name.
    pub hidden: Vec<String>,
    /// What was passed over.
    pub warnings: Vec<Problem>,
    /// What cannot be read.
    pub problems: Vec<Problem>,
}

/// Lists all static files but those that match a pattern.
pub fn list(places: &[Place], ignored: &Patterns) -> Listing {
    let mut walk = Walk { ignored, names: BTreeMap::new(), listing: Listing::default() };
    for Place { prefix, folder } in places {
        let prefix = prefix.as_ref().map_or_else(String::new, |prefix| format!("{prefix}/"));
        match folder {
            Folder::Carried { files, .. } => {
                for (path, content) in files.iter().filter(|(path, _)| !is_ignored(ignored, path)) {
                    walk.file(format!("{prefix}{path}"), Data::Memory(Bytes::from_static(content)));
                }
            }
            Folder::Directory(shown) => {
                // A directory that does not exist is said by a system check.
                let Ok(directory) = shown.canonicalize() else { continue };
                walk.directory(&Root { directory: &directory, shown, prefix: &prefix }, "");
            }
        }
    }
    let source = |(path, data)| Source { path, data };
    Listing { sources: walk.names.into_iter().map(source).collect(), ..walk.listing }
}

/// Whether a path, or a directory above it, is left out.
fn is_ignored(ignored: &Patterns, path: &str) -> bool {
    let ends = path.match_indices('/').map(|(slash, _)| slash).chain([path.len()]);
    ends.map(|end| &path[..end])
        .any(|part| ignored.matches(part) || ignored.matches(part.rsplit('/').next().unwrap_or(part)))
}

struct Walk<'a> {
    ignored: &'a Patterns,
    names: BTreeMap<String, Data>,
    listing: Listing,
}

struct Root<'a> {
    /// Without symbolic links.
    directory: &'a Path,
    /// As the settings have it.
    shown: &'a Path,
    prefix: &'a str,
}

enum Behind {
    Directory,
    File,
    Neither(&'static str),
}

impl Walk<'_> {
    /// `below` is the path from the root, empty or with a slash at the end.
    fn directory(&mut self, root: &Root<'_>, below: &str) {
        let directory = root.shown.join(below);
        let entries = fs::read_dir(&directory).and_then(|entries| {
            let named = entries.map(|entry| entry.and_then(|entry| Ok((entry.file_name(), entry.file_type()?))));
            named.collect::<io::Result<Vec<_>>>()
        });
        let mut entries = match entries {
            Ok(entries) => entries,
            Err(error) => {
                self.listing.problems.push(Problem::of_file(&directory, format!("cannot be read: {error}")));
                return;
            }
        };
        entries.sort_by(|(left, _), (right, _)| left.cmp(right));
        for (name, kind) in entries {
            let file = directory.join(&name);
            let Some(name) = name.to_str() else {
                self.listing.problems.push(Problem::of_file(&file, "has a name that is not UTF-8".to_owned()));
                continue;
            };
            let path = format!("{below}{name}");
            if self.ignored.matches(name) || self.ignored.matches(&path) {
                continue;
            }
            match behind(root, &file, kind) {
                Behind::Directory => self.directory(root, &format!("{path}/")),
                Behind::File => self.file(format!("{}{path}", root.prefix), Data::Disk(file)),
                Behind::Neither(what) => self.listing.warnings.push(Problem::of_file(&file, what.to_owned())),
            }
        }
    }

    fn file(&mut self, path: String, data: Data) {
        match self.names.entry(path) {
            Entry::Occupied(taken) => self.listing.hidden.push(taken.key().clone()),
            Entry::Vacant(free) => {
                free.insert(data);
            }
        }
    }
}

/// What stands behind a name. A symbolic link is followed as far as it is when files are served: not out of the
/// directory, and not round in circles.
fn behind(root: &Root<'_>, file: &Path, kind: FileType) -> Behind {
    if kind.is_file() {
        return Behind::File;
    }
    if kind.is_dir() {
        return Behind::Directory;
    }
    if !kind.is_symlink() {
        return Behind::Neither("is no file, and is left out");
    }
    let Ok(target) = file.canonicalize() else {
        return Behind::Neither("is a link that leads nowhere, and is left out");
    };
    let parent = file.parent().and_then(|parent| parent.canonicalize().ok()).unwrap_or_default();
    if !target.starts_with(root.directory) {
        Behind::Neither("is a link that leads out of the directory, and is left out")
    } else if parent.starts_with(&target) {
        Behind::Neither("is a link that leads back to a directory above it, and is left out")
    } else if target.is_dir() {
        Behind::Directory
    } else if target.is_file() {
        Behind::File
    } else {
        Behind::Neither("is no file, and is left out")
    }
}
