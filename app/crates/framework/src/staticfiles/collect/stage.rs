//! Writes the new set beside the old one. What is the same in both is linked, not written again.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::existing::Existing;
use super::places::Places;
use super::plan::{Hashed, Original, Plan, Planned, Written, entry};
use super::{Error, Result, tried};
use crate::conf::Mode;
use crate::staticfiles::build::{Content, Data};
use crate::staticfiles::compress::{Effort, Encoding, encode, is_compressible};
use crate::staticfiles::digest::Digest;
use crate::staticfiles::manifest::{self, Encoded, Entry};
use crate::staticfiles::threads;
use crate::system;

/// The permissions of what is written; the umask says where they are none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Modes {
    pub(super) files: Option<Mode>,
    pub(super) directories: Option<Mode>,
}

/// The names in the new set, by what they have to be there before.
#[derive(Debug, Default)]
pub(super) struct Staged {
    /// What the new manifest refers to.
    pub(super) hashed: Vec<String>,
    /// Original names.
    pub(super) originals: Vec<String>,
}

struct Stage<'a> {
    root: &'a Path,
    stage: &'a Path,
    plan: &'a Plan,
    modes: Modes,
    effort: Effort,
}

/// Writes the set, all but what others put into the root. The stage is empty before.
pub(super) fn write(places: &Places, plan: &Plan, modes: Modes) -> Result<Staged> {
    let effort = Effort::for_all(plan.files.iter().map(Planned::to_compress).sum());
    let stage = Stage { root: &places.root, stage: &places.stage, plan, modes, effort };
    stage.directories()?;
    // The biggest first: at the end, no core should wait for another.
    let mut order: Vec<usize> = (0..plan.files.len()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(plan.files[*index].content.digest.size));
    let mut results = threads::map(&order, |index| (*index, stage.file(&plan.files[*index])));
    results.sort_by_key(|(index, _)| *index);
    let written = results.into_iter().map(|(_, result)| result).collect::<Result<Vec<Written>>>()?;
    for (name, entry) in &plan.kept {
        stage.keep(name, entry)?;
    }
    let mut staged = Staged::default();
    for (file, written) in plan.files.iter().zip(&written) {
        staged.originals.extend(all(&file.path, &written.original));
        if let (Some(hashed), Some(entry)) = (&file.hashed, &written.hashed) {
            staged.hashed.extend(all(&hashed.name, entry));
        }
    }
    if let Some(manifest) = plan.manifest(&written) {
        stage.bytes(manifest::NAME, &manifest.to_json()?)?;
    }
    Ok(staged)
}

/// Puts what others put into the root into the stage too, before the two are exchanged.
pub(super) fn take_along(places: &Places, plan: &Plan, existing: &Existing) -> Result<()> {
    for name in &plan.foreign {
        let (from, to) = (places.root.join(name), places.stage.join(name));
        if let Some(directory) = to.parent() {
            fs::create_dir_all(directory).map_err(tried("make", directory))?;
        }
        match existing.names.get(name) {
            Some(Some(target)) => system::symlink(target, &to).map_err(tried("make", &to))?,
            _ => link(&from, &to)?,
        }
    }
    Ok(())
}

/// A file and all that stands beside it.
fn all(name: &str, entry: &Entry) -> impl Iterator<Item = String> {
    let beside = entry.encodings.keys().map(|encoding| encoding.name_for(name)).collect::<Vec<_>>();
    std::iter::once(name.to_owned()).chain(beside)
}

/// A second name for a file, or a copy where there can be none.
fn link(from: &Path, to: &Path) -> Result<()> {
    if fs::hard_link(from, to).is_err() {
        fs::copy(from, to).map_err(tried("write", to))?;
    }
    Ok(())
}

