//! `makemigrations` (cases 165–184, 203, 205).

mod asking;
mod books;
mod merging;
mod updating;
mod writing;

use framework::module::Module;

use crate::sandbox::Sandbox;

/// The folder of the migrations of `books`.
const FOLDER: &str = "src/modules/books/migrations";

/// A project whose module `books` has this version, in a folder of its own.
fn project(modules: &'static [fn() -> Module]) -> Sandbox {
    Sandbox::new(modules).file("src/modules/books/mod.rs", "").file("src/modules/films/mod.rs", "")
}

/// The same with a first migration, and then these modules.
fn changed(from: &'static [fn() -> Module], to: &'static [fn() -> Module]) -> Sandbox {
    let sandbox = project(from);
    sandbox.line("makemigrations -v0").is(0, "", "");
    sandbox.modules(to)
}
