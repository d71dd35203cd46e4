//! The programs of the Rust toolchain: whether they are there, and new enough.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use cli::findings::Finding;

use crate::plan::{Role, Step};
use crate::project::Project;

/// A call of a program whose output is read.
pub(super) fn call(project: &Project, program: impl AsRef<OsStr>, args: &[&str]) -> Step {
    Step {
        role: Role::Tool,
        program: program.as_ref().to_owned(),
        args: args.iter().map(Into::into).collect(),
        directory: project.root.clone(),
        env: project.scrubbed.clone(),
    }
}

/// The first line that a program says of itself, or why it does not.
pub(super) fn first_line(step: &Step) -> Result<String, String> {
    let said = step.unseen().stdout_capture().stderr_capture().run().map_err(|error| error.to_string())?;
    let line = |bytes: &[u8]| String::from_utf8_lossy(bytes).lines().next().unwrap_or_default().trim().to_owned();
    match (said.status.success(), line(&said.stdout), line(&said.stderr)) {
        (true, version, _) => Ok(version),
        (false, _, reason) if reason.is_empty() => Err(format!("it ended with {}", said.status)),
        (false, _, reason) => Err(reason),
    }
}

pub(super) fn cargo(project: &Project) -> Vec<Finding> {
    let id = "toolchain.cargo";
    vec![match first_line(&call(project, &project.cargo, &["--version"])) {
        Ok(version) => Finding::ok(id, version),
        Err(reason) => Finding::error(id, format!("cargo cannot be started: {reason}"), install(project)),
    }]
}

pub(super) fn rustc(project: &Project) -> Vec<Finding> {
    let id = "toolchain.rustc";
    let version = match first_line(&call(project, "rustc", &["--version"])) {
        Ok(version) => version,
        Err(reason) => return vec![Finding::error(id, format!("rustc cannot be started: {reason}"), install(project))],
    };
    let wanted = wanted(project);
    vec![match (numbers(&version), wanted.as_deref().map(numbers)) {
        (found, Some(needed)) if found < needed => {
            let message = format!("{version} is too old: the project needs {}", wanted.unwrap_or_default());
            Finding::error(id, message, "rustup update stable")
        }
        _ => Finding::ok(id, version),
    }]
}

pub(super) fn rustfmt(project: &Project) -> Vec<Finding> {
    component(project, "rustfmt", &call(project, "rustfmt", &["--version"]))
}

pub(super) fn clippy(project: &Project) -> Vec<Finding> {
    component(project, "clippy", &call(project, &project.cargo, &["clippy", "--version"]))
}

/// The app builds without it.
fn component(project: &Project, name: &str, step: &Step) -> Vec<Finding> {
    let id = format!("toolchain.{name}");
    vec![match first_line(step) {
        Ok(version) => Finding::ok(id, version),
        Err(reason) => {
            let has_rustup = on_path(project, "rustup").is_some();
            let command = if has_rustup { format!("rustup component add {name}") } else { install(project) };
            Finding::warning(id, format!("{name} cannot be started: {reason}"), command)
        }
    }]
}

/// How to get to a toolchain: by the PATH, when one is installed where rustup puts it.
fn install(project: &Project) -> String {
    let variable = |name: &str| project.variables.get(OsStr::new(name)).map(PathBuf::from);
    let home = variable("CARGO_HOME").or_else(|| Some(variable("HOME")?.join(".cargo")));
    let is_there = |home: &PathBuf| home.join("bin").join(format!("rustup{}", std::env::consts::EXE_SUFFIX)).exists();
    match home.filter(is_there) {
        _ if on_path(project, "rustup").is_some() => "rustup toolchain install stable".to_owned(),
        Some(home) => format!("export PATH=\"{}:$PATH\"", home.join("bin").display()),
        None => "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh".to_owned(),
    }
}

/// Where a program is that is called by its name alone.
pub(super) fn on_path(project: &Project, program: &str) -> Option<PathBuf> {
    let path = project.variables.get(OsStr::new("PATH"))?;
    let program = format!("{program}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(path).map(|directory| directory.join(&program)).find(|file| is_file(file))
}

fn is_file(path: &Path) -> bool {
    path.metadata().is_ok_and(|data| data.is_file())
}

/// The version of Rust that the workspace says it needs.
fn wanted(project: &Project) -> Option<String> {
    let text = std::fs::read_to_string(project.root.join("Cargo.toml")).ok()?;
    let manifest: toml::Table = toml::from_str(&text).ok()?;
    manifest.get("workspace")?.get("package")?.get("rust-version")?.as_str().map(str::to_owned)
}

/// `rustc 1.95.0-nightly (…)` or `1.95` as numbers that can be compared.
fn numbers(version: &str) -> [u32; 3] {
    let is_number = |word: &&str| word.starts_with(|letter: char| letter.is_ascii_digit());
    let word = version.split(' ').find(is_number).unwrap_or_default();
    let mut parts = word.split(['.', '-']).map(|part| part.parse().unwrap_or(0));
    [(); 3].map(|()| parts.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_their_numbers() {
        assert_eq!(numbers("rustc 1.95.0 (59807616e 2026-04-14)"), [1, 95, 0]);
        assert_eq!(numbers("rustc 1.100.2-nightly (5980 2026-04-14)"), [1, 100, 2]);
        assert_eq!((numbers("1.95"), numbers("nonsense")), ([1, 95, 0], [0; 3]));
        assert!(numbers("rustc 1.9.0") < numbers("1.95"));
    }
}
