//! The development server.

mod browser;
mod builder;
mod channel;
mod child;
mod chromium;
mod companions;
mod editors;
mod front;
mod page;
mod painter;
mod plain;
mod shell;
#[allow(dead_code, reason = "the tests of reloading follow")]
mod site;
mod stage;
mod terminal;
mod watch;
