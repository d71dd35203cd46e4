//! Static files: where they are looked for, their addresses, how they are collected, and how they are served.

mod addresses;
pub mod build;
pub(crate) mod checks;
mod collect;
pub mod compress;
mod content_type;
mod deployed;
pub mod digest;
mod findstatic;
mod listing;
pub mod manifest;
mod names;
mod patterns;
mod places;
mod serving;
mod threads;

use std::path::PathBuf;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC};

use crate::conf::Settings;
use crate::context::Context;

pub(crate) use addresses::{Mode, address, mode};
pub(crate) use deployed::{Deployed, check};
pub use listing::{Listing, list};
pub use patterns::Patterns;
pub use places::{Folder, Found, Place, find, find_all, places};
pub(crate) use serving::StaticFiles;

/// What need not be encoded in the path of a static file.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The URL prefix of static files, with a slash at its end.
pub(crate) fn prefix(settings: &Settings) -> String {
    format!("{}/", settings.static_files.url.trim_end_matches('/'))
}

/// Where they are collected, if anywhere.
pub fn root(ctx: &Context) -> Option<PathBuf> {
    let root = &ctx.settings().static_files.root;
    (!root.as_os_str().is_empty()).then(|| ctx.layout().root.join(root))
}

/// The names that are left out when files are collected, as the settings have them.
pub fn ignored(settings: &Settings) -> Patterns {
    Patterns::new(settings.static_files.ignore.iter().map(String::as_str))
}
