//! Sessions: what is remembered of a visitor between two requests, in a table of its own.

mod clearsessions;
pub mod models;
pub mod service;

use crate::context::Context;
use crate::module::Module;

const LABEL: &str = "sessions";

/// The module.
pub fn module() -> Module {
    let mut module = Module::new(LABEL);
    module.models(models::MODELS);
    module.embedded_migrations(&[("0001_initial", include_str!("migrations/0001_initial.toml"))]);
    module
}

/// Whether the project has sessions at all.
pub(crate) fn is_installed(ctx: &Context) -> bool {
    ctx.modules().iter().any(|module| module.label() == LABEL)
}