impl Stage<'_> {
    fn directories(&self) -> Result<()> {
        let hashed = self.plan.files.iter().filter_map(|file| file.hashed.as_ref()).map(|hashed| hashed.name.as_str());
        let names = self.plan.files.iter().map(|file| file.path.as_str()).chain(hashed);
        let names = names.chain(self.plan.kept.keys().map(String::as_str));
        let directories: BTreeSet<&Path> = names.flat_map(|name| Path::new(name).ancestors().skip(1)).collect();
        // In order, so that parents come first; the first is the stage itself.
        for directory in
            std::iter::once(Path::new("")).chain(directories.into_iter().filter(|one| *one != Path::new("")))
        {
            let path = self.stage.join(directory);
            fs::create_dir(&path).map_err(tried("make", &path))?;
            if let Some(Mode(mode)) = self.modes.directories {
                system::set_mode(&path, mode).map_err(tried("set the permissions of", &path))?;
            }
        }
        Ok(())
    }

    fn file(&self, file: &Planned) -> Result<Written> {
        let path = self.stage.join(&file.path);
        match &file.original {
            Original::Stays | Original::Completed if self.is_link(&file.path) => {
                let from = self.root.join(&file.path);
                let target = fs::read_link(&from).map_err(tried("read", &from))?;
                system::symlink(&target, &path).map_err(tried("make", &path))?;
            }
            Original::Stays | Original::Completed => self.stays(&file.path)?,
            Original::Copied => self.content(&file.path, &file.content)?,
            Original::Linked(source) => system::symlink(source, &path).map_err(tried("make", &path))?,
        }
        let Some(hashed) = &file.hashed else {
            return Ok(Written { original: entry(&file.content, BTreeMap::new()), hashed: None });
        };
        let is_link = self.is_link(&file.path) || matches!(file.original, Original::Linked(_));
        let hashed_entry = match &hashed.stays {
            Some(entry) => {
                self.keep(&hashed.name, entry)?;
                entry.clone()
            }
            None => {
                if hashed.is_rewritten || is_link {
                    self.content(&hashed.name, &hashed.content)?;
                } else {
                    link(&path, &self.stage.join(&hashed.name))?;
                }
                entry(&hashed.content, self.compressed(hashed)?)
            }
        };
        let mut encodings = BTreeMap::new();
        if !hashed.is_rewritten && !is_link {
            encodings = self.plan.free(&file.path, &hashed_entry.encodings);
            for encoding in encodings.keys() {
                let (from, to) = (encoding.name_for(&hashed.name), encoding.name_for(&file.path));
                link(&self.stage.join(from), &self.stage.join(to))?;
            }
        }
        Ok(Written { original: entry(&file.content, encodings), hashed: Some(hashed_entry) })
    }

    /// Whether the root has a symbolic link of this name.
    fn is_link(&self, name: &str) -> bool {
        self.plan.is_linking() && self.root.join(name).is_symlink()
    }

    /// A file of the root, and all that stands beside it.
    fn keep(&self, name: &str, entry: &Entry) -> Result<()> {
        all(name, entry).try_for_each(|name| self.stays(&name))
    }

    fn stays(&self, name: &str) -> Result<()> {
        link(&self.root.join(name), &self.stage.join(name))
    }

    fn compressed(&self, hashed: &Hashed) -> Result<BTreeMap<Encoding, Encoded>> {
        let mut encodings = BTreeMap::new();
        if !is_compressible(&hashed.name) {
            return Ok(encodings);
        }
        let path = self.stage.join(&hashed.name);
        let bytes = match &hashed.content.data {
            Data::Memory(bytes) => bytes.clone(),
            Data::Disk(_) => fs::read(&path).map_err(tried("read", &path))?.into(),
        };
        for encoding in Encoding::ALL {
            let name = encoding.name_for(&hashed.name);
            if self.plan.is_taken(&name) {
                continue;
            }
            if let Some(encoded) = encode(&bytes, encoding, self.effort).map_err(tried("compress", &path))? {
                self.bytes(&name, &encoded)?;
                let Digest { size, sha256 } = Digest::of(&encoded);
                encodings.insert(encoding, Encoded { size, sha256 });
            }
        }
        Ok(encodings)
    }

    fn content(&self, name: &str, content: &Content) -> Result<()> {
        let source = match &content.data {
            Data::Memory(bytes) => return self.bytes(name, bytes),
            Data::Disk(source) => source,
        };
        let path = self.stage.join(name);
        let mut from = File::open(source).map_err(tried("read", source))?;
        let mut to = File::create(&path).map_err(tried("write", &path))?;
        let copied = Digest::copying(&mut from, &mut to).map_err(tried("write", &path))?;
        if copied != content.digest {
            return Err(Error::Changed { path: PathBuf::from(source) });
        }
        self.set_mode(&path)
    }

    fn bytes(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.stage.join(name);
        fs::write(&path, bytes).map_err(tried("write", &path))?;
        self.set_mode(&path)
    }

    fn set_mode(&self, path: &Path) -> Result<()> {
        match self.modes.files {
            Some(Mode(mode)) => system::set_mode(path, mode).map_err(tried("set the permissions of", path)),
            None => Ok(()),
        }
    }
}
