//! [[ module.title ]].

[% if api %]
mod api;
[% endif %]
[% if command %]
mod commands;
[% endif %]
[% if pages or api %]
mod forms;
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
[% if api %]
    module.routes([views::routes(), api::routes()].concat());
[% else %]
    module.routes(views::routes());
[% endif %]
    module
}
