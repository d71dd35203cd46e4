//! Static files: where they are looked for, their addresses, and how they are served.

mod content_type;
mod serving;

use std::path::PathBuf;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::conf::Settings;
use crate::context::Context;

pub(crate) use serving::StaticFiles;

/// What need not be encoded in the path of a static file.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The URL prefix of static files, with a slash at its end.
pub(crate) fn prefix(settings: &Settings) -> String {
    format!("{}/", settings.static_files.url.trim_end_matches('/'))
}

/// The address of a static file.
pub(crate) fn url(prefix: &str, path: &str) -> String {
    format!("{prefix}{}", utf8_percent_encode(path.trim_start_matches('/'), PATH))
}

/// The directories of static files, in order of precedence: the project's own, then the modules'.
pub fn directories(ctx: &Context) -> Vec<PathBuf> {
    let source = ctx.layout().source();
    let own = ctx.settings().static_files.dirs.iter().map(|directory| source.join(directory));
    let modules = ctx.modules().iter().map(|module| ctx.layout().module(module.path()).join("static"));
    own.chain(modules).collect()
}

/// The file that a path (decoded, relative, with `/`) stands for: the first one there is. Nothing outside the
/// directories is ever found, not through `..` and not through a symbolic link.
pub fn find(directories: &[PathBuf], path: &str) -> Option<PathBuf> {
    let plain = |segment: &str| !matches!(segment, "" | "." | "..") && !segment.contains(['\\', '\0', ':']);
    if !path.split('/').all(plain) {
        return None;
    }
    directories.iter().find_map(|directory| {
        let directory = directory.canonicalize().ok()?;
        let file = directory.join(path).canonicalize().ok()?;
        (file.starts_with(&directory) && file.is_file()).then_some(file)
    })
}
