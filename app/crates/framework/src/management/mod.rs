//! The command layer: commands, their registry, output, and how they are run from argv or from code.

mod bulk;
mod call;
mod command;
mod console;
mod dispatch;
mod error;
mod execute;
mod help;
mod registry;
mod stream;
mod style;
mod supervise;
mod terminal;

pub use bulk::parallel;
pub use call::{Call, Called};
pub use command::{Calls, Checks, Command, CommandOptions, CommandSpec, Output, command, command_as, each};
pub use console::{Answer, Coloring, Console, Input, Talk};
pub use dispatch::SystemChecks;
pub use error::{Cancelled, CommandError, Interrupted};
pub use execute::{StartLogging, execute};
pub use registry::{Entry, Registry};
#[cfg(feature = "shell")]
pub(crate) use terminal::{Holding, keep, restore, width};

pub use stream::{Capture, Stream};
pub use style::{Colors, Palette, Role, Style};
