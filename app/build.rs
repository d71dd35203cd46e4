//! A release build carries the migrations of all modules, so that a file that is missing on the server does not matter. A
//! debug build carries none and reads them from the disk, so that a new or edited one needs no compilation.
#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "this is how cargo and a build script talk")]

use std::env;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let generated = if env::var("PROFILE")? == "release" {
        println!("cargo::rerun-if-changed=src/modules");
        carried(&PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("src/modules"))?
    } else {
        "None\n".to_owned()
    };
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("migrations.rs"), generated)?;
    Ok(())
}

/// An expression for every migration below `modules`, by the path of its module.
pub(crate) fn carried(modules: &Path) -> Result<String, Box<dyn Error>> {
    let mut text = "Some(&[\n".to_owned();
    for module in module_folders(modules)? {
        let files = sorted(&module.join("migrations"))?.into_iter();
        let files: Vec<PathBuf> = files.filter(|file| file.extension().is_some_and(|end| end == "toml")).collect();
        writeln!(text, "    ({:?}, &[", module.strip_prefix(modules)?)?;
        for file in files {
            let name = file.file_stem().ok_or("a migration without a name")?;
            writeln!(text, "        ({name:?}, include_str!({file:?})),")?;
        }
        text.push_str("    ]),\n");
    }
    text.push_str("])\n");
    Ok(text)
}

/// The folders, at any depth, that have a folder of migrations.
fn module_folders(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut found = Vec::new();
    for entry in sorted(folder)? {
        if entry.file_name().is_some_and(|name| name == "migrations") {
            found.push(folder.to_owned());
        } else if entry.is_dir() {
            found.extend(module_folders(&entry)?);
        }
    }
    Ok(found)
}

fn sorted(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let entries = fs::read_dir(folder).map_err(|error| format!("failed to read `{}`: {error}", folder.display()))?;
    let mut paths = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()?;
    paths.sort();
    Ok(paths)
}
