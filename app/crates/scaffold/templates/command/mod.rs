//! The module's commands, one file each.

use framework::management;

/// The commands.
pub(super) fn all() -> Vec<management::CommandSpec> {
    vec![
        // One a line.
    ]
}
