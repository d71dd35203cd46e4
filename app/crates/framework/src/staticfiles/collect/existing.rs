//! What is in the static root already. Contents are compared, never times.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::places::WORK;
use super::{Result, tried};
use crate::conf::Mode;
use crate::staticfiles::digest::Digest;
use crate::staticfiles::manifest::{self, Entry, Manifest};
use crate::staticfiles::threads;
use crate::system;

/// What is in the static root.
#[derive(Debug, Default)]
pub(super) struct Existing {
    /// All files and symbolic links, by name; what links lead to.
    pub(super) names: BTreeMap<String, Option<PathBuf>>,
    /// The manifest that the last run wrote.
    pub(super) manifest: Option<Manifest>,
    /// The names that the manifest accounts for.
    pub(super) ours: BTreeSet<String>,
    /// Whether nothing of it is to stay.
    pub(super) is_cleared: bool,
    /// What is in them, as far as they may stay.
    digests: BTreeMap<String, Digest>,
}

impl Existing {
    /// Looks at the root; `sources` are the names that will be written anyway. Files with other permissions than the
    /// settings ask for are as good as changed.
    pub(super) fn look(root: &Path, sources: &[&str], mode: Option<Mode>) -> Result<Self> {
        let names = listed(root)?;
        let manifest = Manifest::read(root)?;
        let ours: BTreeSet<String> = manifest.iter().flat_map(all_names).collect();
        let asked: BTreeSet<&str> = ours.iter().map(String::as_str).chain(sources.iter().copied()).collect();
        let asked: Vec<&str> = asked.into_iter().filter(|name| names.get(*name) == Some(&None)).collect();
        let found = threads::map(&asked, |name| digest(&root.join(name), mode));
        let mut digests = BTreeMap::new();
        for (name, found) in asked.into_iter().zip(found) {
            if let Some(found) = found.map_err(tried("read", &root.join(name)))? {
                digests.insert(name.to_owned(), found);
            }
        }
        Ok(Self { names, manifest, ours, is_cleared: false, digests })
    }

    /// The same for a run that leaves nothing of it.
    pub(super) fn cleared(root: &Path) -> Result<Self> {
        Ok(Self { names: listed(root)?, is_cleared: true, ..Self::default() })
    }

    /// Whether the file is there with this content.
    pub(super) fn has(&self, name: &str, digest: &Digest) -> bool {
        self.digests.get(name) == Some(digest)
    }

    /// What the manifest says of a file, if it is there with this content, and so is all that stands beside it.
    pub(super) fn entry(&self, name: &str, digest: &Digest) -> Option<&Entry> {
        let entry = self.manifest.as_ref()?.files.get(name)?;
        let is_whole = self.has(name, digest)
            && entry.encodings.iter().all(|(encoding, encoded)| {
                self.has(&encoding.name_for(name), &Digest { size: encoded.size, sha256: encoded.sha256.clone() })
            });
        is_whole.then_some(entry)
    }

    /// The same for a file of an earlier generation, whose content only the manifest knows.
    pub(super) fn kept(&self, name: &str) -> Option<&Entry> {
        let Entry { size, sha256, .. } = self.manifest.as_ref()?.files.get(name)?;
        self.entry(name, &Digest { size: *size, sha256: sha256.clone() })
    }
}

/// Everything that a manifest accounts for, itself included.
fn all_names(manifest: &Manifest) -> impl Iterator<Item = String> {
    let files = manifest.files.iter().flat_map(|(name, entry)| {
        let beside = entry.encodings.keys().map(|encoding| encoding.name_for(name));
        std::iter::once(name.clone()).chain(beside)
    });
    files.chain([manifest::NAME.to_owned()])
}

fn digest(path: &Path, mode: Option<Mode>) -> io::Result<Option<Digest>> {
    let mut file = File::open(path)?;
    if let Some(Mode(mode)) = mode
        && system::mode(&file.metadata()?).is_some_and(|found| found != mode)
    {
        return Ok(None);
    }
    Digest::copying(&mut file, &mut io::sink()).map(Some)
}

/// All files and links below the root, by name. Other programs may have left names that are not UTF-8: they are not ours,
/// and would be lost.
fn listed(root: &Path) -> Result<BTreeMap<String, Option<PathBuf>>> {
    let mut names = BTreeMap::new();
    if !root.exists() {
        return Ok(names);
    }
    let mut rest = vec![String::new()];
    while let Some(below) = rest.pop() {
        let directory = root.join(&below);
        for entry in fs::read_dir(&directory).map_err(tried("read", &directory))? {
            let entry = entry.map_err(tried("read", &directory))?;
            let (path, kind) = (entry.path(), entry.file_type().map_err(tried("look at", &entry.path()))?);
            let Ok(name) = entry.file_name().into_string() else {
                let error = io::Error::new(io::ErrorKind::InvalidFilename, "the name is not UTF-8");
                return Err(tried("read", &path)(error));
            };
            if below.is_empty() && WORK.contains(&name.as_str()) {
                continue;
            }
            let name = format!("{below}{name}");
            if kind.is_dir() {
                rest.push(format!("{name}/"));
            } else if kind.is_symlink() {
                names.insert(name, Some(fs::read_link(&path).map_err(tried("read", &path))?));
            } else {
                names.insert(name, None);
            }
        }
    }
    Ok(names)
}
