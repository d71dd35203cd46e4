//! All that a module of a project may use: settings, context, commands, checks, pages, templates.
//!
//! Data flows one way: argv and environment → typed arguments and [`conf::Settings`] → [`context::Context`] → command or
//! handler → service → rows. Text leaves through [`management::Console`] or [`http::Response`] only.

pub mod accounts;
pub mod cache;
mod carried;
pub mod checks;
pub mod clock;
pub mod conf;
pub mod context;
pub mod contrib;
mod dbshell;
pub mod doctor;
mod fixtures;
pub mod forms;
pub mod http;
pub mod i18n;
pub mod logging;
mod mac;
pub mod management;
pub mod migrations;
pub mod module;
pub mod process;
pub mod project;
mod scaffolding;
mod serve;
mod shell;
pub mod staticfiles;
mod system;
pub mod templates;
pub mod testing;

pub use cli;
pub use db;
