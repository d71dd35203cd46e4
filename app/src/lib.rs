//! The newsletter service: users, recipients, messages, mailings, attempts.

// A command is `pub struct Command` in a file of its own, though nobody outside of its module sees it.
#[allow(unreachable_pub)]
pub mod modules;

use framework::module::Carried;
use framework::project::Project;

/// The migrations of the modules in a release build; a debug build reads them from the disk. See `build.rs`.
const CARRIED: Option<Carried> = include!(concat!(env!("OUT_DIR"), "/migrations.rs"));

/// The project.
pub fn project() -> Project {
    Project::new("Newsletter", env!("CARGO_PKG_VERSION"), modules::MODULES).carrying(CARRIED)
}
