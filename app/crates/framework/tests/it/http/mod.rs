//! Pages, templates, static files and the server, with a small shop as the project.

mod errors;
mod hosts;
mod pages;
mod process;
mod runserver;
mod shop;
mod statics;
mod templates;
