//! People who log in: owners of mailings, and managers.

pub mod models;
pub mod service;

use framework::module::Module;

/// The module.
pub fn module() -> Module {
    Module::new("users").models(models::MODELS).accounts(&service::ACCOUNTS)
}
