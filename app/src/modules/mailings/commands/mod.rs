//! The module's commands, one file each.

mod load_demo;

use framework::management::{CommandSpec, command};

/// The commands.
pub(super) fn all() -> Vec<CommandSpec> {
    vec![command::<load_demo::Command>()]
}
