//! A release build carries the migrations, templates, static files and locales of the project and all modules, so that a
//! file that is missing on the server does not matter. A debug build carries none and reads them from the disk, so that
//! a new or edited one needs no compilation.
#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "this is how cargo and a build script talk")]

use std::env;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The project's own folders, beside those of its modules.
const OWN: [&str; 3] = ["templates", "static", "locale"];

/// Folders of a module whose files are carried.
const KINDS: [&str; 4] = ["migrations", "templates", "static", "locale"];

fn main() -> Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    let package = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let generated = if env::var("PROFILE")? == "release" {
        // A folder that is not there would make every build stale.
        for folder in OWN.into_iter().chain(["src/modules"]).filter(|folder| package.join(folder).is_dir()) {
            println!("cargo::rerun-if-changed={folder}");
        }
        carried(&package)?
    } else {
        "None\n".to_owned()
    };
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("carried.rs"), generated)?;
    Ok(())
}

/// An expression for all that is carried of the package in this directory.
pub(crate) fn carried(package: &Path) -> Result<String> {
    let modules = package.join("src/modules");
    let mut folders: Vec<PathBuf> = OWN.iter().map(|name| package.join(name)).filter(|path| path.is_dir()).collect();
    module_folders(&modules, &mut folders)?;
    let mut text = "Some(framework::project::Carried {\n    migrations: &[\n".to_owned();
    for folder in named(&folders, "migrations") {
        let module = folder.parent().unwrap_or(folder).strip_prefix(&modules)?;
        let files = sorted(folder)?.into_iter();
        let files: Vec<PathBuf> = files.filter(|file| file.extension().is_some_and(|end| end == "toml")).collect();
        writeln!(text, "        ({:?}, &[", slashed(module)?)?;
        for file in files {
            let name = file.file_stem().and_then(|name| name.to_str()).ok_or("a migration whose name is not text")?;
            writeln!(text, "            ({name:?}, include_str!({file:?})),")?;
        }
        text.push_str("        ]),\n");
    }
    text.push_str("    ],\n");
    for (field, kind, macros) in [
        ("templates", "templates", ("include_str!", "")),
        ("statics", "static", ("include_bytes!", ".as_slice()")),
        ("locales", "locale", ("include_str!", "")),
    ] {
        writeln!(text, "    {field}: &[")?;
        for folder in named(&folders, kind) {
            writeln!(text, "        ({:?}, &[", slashed(folder.strip_prefix(package)?)?)?;
            let mut files = Vec::new();
            files_below(folder, &folder.canonicalize()?, &mut files)?;
            for file in files {
                let (include, after) = macros;
                writeln!(
                    text,
                    "            ({:?}, {include}({file:?}){after}),",
                    slashed(file.strip_prefix(folder)?)?
                )?;
            }
            text.push_str("        ]),\n");
        }
        text.push_str("    ],\n");
    }
    text.push_str("})\n");
    Ok(text)
}

fn named<'a>(folders: &'a [PathBuf], kind: &'static str) -> impl Iterator<Item = &'a PathBuf> {
    folders.iter().filter(move |folder| folder.ends_with(kind))
}

/// A path as templates and addresses write it.
fn slashed(path: &Path) -> Result<String> {
    let parts = path.components().map(|part| part.as_os_str().to_str());
    let parts: Option<Vec<&str>> = parts.collect();
    let parts =
        parts.ok_or_else(|| format!("the name of `{}` is not text, so it cannot be carried", path.display()))?;
    Ok(parts.join("/"))
}

/// The folders of modules, at any depth, that hold what is carried. A folder of such a name with a `mod.rs` is a module.
fn module_folders(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in sorted(folder)?.into_iter().filter(|entry| entry.is_dir()) {
        if KINDS.iter().any(|kind| entry.ends_with(kind)) && !entry.join("mod.rs").exists() {
            found.push(entry);
        } else {
            module_folders(&entry, found)?;
        }
    }
    Ok(())
}

/// All files below a folder. What systems, editors and version control leave there is none, and neither is what lies
/// outside of `home`, however a link leads to it.
fn files_below(folder: &Path, home: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in sorted(folder)? {
        let name = entry.file_name().unwrap_or_default().to_string_lossy();
        let is_leftover = name.starts_with('.') || name.ends_with('~') || name == "CVS";
        let is_inside = || entry.canonicalize().is_ok_and(|real| real.starts_with(home));
        if is_leftover || !is_inside() {
            continue;
        }
        // A link to a folder may lead into a circle.
        if entry.is_dir() && !entry.is_symlink() {
            files_below(&entry, home, found)?;
        } else if entry.is_file() {
            found.push(entry);
        }
    }
    Ok(())
}

fn sorted(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).map_err(|error| format!("failed to read `{}`: {error}", folder.display()))?;
    let mut paths = entries.map(|entry| entry.map(|entry| entry.path())).collect::<std::result::Result<Vec<_>, _>>()?;
    paths.sort();
    Ok(paths)
}
