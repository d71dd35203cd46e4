//! What has to be done so that the static root holds the new set: worked out before anything is written.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::existing::Existing;
use crate::staticfiles::build::{Built, Content, Data};
use crate::staticfiles::compress::{Encoding, is_compressible};
use crate::staticfiles::manifest::{self, Encoded, Entry, Generation, Manifest};

/// How originals get into the root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Copy,
    Link,
}

/// What the root will hold.
#[derive(Debug)]
pub(super) struct Plan {
    /// One for each source.
    pub(super) files: Vec<Planned>,
    /// Files of earlier generations.
    pub(super) kept: BTreeMap<String, Entry>,
    /// What others put there, which stays.
    pub(super) foreign: Vec<String>,
    /// What goes.
    pub(super) removed: Vec<String>,
    way: Way,
    /// Hashed and original names: nothing compressed takes one of them.
    names: BTreeSet<String>,
    /// None where nothing is hashed.
    built: Option<Manifest>,
}

/// What becomes of one source.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) path: String,
    pub(super) content: Content,
    pub(super) original: Original,
    pub(super) hashed: Option<Hashed>,
}

/// What becomes of the file under its original name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Original {
    /// It is there.
    Stays,
    /// It is there; what is beside it is not.
    Completed,
    Copied,
    /// A symbolic link to the source.
    Linked(PathBuf),
}

/// What becomes of the file under its hashed name.
#[derive(Debug)]
pub(super) struct Hashed {
    pub(super) name: String,
    pub(super) content: Content,
    pub(super) is_rewritten: bool,
    /// What is there of it already.
    pub(super) stays: Option<Entry>,
}

impl Planned {
    /// How many bytes of it are to be compressed.
    pub(super) fn to_compress(&self) -> u64 {
        let hashed = self.hashed.as_ref().filter(|hashed| hashed.stays.is_none() && is_compressible(&hashed.name));
        hashed.map_or(0, |hashed| hashed.content.digest.size)
    }

    /// Whether people would say that the file is not modified.
    pub(super) fn is_unmodified(&self) -> bool {
        matches!(self.original, Original::Stays | Original::Completed)
    }
}

/// What one source became.
#[derive(Clone, Debug)]
pub(super) struct Written {
    pub(super) original: Entry,
    pub(super) hashed: Option<Entry>,
}

impl Plan {
    /// Files as they are.
    pub(super) fn plain(originals: Vec<(String, Content)>, way: Way, existing: &Existing) -> Self {
        let file = |(path, content): (String, Content)| {
            let original = original(&path, &content, way, existing);
            Planned { path, content, original, hashed: None }
        };
        Self::new(originals.into_iter().map(file).collect(), None, way, 0, existing)
    }

    /// Files with hashed names too; `keep` earlier generations stay.
    pub(super) fn hashed(built: Built, way: Way, keep: usize, existing: &Existing) -> Self {
        let manifest = built.manifest();
        let files = built.files.into_iter().map(|file| {
            let is_rewritten = file.is_rewritten();
            let stays = existing.entry(&file.hashed_path, &file.hashed.digest).cloned();
            let original = original(&file.path, &file.original, way, existing);
            let hashed = Hashed { name: file.hashed_path, content: file.hashed, is_rewritten, stays };
            Planned { path: file.path, content: file.original, original, hashed: Some(hashed) }
        });
        let files = files.collect();
        Self::new(files, Some(manifest), way, keep, existing)
    }

    fn new(files: Vec<Planned>, built: Option<Manifest>, way: Way, keep: usize, existing: &Existing) -> Self {
        let hashed = files.iter().filter_map(|file| file.hashed.as_ref()).map(|hashed| hashed.name.clone());
        let names = files.iter().map(|file| file.path.clone()).chain(hashed).collect();
        let (kept, foreign, removed) = (BTreeMap::new(), Vec::new(), Vec::new());
        let mut plan = Self { files, kept, foreign, removed, way, names, built };
        if let Some(built) = &mut plan.built {
            (built.generations, plan.kept) = generations(built, keep, existing);
            plan.kept.retain(|name, _| !plan.names.contains(name));
        }
        plan.complete_originals(existing);
        let all = plan.all_names();
        for name in existing.names.keys().filter(|name| !all.contains(*name)) {
            let is_ours = existing.ours.contains(name) || existing.is_cleared;
            if is_ours { plan.removed.push(name.clone()) } else { plan.foreign.push(name.clone()) }
        }
        plan
    }

    /// An original that stays needs beside it what its hashed twin has.
    fn complete_originals(&mut self, existing: &Existing) {
        if self.way == Way::Link {
            return;
        }
        let complete = |file: &Planned| {
            let expected = self.beside_original(file)?;
            let entry = existing.entry(&file.path, &file.content.digest);
            Some(entry.is_some_and(|entry| entry.encodings == expected))
        };
        let complete: Vec<bool> = self.files.iter().map(|file| complete(file).unwrap_or(false)).collect();
        for (file, is_complete) in self.files.iter_mut().zip(complete) {
            if file.original == Original::Stays && file.hashed.is_some() && !is_complete {
                file.original = Original::Completed;
            }
        }
    }

    /// What stands beside the original, if that is known before anything is compressed: what stands beside its hashed
    /// twin. Nothing where that has another content, now or after the next edit of a source that is linked to.
    fn beside_original(&self, file: &Planned) -> Option<BTreeMap<Encoding, Encoded>> {
        let Hashed { is_rewritten, stays, .. } = file.hashed.as_ref()?;
        if *is_rewritten || self.way == Way::Link {
            return Some(BTreeMap::new());
        }
        Some(self.free(&file.path, &stays.as_ref()?.encodings))
    }

