//! The module's commands, one file each.

mod load_demo;

use framework::management;

/// The commands.
pub(super) fn all() -> Vec<management::CommandSpec> {
    vec![
        // One a line.
        management::command::<load_demo::Command>(),
    ]
}
