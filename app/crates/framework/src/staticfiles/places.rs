//! Where static files come from: directories on the disk, and what a release build carries.

use std::borrow::Cow;
use std::path::PathBuf;

use crate::carried::{self, Files};
use crate::context::Context;

/// The project's own folder, when no setting names any.
const OWN: &str = "static";

/// A place that holds static files.
#[derive(Clone, Debug)]
pub enum Place {
    /// A directory; it need not exist.
    Directory(PathBuf),
    /// What the program carries of a folder.
    Carried {
        /// The folder, relative to the product's sources.
        folder: String,
        /// Its files.
        files: Files<[u8]>,
    },
}

/// The places that hold static files, in order of precedence: the project's own, then the modules'. A release build
/// reads what it carries; a directory of the setting `static.dirs` that is none of these is read from the disk.
pub fn places(ctx: &Context) -> Vec<Place> {
    let (settings, source) = (ctx.settings(), ctx.layout().source());
    let own = |directory: &PathBuf| {
        let folder = directory.to_string_lossy();
        carried_folder(ctx, &folder).unwrap_or_else(|| Place::Directory(source.join(directory)))
    };
    let mut places: Vec<Place> = settings.static_files.dirs.iter().map(own).collect();
    // The binary alone has no settings file that would say so.
    if settings.origins.of("static.dirs").is_none() {
        places.extend(carried_folder(ctx, OWN));
    }
    for module in ctx.modules() {
        let of_module = || carried_folder(ctx, &format!("src/modules/{}/static", module.path()));
        match ctx.carried() {
            Some(_) => places.extend(of_module()),
            None => places.push(Place::Directory(ctx.layout().module(module.path()).join("static"))),
        }
    }
    places
}

fn carried_folder(ctx: &Context, folder: &str) -> Option<Place> {
    let files = carried::folder(ctx.carried()?.statics, folder)?;
    Some(Place::Carried { folder: folder.to_owned(), files })
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
    let plain = |segment: &str| !matches!(segment, "" | "." | "..") && !segment.contains(['\\', '\0', ':']);
    if !path.split('/').all(plain) {
        return None;
    }
    places.iter().find_map(|place| match place {
        Place::Carried { files, .. } => carried::file(files, path).map(Found::Carried),
        Place::Directory(directory) => {
            let directory = directory.canonicalize().ok()?;
            let file = directory.join(path).canonicalize().ok()?;
            (file.starts_with(&directory) && file.is_file()).then_some(Found::File(file))
        }
    })
}