    /// The encodings whose names beside `name` belong to no other file.
    pub(super) fn free(&self, name: &str, encodings: &BTreeMap<Encoding, Encoded>) -> BTreeMap<Encoding, Encoded> {
        let free = encodings.iter().filter(|(encoding, _)| !self.is_taken(&encoding.name_for(name)));
        free.map(|(encoding, encoded)| (*encoding, encoded.clone())).collect()
    }

    /// Whether a name belongs to a file that is not compressed.
    pub(super) fn is_taken(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// Whether originals are links.
    pub(super) fn is_linking(&self) -> bool {
        self.way == Way::Link
    }

    /// Whether hashed names are made.
    pub(super) fn is_hashed(&self) -> bool {
        self.built.is_some()
    }

    /// What is known of all files without writing anything; none when something is to be written.
    pub(super) fn settled(&self) -> Option<Vec<Written>> {
        let written = self.files.iter().map(|file| {
            let hashed = match &file.hashed {
                None => None,
                Some(hashed) => Some(hashed.stays.clone()?),
            };
            let encodings = self.beside_original(file).unwrap_or_default();
            let is_settled = match &file.original {
                Original::Stays => true,
                Original::Linked(_) | Original::Copied | Original::Completed => false,
            };
            is_settled.then(|| Written { original: entry(&file.content, encodings), hashed })
        });
        written.collect()
    }

    /// Whether the root holds the new set already.
    pub(super) fn is_done(&self, existing: &Existing) -> bool {
        let Some(written) = self.settled() else { return false };
        self.removed.is_empty() && self.manifest(&written) == existing.manifest
    }

    /// The manifest of the new set, given what the files became.
    pub(super) fn manifest(&self, written: &[Written]) -> Option<Manifest> {
        let mut manifest = self.built.clone()?;
        manifest.files.clone_from(&self.kept);
        for (file, written) in self.files.iter().zip(written) {
            manifest.files.insert(file.path.clone(), written.original.clone());
            if let (Some(hashed), Some(entry)) = (&file.hashed, &written.hashed) {
                manifest.files.insert(hashed.name.clone(), entry.clone());
            }
        }
        Some(manifest)
    }

    /// Foreign files that are where a directory has to be, or in a directory where a file has to be.
    pub(super) fn in_the_way(&self) -> Vec<&str> {
        let in_the_way = |foreign: &&String| {
            let mut above = foreign.match_indices('/').map(|(slash, _)| &foreign[..slash]);
            let below = format!("{foreign}/");
            above.any(|name| self.names.contains(name))
                || self.names.range(below.clone()..).next().is_some_and(|name| name.starts_with(&below))
        };
        self.foreign.iter().filter(in_the_way).map(String::as_str).collect()
    }

    /// Every name that the root may hold afterwards, foreign ones left aside.
    fn all_names(&self) -> BTreeSet<String> {
        let mut all = self.names.clone();
        let encoded = |name: &str| Encoding::ALL.map(|encoding| encoding.name_for(name));
        for file in &self.files {
            if let Some(hashed) = &file.hashed {
                match &hashed.stays {
                    Some(entry) => all.extend(entry.encodings.keys().map(|encoding| encoding.name_for(&hashed.name))),
                    None => all.extend(encoded(&hashed.name)),
                }
                match self.beside_original(file) {
                    Some(encodings) => all.extend(encodings.keys().map(|encoding| encoding.name_for(&file.path))),
                    None => all.extend(encoded(&file.path)),
                }
            }
        }
        for (name, entry) in &self.kept {
            all.insert(name.clone());
            all.extend(entry.encodings.keys().map(|encoding| encoding.name_for(name)));
        }
        if self.built.is_some() {
            all.insert(manifest::NAME.to_owned());
        }
        all
    }
}

/// What the manifest says of this content.
pub(super) fn entry(content: &Content, encodings: BTreeMap<Encoding, Encoded>) -> Entry {
    Entry { size: content.digest.size, sha256: content.digest.sha256.clone(), encodings }
}

fn original(path: &str, content: &Content, way: Way, existing: &Existing) -> Original {
    match (way, &content.data) {
        (Way::Link, Data::Disk(source)) => {
            let is_there = existing.names.get(path).is_some_and(|target| target.as_ref() == Some(source));
            if is_there { Original::Stays } else { Original::Linked(source.clone()) }
        }
        _ if existing.has(path, &content.digest) => Original::Stays,
        _ => Original::Copied,
    }
}

/// The earlier generations that stay, and their files. One whose files are not all there is none any more.
fn generations(new: &Manifest, keep: usize, existing: &Existing) -> (Vec<Generation>, BTreeMap<String, Entry>) {
    let Some(last) = &existing.manifest else { return (Vec::new(), BTreeMap::new()) };
    let last_one = Generation { hash: last.hash.clone(), files: last.paths.values().cloned().collect() };
    let all = std::iter::once(last_one).chain(last.generations.iter().cloned());
    let mut files = BTreeMap::new();
    let mut generations = Vec::new();
    for generation in all.filter(|one| one.hash != new.hash) {
        if generations.len() == keep {
            break;
        }
        let entries: Option<Vec<(String, Entry)>> = generation
            .files
            .iter()
            .filter(|name| !new.files.contains_key(*name))
            .map(|name| Some((name.clone(), existing.kept(name)?.clone())))
            .collect();
        if let Some(entries) = entries {
            files.extend(entries);
            generations.push(generation);
        }
    }
    (generations, files)
}
