//! People who log in: owners of mailings, and managers.

pub mod models;
pub mod service;

use framework::module::Module;

/// The module.
pub fn module() -> Module {
    let mut module = Module::new("users");
    module.models(models::MODELS);
    module.accounts(&service::ACCOUNTS);
    module
}
