//! Changes of a project's own sources: new modules and commands, their registration, and the way back. Everything is read
//! from the sources, so that it works while they do not compile; the app and xtask call the same code.
//!
//! A request flows one way: `cli`'s arguments → checked names ([`names`]) → a [`Change`] (planned against the tree, nothing
//! written) → conflicts settled through [`Talk`] → journalled and applied, all or nothing ([`journal`]).

mod addresses;
mod carry_out;
mod change;
mod commands;
mod conflicts;
mod diff;
mod drafts;
mod error;
pub mod journal;
pub mod listing;
pub mod model;
mod modules;
pub mod names;
pub mod register;
mod removal;
mod rustfmt;
pub mod sources;
mod syntax;
mod talk;
pub mod templates;
mod tree;
mod undo;
mod words;

pub use change::{Change, Edit, Kind};
pub use commands::{add_command, remove_command};
pub use error::Error;
pub use modules::{add_module, remove_module};
pub use talk::{Kept, Talk};
pub use undo::undo;

/// What a scaffolding function gives back.
pub type Result<T> = std::result::Result<T, Error>;
