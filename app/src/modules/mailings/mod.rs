//! Mailings: who gets which message, when, and what came of it.

mod commands;
pub mod demo;
pub mod models;
pub mod service;
mod views;

use framework::module::Module;

/// The module.
pub fn module() -> Module {
    Module::new("mailings").models(models::MODELS).commands(commands::all()).routes(views::routes())
}
