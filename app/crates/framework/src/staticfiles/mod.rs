//! Static files: where they are looked for, their addresses, and how they are served.

mod content_type;
mod places;
mod serving;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::conf::Settings;

pub use places::{Found, Place, find, places};
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
