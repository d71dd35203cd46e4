//! How to get a program that is no part of the Rust toolchain.

use std::path::Path;

use super::toolchain::on_path;
use crate::project::Project;

/// What systems install programs with, and what they call the C compiler with what it needs, and git.
const INSTALLERS: &[(&str, &str, &str)] = &[
    ("apt-get", "sudo apt-get install gcc libc6-dev", "sudo apt-get install git"),
    ("dnf", "sudo dnf install gcc glibc-devel", "sudo dnf install git"),
    ("pacman", "sudo pacman -S gcc", "sudo pacman -S git"),
    ("apk", "sudo apk add gcc musl-dev", "sudo apk add git"),
    ("zypper", "sudo zypper install gcc glibc-devel", "sudo zypper install git"),
    ("brew", "xcode-select --install", "xcode-select --install"),
];

/// The command that installs a C compiler.
pub(super) fn compiler(project: &Project) -> String {
    forgotten(project, "cc").unwrap_or_else(|| installer(project).1.to_owned())
}

/// The command that installs git.
pub(super) fn git(project: &Project) -> String {
    forgotten(project, "git").unwrap_or_else(|| installer(project).2.to_owned())
}

/// The way to a program that is where such programs are, but not on the PATH.
fn forgotten(project: &Project, program: &str) -> Option<String> {
    let is_there = |directory: &&str| Path::new(directory).join(program).is_file();
    let directory = ["/usr/bin", "/bin", "/usr/local/bin"].into_iter().find(is_there);
    let directory = directory.filter(|_| on_path(project, program).is_none())?;
    Some(format!("export PATH=\"$PATH:{directory}\""))
}

fn installer(project: &Project) -> (&'static str, &'static str, &'static str) {
    let usual = if cfg!(target_os = "macos") { INSTALLERS.last() } else { INSTALLERS.first() };
    let found = INSTALLERS.iter().find(|(program, ..)| on_path(project, program).is_some());
    found.or(usual).copied().unwrap_or_default()
}
