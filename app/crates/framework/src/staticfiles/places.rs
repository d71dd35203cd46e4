//! Where static files come from: directories on the disk, and what a release build carries.

use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::carried::{self, Files};
use crate::conf::StaticDir;
use crate::context::Context;

/// The project's own folder, when no setting names any.
const OWN: &str = "static";

/// A place that holds static files.
#[derive(Clone, Debug)]
pub struct Place {
    /// What stands before the names of its files, without a slash at the end.
    pub prefix: Option<String>,
    /// Where they are.
    pub folder: Folder,
}

impl Place {
    /// This directory, whose files have their own names.
    pub(super) fn at(directory: &Path) -> Self {
        Self { prefix: None, folder: Folder::Directory(directory.to_owned()) }
    }
}

/// Where the files of a place are.
#[derive(Clone, Debug)]
pub enum Folder {
    /// A directory; it need not exist.
    Directory(PathBuf),
    /// What the program carries of a folder.
    Carried {
        /// The folder, relative to the product's sources.
        path: String,
        /// Its files.
        files: Files<[u8]>,
    },
}

impl fmt::Display for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory(directory) => write!(f, "{}", directory.display()),
            Self::Carried { path, .. } => write!(f, "{path} (in the program)"),
        }
    }
}

/// The places that hold static files, in order of precedence: the project's own, then the modules'. A release build
/// reads what it carries; a directory of the setting `static.dirs` that is none of these is read from the disk.
pub fn places(ctx: &Context) -> Vec<Place> {
    let (settings, source) = (ctx.settings(), ctx.layout().source());
    let own = |dir: &StaticDir| {
        let carried = carried_folder(ctx, &dir.path.to_string_lossy());
        let folder = carried.unwrap_or_else(|| Folder::Directory(source.join(&dir.path)));
        Place { prefix: dir.prefix.clone(), folder }
    };
    let plain = |folder| Place { prefix: None, folder };
    let mut places: Vec<Place> = settings.static_files.dirs.iter().map(own).collect();
    // The binary alone has no settings file that would say so.
    if settings.origins.of("static.dirs").is_none() {
        places.extend(carried_folder(ctx, OWN).map(plain));
    }
    for module in ctx.modules() {
        let of_module = || carried_folder(ctx, &format!("src/modules/{}/static", module.path()));
        match ctx.carried() {
            Some(_) => places.extend(of_module().map(plain)),
            None => places.push(plain(Folder::Directory(ctx.layout().module(module.path()).join("static")))),
        }
    }
    places
}

fn carried_folder(ctx: &Context, path: &str) -> Option<Folder> {
    let files = carried::folder(ctx.carried()?.statics, path)?;
    Some(Folder::Carried { path: path.to_owned(), files })
}

/// What a name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A file on the disk.
    File(PathBuf),
    /// The content of one that the program carries.
    Carried(&'static [u8]),
}

impl Found {
    /// What is in it.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read(&self) -> std::io::Result<Cow<'static, [u8]>> {
        match self {
            Self::File(file) => std::fs::read(file).map(Cow::Owned),
            Self::Carried(content) => Ok(Cow::Borrowed(content)),
        }
    }
}

/// The file that a path (decoded, relative, with `/`) stands for: the first one there is. Nothing outside the
/// places is ever found, not through `..` and not through a symbolic link.
pub fn find(places: &[Place], path: &str) -> Option<Found> {
    candidates(places, path).next().map(|(_, found)| found)
}

/// All files that a path stands for, with the place of each; the one that is used comes first.
pub fn find_all<'a>(places: &'a [Place], path: &str) -> Vec<(&'a Place, Found)> {
    candidates(places, path).collect()
}

fn candidates<'a>(places: &'a [Place], path: &str) -> impl Iterator<Item = (&'a Place, Found)> {
    let plain = |segment: &str| !matches!(segment, "" | "." | "..") && !segment.contains(['\\', '\0', ':']);
    let places = if path.split('/').all(plain) { places } else { &[] };
    places.iter().filter_map(move |place| {
        let path = match &place.prefix {
            None => path,
            Some(prefix) => path.strip_prefix(prefix.as_str())?.strip_prefix('/')?,
        };
        let found = match &place.folder {
            Folder::Carried { files, .. } => carried::file(files, path).map(Found::Carried)?,
            Folder::Directory(directory) => {
                let directory = directory.canonicalize().ok()?;
                let file = directory.join(path).canonicalize().ok()?;
                (file.starts_with(&directory) && file.is_file()).then_some(Found::File(file))?
            }
        };
        Some((place, found))
    })
}
