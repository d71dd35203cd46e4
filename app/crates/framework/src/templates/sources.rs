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
