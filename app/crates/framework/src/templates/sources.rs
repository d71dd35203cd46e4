//! Where templates are looked for.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use minijinja::ErrorKind;

use crate::context::Context;

/// The framework's own templates, the last to be looked at.
const BUILTIN: [(&str, &str); 3] = [
    ("forms/fields.html", include_str!("builtin/forms/fields.html")),
    ("error.html", include_str!("builtin/error.html")),
    ("registration/login.html", include_str!("builtin/registration/login.html")),
];

/// The directories that hold templates, in order of precedence.
#[derive(Clone)]
pub(super) struct Sources(Arc<[PathBuf]>);

/// Where a template was found.
pub(super) enum Found {
    File(PathBuf),
    Builtin(&'static str),
}

impl Sources {
    pub(super) fn new(ctx: &Context) -> Self {
        let modules = ctx.modules().iter().map(|module| ctx.layout().module(module.path()));
        Self(std::iter::once(ctx.layout().source()).chain(modules).map(|home| home.join("templates")).collect())
    }

    pub(super) fn directories(&self) -> &[PathBuf] {
        &self.0
    }

    pub(super) fn find(&self, name: &str) -> Option<Found> {
        if !is_safe(name) {
            return None;
        }
        let file = self.0.iter().map(|directory| directory.join(name)).find(|file| file.is_file());
        file.map(Found::File).or_else(|| {
            let (_, text) = BUILTIN.iter().find(|(known, _)| *known == name)?;
            Some(Found::Builtin(text))
        })
    }

    pub(super) fn read(&self, name: &str) -> Result<Option<String>, minijinja::Error> {
        match self.find(name) {
            None => Ok(None),
            Some(Found::Builtin(text)) => Ok(Some(text.to_owned())),
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
