//! What `collectstatic` put into the static root, as its manifest says. Nothing that is not in the manifest is served.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use anyhow::Context as _;
use bytes::Bytes;

use super::asset::{Asset, Caching, Compressed, Form};
use crate::staticfiles::build::{Data, hashed_name};
use crate::staticfiles::manifest::{self, Manifest};
use crate::staticfiles::places::{Place, find};

/// The static root.
pub(super) struct Collected {
    root: PathBuf,
    /// Where files are that were not collected, when they may have addresses all the same.
    lenient: Option<Arc<[Place]>>,
    names: Option<Names>,
    /// What was collected since: pages of a newer process name files of it.
    later: Arc<Mutex<Later>>,
}

/// The manifest, and which names in it say what is in the file.
struct Names {
    manifest: Manifest,
    hashed: HashSet<String>,
}

#[derive(Default)]
struct Later {
    /// Of the manifest's file.
    stamp: Option<(SystemTime, u64)>,
    names: Option<Arc<Names>>,
}

/// Which names are answered.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    All,
    Hashed,
}

impl Collected {
    /// The static root of this manifest.
    pub(super) fn new(root: &Path, manifest: &Manifest, lenient: Option<Vec<Place>>) -> Self {
        Self { names: Some(Names::new(manifest.clone())), lenient: lenient.map(Into::into), ..Self::others(root) }
    }

    /// A static root of which only hashed names are answered, whenever it was filled.
    pub(super) fn others(root: &Path) -> Self {
        Self { root: root.to_owned(), lenient: None, names: None, later: Arc::default() }
    }

    pub(super) async fn asset(&self, name: &str) -> anyhow::Result<Option<Asset>> {
        let known = self.names.as_ref().and_then(|names| names.asset(&self.root, name, Which::All));
        if known.is_some() {
            return Ok(known);
        }
        let (root, later, name) = (self.root.clone(), Arc::clone(&self.later), name.to_owned());
        let lenient = self.lenient.clone();
        let look = move || {
            let asset = later.lock().unwrap_or_else(PoisonError::into_inner).asset(&root, &name);
            asset.or_else(|| unlisted(lenient.as_deref()?, &name))
        };
        tokio::task::spawn_blocking(look).await.context("failed to look for a static file")
    }
}

/// The file whose content gives it this name.
fn unlisted(places: &[Place], hashed: &str) -> Option<Asset> {
    let (start, end) = hashed.rsplit_once('.')?;
    let with_end = start.rsplit_once('.').map(|(stem, _)| format!("{stem}.{end}"));
    with_end.into_iter().chain([start.to_owned()]).find_map(|path| {
        let content = find(places, &path)?.read().ok()?;
        let is_named_so = hashed_name(&path, &content) == hashed;
        let plain = || Form::of(None, Bytes::from(content.into_owned()));
        is_named_so.then(|| Asset::new(hashed, Caching::Asked, plain(), Compressed::Ready(Vec::new())))
    })
}

impl Later {
    fn asset(&mut self, root: &Path, name: &str) -> Option<Asset> {
        let file = std::fs::metadata(root.join(manifest::NAME)).ok()?;
        let stamp = (file.modified().ok()?, file.len());
        if self.stamp != Some(stamp) {
            // One that cannot be read is said when a server starts with it; this one has its own.
            self.names = Manifest::read(root).ok().flatten().map(|manifest| Arc::new(Names::new(manifest)));
            self.stamp = Some(stamp);
        }
        self.names.as_ref()?.asset(root, name, Which::Hashed)
    }
}

impl Names {
    fn new(manifest: Manifest) -> Self {
        let earlier = manifest.generations.iter().flat_map(|generation| &generation.files);
        let hashed = manifest.paths.values().chain(earlier).cloned().collect();
        Self { manifest, hashed }
    }

    fn asset(&self, root: &Path, name: &str, which: Which) -> Option<Asset> {
        let (stored, caching) = match self.hashed.get(name) {
            Some(hashed) => (hashed, Caching::Forever),
            // A hashed file never changes, so that what is sent is what its tag says, also while files are collected.
            None if which == Which::All => (self.manifest.paths.get(name)?, Caching::Asked),
            None => return None,
        };
        let entry = self.manifest.files.get(stored)?;
        let file = |name: &str| Data::Disk(root.join(name));
        let compressed = entry.encodings.iter().map(|(encoding, encoded)| {
            Form::new(Some(*encoding), file(&encoding.name_for(stored)), encoded.size, &encoded.sha256)
        });
        let plain = Form::new(None, file(stored), entry.size, &entry.sha256);
        Some(Asset::new(name, caching, plain, Compressed::Ready(compressed.collect())))
    }
}
