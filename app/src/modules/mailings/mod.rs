//! Mailings: who gets which message, when, and what came of it.

mod commands;
pub mod demo;
pub mod models;
pub mod service;
mod views;

use framework::module::Module;

/// The module.
pub fn module() -> Module {
    let mut module = Module::new("mailings");
    module.models(models::MODELS);
    module.commands(commands::all());
    module.routes(views::routes());
    module
}
