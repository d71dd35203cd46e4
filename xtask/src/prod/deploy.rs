//! Files for those who run the server elsewhere: a unit for systemd, a Dockerfile.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::options::SystemdUnit;
use crate::project::Project;

const DOCKERFILE: &str = include_str!("Dockerfile");

const UNIT: &str = include_str!("app.service");

/// The user when nobody names one: not root.
const USER: &str = "app";

/// A build in one image, and the server in another one.
pub(super) fn dockerfile() -> String {
    DOCKERFILE.replace("{rust}", env!("CARGO_PKG_RUST_VERSION"))
}

/// The unit file for this checkout, or what was named in its place.
pub(super) fn unit(project: &Project, typed: &SystemdUnit) -> String {
    let absolute = |path: &PathBuf| project.here.join(path);
    let root = typed.root.as_ref().map_or_else(|| project.root.clone(), absolute);
    let binary = typed.binary.as_ref().map_or_else(|| project.in_profile("release").app_binary(), absolute);
    let me = project.variables.get(OsStr::new("USER")).and_then(|user| user.to_str());
    let user = typed.user.as_deref().or(me.filter(|user| *user != "root")).unwrap_or(USER);
    // `$` means a variable in a command line only.
    let command = format!("\"{}\"", quoted(&binary).replace('$', "$$"));
    UNIT.replace("{user}", user)
        .replace("{binary}", &command)
        .replace("{quoted_root}", &quoted(&root))
        .replace("{root}", &specifiers(&root))
}

/// Between double quotes.
fn quoted(path: &Path) -> String {
    specifiers(path).replace('\\', "\\\\").replace('"', "\\\"")
}

/// `%` means itself.
fn specifiers(path: &Path) -> String {
    path.to_string_lossy().replace('%', "%%")
}
