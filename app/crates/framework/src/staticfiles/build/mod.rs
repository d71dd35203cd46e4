//! From sources to what is served: hashes in names, references rewritten. Pure: it reads the sources, and writes nothing,
//! so that it is the same for a directory and for what a release build carries.

mod components;
mod css;
mod js;
mod names;
mod problem;
mod references;
mod rewrite;

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use super::digest::{Digest, hex};
use super::manifest::{Entry, Manifest};
use super::threads;
use problem::Place;
pub use problem::{Failure, Problem};
use references::{Kind, Reference};

/// A static file as it was found.
#[derive(Clone, Debug)]
pub struct Source {
    /// The name that templates use, with `/`.
    pub path: String,
    /// Its content.
    pub data: Data,
}

/// Where content is.
#[derive(Clone, Debug)]
pub enum Data {
    /// In memory.
    Memory(Bytes),
    /// In a file, which may be big.
    Disk(PathBuf),
}

impl Data {
    /// All of it.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(&self) -> io::Result<Bytes> {
        match self {
            Self::Memory(bytes) => Ok(bytes.clone()),
            Self::Disk(path) => std::fs::read(path).map(Bytes::from),
        }
    }

    fn digest(&self) -> io::Result<Digest> {
        match self {
            Self::Memory(bytes) => Ok(Digest::of(bytes)),
            Self::Disk(path) => Digest::copying(&mut File::open(path)?, &mut io::sink()),
        }
    }
}

/// Content, and what identifies it.
#[derive(Clone, Debug)]
pub struct Content {
    /// The content.
    pub data: Data,
    /// Its size and SHA-256.
    pub digest: Digest,
}

impl Content {
    /// The file that it is in.
    pub fn path(&self) -> Option<&Path> {
        match &self.data {
            Data::Memory(_) => None,
            Data::Disk(path) => Some(path),
        }
    }
}

/// A static file as it is served.
#[derive(Clone, Debug)]
pub struct Served {
    /// The name that templates use.
    pub path: String,
    /// What is served under that name: the source.
    pub original: Content,
    /// The name with the hash.
    pub hashed_path: String,
    /// What is served under that name: the source with its references rewritten.
    pub hashed: Content,
}

impl Served {
    /// Whether something was rewritten in it.
    pub fn is_rewritten(&self) -> bool {
        self.original.digest != self.hashed.digest
    }
}

/// What a set of sources becomes.
#[derive(Clone, Debug)]
pub struct Built {
    /// All files, by path.
    pub files: Vec<Served>,
    /// See [`Scanned::digest`].
    pub digest: String,
    /// What is not as it should be, and hurts nobody.
    pub warnings: Vec<Problem>,
}

impl Built {
    /// The manifest of exactly these files, without anything compressed.
    pub fn manifest(&self) -> Manifest {
        let paths = self.files.iter().map(|file| (file.path.clone(), file.hashed_path.clone())).collect();
        let entry = |content: &Content| Entry {
            size: content.digest.size,
            sha256: content.digest.sha256.clone(),
            encodings: BTreeMap::new(),
        };
        let both = |file: &Served| {
            [(file.path.clone(), entry(&file.original)), (file.hashed_path.clone(), entry(&file.hashed))]
        };
        Manifest::new(self.digest.clone(), paths, self.files.iter().flat_map(both).collect())
    }
}

/// Sources that were read once.
#[derive(Debug)]
pub struct Scanned {
    /// Over the names and contents of all sources, and the address that they are served at: equal ones lead to the same
    /// files. It is the `build` of a [`Manifest`].
    pub digest: String,
    prefix: String,
    files: Vec<Read>,
    problems: Vec<Problem>,
}

/// A source that was read.
#[derive(Debug)]
struct Read {
    source: Source,
    digest: Digest,
    /// The whole text, where there may be references in it.
    text: Option<Bytes>,
    references: Vec<Reference>,
    warnings: Vec<Problem>,
}

/// Part of every digest; another one whenever the same sources lead to something else.
const FORMAT: &str = "1";

/// Reads all sources, which are served below `prefix` (`/static/`). Says nothing yet about what is wrong with them.
pub fn scan(mut sources: Vec<Source>, prefix: &str) -> Scanned {
    sources.sort_by(|left, right| left.path.cmp(&right.path));
    let mut problems = names::conflicts(&sources);
    let mut hasher = Sha256::new();
    let mut add = |part: &str| {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    };
    add(FORMAT);
    add(prefix);
    let mut files = Vec::with_capacity(sources.len());
    for (source, read) in sources.iter().zip(threads::map(&sources, read)) {
        match read {
            Ok(file) => {
                add(&source.path);
                add(&file.digest.sha256);
                files.push(file);
            }
            Err(error) => {
                problems.push(Problem::new(Place::of(source), format!("cannot be read: {error}")));
                let digest = Digest { size: 0, sha256: String::new() };
                let (text, references, warnings) = (None, Vec::new(), Vec::new());
                files.push(Read { source: source.clone(), digest, text, references, warnings });
            }
        }
    }
    Scanned { digest: hex(&hasher.finalize()), prefix: prefix.to_owned(), files, problems }
}

/// Reads all sources and builds what is served below `prefix`.
///
/// # Errors
/// Everything that is wrong with them.
pub fn build(sources: Vec<Source>, prefix: &str) -> Result<Built, Failure> {
    scan(sources, prefix).build()
}

impl Scanned {
    /// What is served.
    ///
    /// # Errors
    /// Everything that is wrong with the sources: what cannot be read, names in each other's way, references that lead
    /// nowhere.
    pub fn build(self) -> Result<Built, Failure> {
        rewrite::build(self)
    }

    /// Everything as it is, without looking at references.
    ///
    /// # Errors
    /// What cannot be read, and names in each other's way.
    pub fn originals(self) -> Result<Vec<(String, Content)>, Failure> {
        if !self.problems.is_empty() {
            return Err(Failure::new(self.problems));
        }
        let file = |file: Read| (file.source.path, Content { data: file.source.data, digest: file.digest });
        Ok(self.files.into_iter().map(file).collect())
    }
}

/// The name of a file with the hash of this content in it.
pub fn hashed_name(path: &str, content: &[u8]) -> String {
    names::hashed(path, &Digest::of(content).sha256)
}

fn read(source: &Source) -> io::Result<Read> {
    let Some(kind) = Kind::of(&source.path) else {
        let digest = source.data.digest()?;
        let (text, references, warnings) = (None, Vec::new(), Vec::new());
        return Ok(Read { source: source.clone(), digest, text, references, warnings });
    };
    let text = source.data.read()?;
    let mut warnings = Vec::new();
    if let Err(error) = std::str::from_utf8(&text) {
        let place = Place::of(source).at(&text, error.valid_up_to());
        warnings.push(Problem::new(place, "is not UTF-8, which is what browsers will be told".to_owned()));
    }
    let references = kind.references(&text);
    Ok(Read { source: source.clone(), digest: Digest::of(&text), text: Some(text), references, warnings })
}
