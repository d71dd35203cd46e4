//! `staticfiles.json` in the static root: which name stands for which hashed one, and all that serving needs to know.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::compress::Encoding;
use super::digest::hex;

/// The name of the manifest in the static root.
pub const NAME: &str = "staticfiles.json";

/// The version of the format. `version`, `paths` and `hash` mean what they do in Django's.
const VERSION: &str = "1.1";

/// What is in the static root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of the format.
    pub version: String,
    /// The hashed name of each file, by the name that templates use.
    pub paths: BTreeMap<String, String>,
    /// Over `paths`: another one when anything else is to be served.
    pub hash: String,
    /// Over all sources, see [`build::digest`](super::build::digest).
    #[serde(default)]
    pub build: String,
    /// Every file in the static root that was collected, by its name there: original and hashed names, those of
    /// earlier generations too. What stands beside them compressed is named by their encodings.
    #[serde(default)]
    pub files: BTreeMap<String, Entry>,
    /// The hashed names of earlier runs that are still there, the latest run first.
    #[serde(default)]
    pub generations: Vec<Generation>,
}

/// One file in the static root.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its size in bytes.
    pub size: u64,
    /// The SHA-256 of its content, in hex.
    pub sha256: String,
    /// What stands beside it, compressed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub encodings: BTreeMap<Encoding, Encoded>,
}

/// A compressed file: the name of the other one, a dot, and the encoding's [extension](Encoding::extension).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Encoded {
    /// Its size in bytes.
    pub size: u64,
    /// The SHA-256 of its content, in hex.
    pub sha256: String,
}

/// The hashed names that an earlier run led to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generation {
    /// The `hash` of its manifest.
    pub hash: String,
    /// Its hashed names.
    pub files: Vec<String>,
}

/// Why a manifest could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file is there and cannot be read.
    #[error("failed to read `{}`: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It holds something else.
    #[error("`{}` is no manifest of static files: {source}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// It was written by something that this program does not know.
    #[error("`{}` has version `{version}`, which this program does not know (it knows `{VERSION}`)", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: String,
    },
}

impl Manifest {
    /// A manifest of these hashed names, by the names that templates use.
    pub fn new(build: String, paths: BTreeMap<String, String>, files: BTreeMap<String, Entry>) -> Self {
        let hash = hash(&paths);
        Self { version: VERSION.to_owned(), paths, hash, build, files, generations: Vec::new() }
    }

    /// The manifest in this static root; none when there is none.
    ///
    /// # Errors
    /// When there is one that cannot be read, or not understood.
    pub fn read(root: &Path) -> Result<Option<Self>, Error> {
        let path = root.join(NAME);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            Err(source) => return Err(Error::Unreadable { path, source }),
        };
        match serde_json::from_slice::<Self>(&bytes) {
            Ok(manifest) if manifest.version == VERSION => Ok(Some(manifest)),
            Ok(manifest) => Err(Error::Version { path, version: manifest.version }),
            Err(source) => Err(Error::Damaged { path, source }),
        }
    }

    /// The text of the file.
    ///
    /// # Errors
    /// Never in practice: all keys are text.
    pub fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(self)
    }

    /// The name under which a file is served, given how a template names it: the hashed one; what follows a `?` or a
    /// `#` stays, and so does the path of a directory. `None` for a file that is not in it.
    pub fn stored_name(&self, name: &str) -> Option<String> {
        let (path, suffix) = split_suffix(name);
        if path.is_empty() || path.ends_with('/') {
            return Some(name.to_owned());
        }
        Some(format!("{}{suffix}", self.paths.get(path)?))
    }
}

/// A name as it is written in a template, cut before its query or fragment.
pub(super) fn split_suffix(name: &str) -> (&str, &str) {
    name.split_at(name.find(['?', '#']).unwrap_or(name.len()))
}

fn hash(paths: &BTreeMap<String, String>) -> String {
    let mut hasher = Sha256::new();
    for (path, hashed) in paths {
        for part in [path, hashed] {
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
    }
    hex(&hasher.finalize())[..12].to_owned()
}
