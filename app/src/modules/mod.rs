//! The registry of the project's modules.

pub mod mailings;
pub mod users;

use framework::contrib::{auth, sessions};
use framework::module::Module;

/// The installed modules, in order of precedence: an earlier one's commands, templates and static files come before a
/// later one's.
pub const MODULES: &[fn() -> Module] = &[
    // One a line.
    mailings::module,
    users::module,
    auth::module,
    sessions::module,
];
