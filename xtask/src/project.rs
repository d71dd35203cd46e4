//! Where things are: the workspace, the target directory, the cargo to call.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::environment::{self, Changes, Variables};
use crate::failure::Failure;

/// The places of one call.
#[derive(Clone, Debug)]
pub struct Project {
    /// The workspace's root directory.
    pub root: PathBuf,
    /// Where the person stands; every child keeps it.
    pub here: PathBuf,
    /// The directory of the binaries of this profile (`target/debug`).
    pub binaries: PathBuf,
    /// The cargo to call for builds.
    pub cargo: OsString,
    /// xtask's own environment.
    pub variables: Variables,
    /// The environment for whatever is started, without what cargo set for xtask.
    pub scrubbed: Changes,
}

impl Project {
    /// Finds the workspace around the current directory, and the target directory around xtask's own executable.
    ///
    /// # Errors
    /// When the current directory is gone, or outside the workspace.
    pub fn discover() -> anyhow::Result<Self> {
        let here = std::env::current_dir().context("failed to find the current directory")?;
        let variables = environment::read();
        let root = root(&here, &variables)?;
        let executable = std::env::current_exe().context("failed to find xtask's own executable")?;
        let binaries = executable.parent().context("failed to find the target directory")?.to_owned();
        let cargo = variable(&variables, "CARGO").cloned();
        let target = binaries.parent().unwrap_or(&binaries);
        let mut scrubbed = environment::scrub(&variables, target, cargo.as_deref().map(Path::new));
        // Nested cargo stands in the root, not where the person stands: a relative directory would be another one.
        for name in ["CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR"] {
            if variable(&variables, name).is_some_and(|directory| Path::new(directory).is_relative()) {
                scrubbed = scrubbed.with(name, target.as_os_str());
            }
        }
        Ok(Self { root, here, cargo: cargo.unwrap_or_else(|| "cargo".into()), variables, scrubbed, binaries })
    }

    /// The directory under the target directory where xtask keeps what it knows between calls.
    pub fn state(&self) -> PathBuf {
        self.binaries.parent().unwrap_or(&self.binaries).join("xtask")
    }

    /// The app's binary, which cargo puts beside xtask's own.
    pub fn app_binary(&self) -> PathBuf {
        self.binaries.join(format!("app{}", std::env::consts::EXE_SUFFIX))
    }

    /// The same project with the binaries of another profile.
    #[must_use]
    pub fn in_profile(&self, directory: &str) -> Self {
        Self { binaries: self.binaries.with_file_name(directory), ..self.clone() }
    }

    /// The cargo profile, by the name of its directory.
    pub fn profile(&self) -> String {
        self.binaries.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }
}

fn variable<'a>(variables: &'a Variables, name: &str) -> Option<&'a OsString> {
    variables.get(OsStr::new(name))
}

/// The workspace root. `cargo run` names xtask's own manifest directory (never baked in: a binary in a shared target
/// directory may have been built from another checkout); without it, the nearest workspace around `here`.
fn root(here: &Path, variables: &Variables) -> anyhow::Result<PathBuf> {
    let is_root = |dir: &Path| dir.join("Cargo.toml").is_file() && dir.join("xtask/Cargo.toml").is_file();
    // Another package's variables (xtask started from some test) say nothing about ours.
    let ours = variable(variables, "CARGO_PKG_NAME").is_some_and(|name| name == "xtask");
    let manifest = variable(variables, "CARGO_MANIFEST_DIR").filter(|_| ours).map(Path::new);
    manifest
        .and_then(Path::parent)
        .into_iter()
        .chain(here.ancestors())
        .find(|dir| is_root(dir))
        .map(Path::to_owned)
        .ok_or_else(|| {
            Failure::new(format!("`{}` is not inside the workspace", here.display()))
                .hint("go to the directory of the project, then type `cargo xtask`")
                .into()
        })
}
