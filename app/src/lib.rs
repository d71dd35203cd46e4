//! The newsletter service: users, recipients, messages, mailings, attempts.

// A command is `pub struct Command` in a file of its own, though nobody outside of its module sees it.
#[allow(unreachable_pub)]
pub mod modules;

use framework::project::{Carried, Project};

/// What a release build carries; a debug build reads the disk. See `build.rs`.
const CARRIED: Option<Carried> = include!(concat!(env!("OUT_DIR"), "/carried.rs"));

/// The project.
pub fn project() -> Project {
    Project::new("Newsletter", env!("CARGO_PKG_VERSION"), modules::MODULES).carrying(CARRIED)
}
