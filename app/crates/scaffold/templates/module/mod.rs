//! [[ module.title ]].

[% if command %]
mod commands;
[% endif %]
[% if model %]
pub mod models;
pub mod service;
[% endif %]
#[cfg(test)]
mod tests;
mod views;

use framework::module::Module;

/// The module.
pub fn module() -> Module {
    let mut module = Module::new("[[ module.name ]]");
[% if model %]
    module.models(models::MODELS);
[% endif %]
[% if command %]
    module.commands(commands::all());
[% endif %]
    module.routes(views::routes());
    module
}
