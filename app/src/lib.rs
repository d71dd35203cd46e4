//! The newsletter service: users, recipients, messages, mailings, attempts.

pub mod modules;

use framework::project::Project;

/// The project.
pub fn project() -> Project {
    Project::new("Newsletter", env!("CARGO_PKG_VERSION"), modules::MODULES)
}
