//! Pages, templates, static files and the server, with a small shop as the project.

mod deployed;
mod dev;
mod draining;
mod errors;
mod handing_over;
mod hosts;
mod limits;
mod pages;
mod probes;
mod process;
mod proxies;
mod runner;
mod runserver;
mod serve;
mod shop;
mod statics;
mod studio;
mod templates;
