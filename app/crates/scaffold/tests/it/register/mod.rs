//! Registration: two lines in a `mod.rs`, and nothing else.
#![allow(clippy::print_stderr, reason = "seeds, and what is skipped, are for who runs the tests")]

mod commands;
mod modules;
mod parts;
mod property;
mod random;

use std::path::Path;

/// The file that messages name.
fn file() -> &'static Path {
    Path::new("app/src/modules/cms/mod.rs")
}
