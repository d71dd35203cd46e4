//! `collectstatic`, `findstatic` and the checks around them (cases 77–80, 110–137).

mod basics;
mod checks;
mod faults;
mod finding;
mod hashing;

use std::fs;
use std::path::PathBuf;

use framework::module::Module;
use framework::staticfiles::manifest::Manifest;

use crate::sandbox::{Ran, Sandbox};

fn shop() -> Module {
    Module::new("shop")
}

fn annex() -> Module {
    Module::new("annex")
}

/// A project with files of its own, and two modules.
fn site() -> Sandbox {
    Sandbox::new(&[shop, annex]).file("config/default.toml", "[static]\ndirs = [\"static\"]\n")
}

/// The same with a file of each.
fn filled() -> Sandbox {
    site()
        .file("static/test.txt", "project")
        .file("static/sub/deep/file.txt", "deep")
        .file("src/modules/shop/static/shop.js", "let shop;")
        .file("src/modules/annex/static/annex.txt", "annex")
}

/// The static root.
fn root(sandbox: &Sandbox) -> PathBuf {
    sandbox.dir.path().join("var/static")
}

/// The names of all files in it, sorted.
fn names(sandbox: &Sandbox) -> Vec<String> {
    let mut names = Vec::new();
    let mut rest = vec![root(sandbox)];
    while let Some(directory) = rest.pop() {
        for entry in fs::read_dir(&directory).into_iter().flatten() {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                rest.push(path);
            } else {
                let name = path.strip_prefix(root(sandbox)).expect("a file in the root");
                names.push(name.to_str().expect("UTF-8").to_owned());
            }
        }
    }
    names.sort();
    names
}

/// The text of a file in it.
fn text(sandbox: &Sandbox, name: &str) -> String {
    sandbox.text(&format!("var/static/{name}"))
}

fn manifest(sandbox: &Sandbox) -> Manifest {
    Manifest::read(&root(sandbox)).expect("a manifest that can be read").expect("a manifest")
}

/// The hashed name of a file.
fn hashed(sandbox: &Sandbox, name: &str) -> String {
    manifest(sandbox).stored_name(name).unwrap_or_else(|| panic!("no `{name}` in the manifest"))
}

/// Collects without a question; it must work, and warn of nothing.
#[track_caller]
fn collect(sandbox: &Sandbox, options: &str) -> Ran {
    let ran = sandbox.line(&format!("collectstatic --noinput {options}"));
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
    ran
}

/// What it says at the end.
fn copied(sandbox: &Sandbox, number: &str, rest: &str) -> String {
    format!("{number} copied to '{}'{rest}.\n", root(sandbox).display())
}
