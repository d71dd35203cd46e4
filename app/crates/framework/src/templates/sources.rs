//! Where templates are looked for.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use minijinja::ErrorKind;

use crate::carried::{self, Files};
use crate::context::Context;

/// The framework's own templates, the last to be looked at.
const BUILTIN: Files<str> = &[
    ("forms/fields.html", include_str!("builtin/forms/fields.html")),
    ("error.html", include_str!("builtin/error.html")),
    ("registration/login.html", include_str!("builtin/registration/login.html")),
];

/// The places that hold templates, in order of precedence.
#[derive(Clone)]
pub(super) struct Sources(Arc<[Place]>);

enum Place {
    Directory(PathBuf),
    Carried(String, Files<str>),
    Builtin,
}

/// Where a template was found.
pub(super) enum Found {
    File(PathBuf),
    Compiled(&'static str),
}

impl Sources {
    pub(super) fn new(ctx: &Context) -> Self {
        let layout = ctx.layout();
        let modules = ctx.modules().iter().map(|module| format!("src/modules/{}/templates", module.path()));
        let folders = std::iter::once("templates".to_owned()).chain(modules);
        let mut places = Vec::new();
        match ctx.carried() {
            None => places.extend(folders.map(|folder| Place::Directory(layout.source().join(folder)))),
            Some(carried) => {
                // Where a release is deployed, a page can be patched. In a checkout these are the templates of the next
                // release, which the code of this one may not know how to fill.
                if layout.source() == layout.root {
                    places.push(Place::Directory(layout.root.join("templates")));
                }
                let carried = |folder: String| {
                    let files = carried::folder(carried.templates, &folder)?;
                    Some(Place::Carried(folder, files))
                };
                places.extend(folders.filter_map(carried));
            }
        }
        places.push(Place::Builtin);
        Self(places.into())
    }

    /// What is looked at, for messages.
    pub(super) fn places(&self) -> impl Iterator<Item = String> {
        self.0.iter().filter_map(|place| match place {
            Place::Directory(directory) => Some(format!("`{}`", directory.display())),
            Place::Carried(folder, _) => Some(format!("`{folder}` in the program")),
            Place::Builtin => None,
        })
    }

    pub(super) fn find(&self, name: &str) -> Option<Found> {
        if !is_safe(name) {
            return None;
        }
        self.0.iter().find_map(|place| match place {
            Place::Directory(directory) => Some(directory.join(name)).filter(|file| file.is_file()).map(Found::File),
            Place::Carried(_, files) => carried::file(files, name).map(Found::Compiled),
            Place::Builtin => carried::file(BUILTIN, name).map(Found::Compiled),
        })
    }

    pub(super) fn read(&self, name: &str) -> Result<Option<String>, minijinja::Error> {
        match self.find(name) {
            None => Ok(None),
            Some(Found::Compiled(text)) => Ok(Some(text.to_owned())),
            Some(Found::File(file)) => {
                std::fs::read_to_string(&file).map(Some).map_err(|error| unreadable(&file, error))
            }
        }
    }
}

/// Every template of a project, its modules and the framework, with where it is. What cannot be read is said when it is
/// rendered.
pub(crate) fn texts(ctx: &Context) -> Vec<(String, String)> {
    let mut texts = Vec::new();
    for place in Sources::new(ctx).0.iter() {
        match place {
            Place::Directory(directory) => files(directory, &mut texts),
            Place::Carried(folder, files) => {
                texts.extend(files.iter().map(|(name, text)| (format!("{folder}/{name}"), (*text).to_owned())));
            }
            Place::Builtin => texts.extend(BUILTIN.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))),
        }
    }
    let here = &ctx.env().current_dir;
    let shown =
        |place: String| Path::new(&place).strip_prefix(here).map_or(place.clone(), |short| short.display().to_string());
    texts.into_iter().map(|(place, text)| (shown(place), text)).collect()
}

/// The texts below a directory, in order. Hidden files are no templates.
fn files(directory: &Path, texts: &mut Vec<(String, String)>) {
    let Ok(entries) = directory.read_dir() else { return };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let is_hidden = |path: &PathBuf| path.file_name().is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
    for path in paths.into_iter().filter(|path| !is_hidden(path)) {
        if path.is_dir() && !path.is_symlink() {
            files(&path, texts);
        } else if let Ok(text) = std::fs::read_to_string(&path) {
            texts.push((path.display().to_string(), text));
        }
    }
}

fn unreadable(file: &Path, error: std::io::Error) -> minijinja::Error {
    let message = format!("failed to read `{}`: {error}", file.display());
    minijinja::Error::new(ErrorKind::InvalidOperation, message).with_source(error)
}

/// Names are relative and stay below their directory; hidden files are no templates.
fn is_safe(name: &str) -> bool {
    let plain =
        |segment: &str| !segment.is_empty() && !segment.starts_with('.') && !segment.contains(['\\', '\0', ':']);
    name.split('/').all(plain)
}
