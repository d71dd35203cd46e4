//! The development server.

mod browser;
mod builder;
mod channel;
mod child;
mod chromium;
mod commands;
mod companions;
mod editors;
mod edits;
mod ends;
mod failures;
mod front;
mod jobs;
mod page;
mod painter;
mod plain;
mod races;
mod random;
mod replay;
mod shell;
pub(crate) mod site;
mod stage;
mod terminal;
mod watch;
