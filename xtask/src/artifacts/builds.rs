//! What lies in the target directory and no build uses any more: units that were superseded, files that belong to no
//! unit, incremental data without one, what tests left behind.

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::Context;

use super::graph::Graph;
use super::units::{self, Unit, split, superseded};

/// The directories of a profile whose files have a unit's hash in their names.
const FOLDERS: &[&str] = &["deps", "examples", "build"];

/// What is done to the directory of a profile, or why it cannot be.
pub(super) struct Profile {
    /// Its directory.
    pub(super) folder: PathBuf,
    /// Cargo's own lock, so that no build begins meanwhile.
    _lock: Option<File>,
}

/// What no build uses.
pub(super) struct Leftovers {
    pub(super) compiled: Vec<PathBuf>,
    pub(super) incremental: Vec<PathBuf>,
}

impl Profile {
    /// Every profile in a target directory; with some, somebody is building now.
    pub(super) fn all(target: &Path) -> anyhow::Result<Vec<Result<Self, PathBuf>>> {
        let mut profiles = Vec::new();
        for entry in list(target)? {
            // A nested target directory has profiles of its own, for somebody else.
            if is_folder(&entry) && is_folder(&entry.join(".fingerprint")) {
                profiles.push(Self::lock(entry)?);
            }
        }
        Ok(profiles)
    }

    fn lock(folder: PathBuf) -> anyhow::Result<Result<Self, PathBuf>> {
        let path = folder.join(".cargo-lock");
        let failed = || format!("failed to lock `{}`", path.display());
        // Cargo makes it with the directory.
        if !path.exists() {
            return Ok(Ok(Self { folder, _lock: None }));
        }
        let file = File::options().read(true).write(true).open(&path).with_context(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Ok(Self { folder, _lock: Some(file) })),
            Err(std::fs::TryLockError::WouldBlock) => Ok(Err(folder)),
            Err(std::fs::TryLockError::Error(error)) => Err(error).with_context(failed),
        }
    }

    /// What no build uses that cargo could make from today's manifests, as far as it was made before a point of time.
    pub(super) fn leftovers(&self, graph: &Graph, before: SystemTime) -> anyhow::Result<Leftovers> {
        let mut files = self.files()?;
        let mut units = units::read(&self.folder)?;
        for unit in &mut units {
            unit.version = files.get(&unit.hash).and_then(|files| version(unit, files));
        }
        let dead = superseded(&units, graph);
        let mut gone = Vec::new();
        let mut alive = HashMap::new();
        for (unit, dead) in units.iter().zip(dead) {
            let own = files.remove(&unit.hash).unwrap_or_default();
            if dead && unit.changed < before {
                // First what cargo notes: without it, files are no build.
                gone.push(unit.folder.clone());
                gone.extend(own);
            } else {
                unit.crates().for_each(|name| *alive.entry(name).or_insert(0) += 1);
            }
        }
        // What is left belongs to no unit.
        gone.extend(files.into_values().flatten().filter(|path| is_older(path, before)));
        Ok(Leftovers { incremental: self.incremental(&alive, before)?, compiled: gone })
    }

    /// All files with a hash in their names, by it.
    fn files(&self) -> anyhow::Result<HashMap<String, Vec<PathBuf>>> {
        let mut files: HashMap<String, Vec<PathBuf>> = HashMap::new();
        for folder in FOLDERS.iter().map(|name| self.folder.join(name)).filter(|folder| is_folder(folder)) {
            for path in list(&folder)? {
                let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
                let stem = name.split_once('.').map_or(name, |(stem, _)| stem);
                if let Some((_, hash)) = split(stem) {
                    files.entry(hash.to_owned()).or_default().push(path);
                }
            }
        }
        Ok(files)
    }

    /// The compiler's incremental data, one directory a unit with another hash: of each crate the newest stay, as many as
    /// there are units of it.
    fn incremental(&self, alive: &HashMap<String, usize>, before: SystemTime) -> anyhow::Result<Vec<PathBuf>> {
        let folder = self.folder.join("incremental");
        if !is_folder(&folder) {
            return Ok(Vec::new());
        }
        let mut crates: HashMap<String, Vec<(SystemTime, PathBuf)>> = HashMap::new();
        for path in list(&folder)? {
            let name = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.rsplit_once('-'));
            if let Some((name, _)) = name {
                crates.entry(name.to_owned()).or_default().push((modified(&path), path));
            }
        }
        let mut gone = Vec::new();
        for (name, mut folders) in crates {
            folders.sort_unstable_by(|a, b| b.cmp(a));
            let old = folders.into_iter().skip(alive.get(&name).copied().unwrap_or_default());
            gone.extend(old.filter(|(changed, _)| *changed < before).map(|(_, path)| path));
        }
        gone.sort_unstable();
        Ok(gone)
    }
}

/// What tests that were killed, or that failed, left in the directory that cargo gives them.
pub(super) fn of_tests(target: &Path, before: SystemTime) -> anyhow::Result<Vec<PathBuf>> {
    let folder = target.join("tmp");
    if !is_folder(&folder) {
        return Ok(Vec::new());
    }
    Ok(list(&folder)?.into_iter().filter(|path| super::leftover::changed(path) < before).collect())
}

fn version(unit: &Unit, files: &[PathBuf]) -> Option<String> {
    let is_dep_info = |path: &&PathBuf| path.extension().is_some_and(|end| end == "d");
    let of_script = |folder: &PathBuf| {
        let entries = list(folder).unwrap_or_default();
        entries.iter().find(is_dep_info).cloned()
    };
    let found = files.iter().find(is_dep_info).cloned().or_else(|| files.iter().find_map(of_script))?;
    units::version(&unit.package, &String::from_utf8_lossy(&std::fs::read(found).ok()?))
}

/// Everything in a directory, in order.
pub(super) fn list(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let failed = || format!("failed to read `{}`", folder.display());
    let entries = std::fs::read_dir(folder).with_context(failed)?;
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>().with_context(failed)?;
    paths.sort_unstable();
    Ok(paths)
}

/// Whether this is a directory, and no link to one.
fn is_folder(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir())
}

fn modified(path: &Path) -> SystemTime {
    // What cannot be read is not old.
    path.symlink_metadata().and_then(|metadata| metadata.modified()).unwrap_or_else(|_| SystemTime::now())
}

pub(super) fn is_older(path: &Path, before: SystemTime) -> bool {
    modified(path) < before
}
