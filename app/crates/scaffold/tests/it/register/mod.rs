//! Registration: two lines in a `mod.rs`, and nothing else.

mod commands;
mod modules;
mod parts;

use std::path::Path;

/// The file that messages name.
fn file() -> &'static Path {
    Path::new("app/src/modules/cms/mod.rs")
}
