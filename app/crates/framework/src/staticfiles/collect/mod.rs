//! `collectstatic`: all static files in one directory, with hashes in their names, references rewritten, compressed. The new
//! set is made beside the old one and takes its place in one step.

mod command;
mod existing;
mod places;
mod plan;
mod publish;
mod stage;

use std::io;
use std::path::{Path, PathBuf};

/// What the file system refused.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("failed to {action} `{}`: {source}", path.display())]
    Io { action: &'static str, path: PathBuf, source: io::Error },
    #[error("`{}` was changed while it was collected", path.display())]
    Changed { path: PathBuf },
    #[error("`{}` is no directory", path.display())]
    NoDirectory { path: PathBuf },
    #[error(transparent)]
    Manifest(#[from] super::manifest::Error),
    #[error("failed to write the manifest: {0}")]
    Json(#[from] serde_json::Error),
}

type Result<T> = std::result::Result<T, Error>;

/// Says what was tried.
fn tried<'a>(action: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> Error + use<'a> {
    move |source| Error::Io { action, path: path.to_owned(), source }
}
