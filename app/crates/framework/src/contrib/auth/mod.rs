//! Groups and permissions. The user itself is the product's own model.

pub mod models;

use crate::module::Module;

/// The module.
pub fn module() -> Module {
    Module::new("auth")
        .models(models::MODELS)
        .embedded_migrations(&[("0001_initial", include_str!("migrations/0001_initial.toml"))])
}
