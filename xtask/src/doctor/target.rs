//! The target directory: whether it can be written, how much it can hold, whose it is, and who builds in it.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use cli::findings::Finding;

use crate::project::Project;
use crate::{fingerprint, output, system};

const MIB: u64 = 1024 * 1024;

/// A build from nothing takes about as much; with much less, the next edit may not fit.
const LITTLE_SPACE: u64 = 2048 * MIB;
const NO_SPACE: u64 = 256 * MIB;

pub(super) fn path(project: &Project) -> &Path {
    project.binaries.parent().unwrap_or(&project.binaries)
}

/// The command that mounts the file system of a directory once more, with this option.
pub(super) fn remount(directory: &Path, option: &str) -> String {
    let directory = output::quote(directory.as_os_str());
    format!("sudo mount -o remount,{option} \"$(findmnt -no TARGET -T {directory})\"")
}

pub(super) fn directory(project: &Project) -> Vec<Finding> {
    let id = "target";
    let (target, state) = (path(project), project.state());
    let probe = state.join(format!("doctor-{}", std::process::id()));
    let written = std::fs::create_dir_all(&state).and_then(|()| std::fs::write(&probe, "doctor\n"));
    // Where it could not be made, it cannot be removed.
    let removed = std::fs::remove_file(&probe);
    if let Err(error) = written.and(removed) {
        let quoted = output::quote(target.as_os_str());
        let command = match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "cargo clean".to_owned(),
            io::ErrorKind::ReadOnlyFilesystem => remount(target, "rw"),
            _ => format!("sudo chown -R \"$(id -un)\" {quoted} && chmod -R u+rwX {quoted}"),
        };
        let message = format!("the target directory `{}` cannot be written: {error}", target.display());
        return vec![Finding::error(id, message, command)];
    }
    if fingerprint::is_of_another_checkout(project) {
        let other = std::fs::read_to_string(fingerprint::root_file(project)).unwrap_or_default();
        let whose = if other.is_empty() { "another checkout".to_owned() } else { format!("`{other}`") };
        let message =
            format!("the target directory was last used by {whose}: its builds of the app go at the next build");
        return vec![Finding::warning(id, message, "cargo xtask version")];
    }
    vec![Finding::ok(id, "the target directory can be written")]
}

pub(super) fn space(project: &Project) -> Vec<Finding> {
    let id = "target.space";
    let target = path(project);
    vec![match system::free_space(target) {
        Ok(bytes) => judged(bytes),
        Err(error) => Finding::skipped(id, format!("how much space is free cannot be told: {error}")),
    }]
}

fn judged(bytes: u64) -> Finding {
    let (id, message) = ("target.space", format!("{} MiB are free where the target directory is", bytes / MIB));
    match bytes {
        ..NO_SPACE => Finding::error(id, message, "cargo clean"),
        NO_SPACE..LITTLE_SPACE => Finding::warning(id, message, "cargo clean"),
        _ => Finding::ok(id, message),
    }
}

/// Who builds in it now: cargo holds a lock for as long as it works.
pub(super) fn lock(project: &Project) -> Vec<Finding> {
    let id = "target.lock";
    vec![match held(project) {
        None => Finding::ok(id, "nobody builds in the target directory"),
        Some(holder) => {
            Finding::warning(id, format!("the target directory is in use by {}", holder.name), holder.command)
        }
    }]
}

/// Somebody who holds cargo's lock.
pub(super) struct Holder {
    /// In words.
    pub(super) name: String,
    /// How to see what it does.
    pub(super) command: String,
}

/// Whoever holds cargo's lock on the target directory.
pub(super) fn held(project: &Project) -> Option<Holder> {
    let lock: PathBuf = project.binaries.join(".cargo-lock");
    let file = File::open(&lock).ok()?;
    if !matches!(file.try_lock(), Err(TryLockError::WouldBlock)) {
        return None;
    }
    let Some(pid) = system::lock_holder(&file) else {
        return Some(Holder { name: "another cargo".to_owned(), command: "pgrep -a cargo".to_owned() });
    };
    let home = PathBuf::from(format!("/proc/{pid}"));
    let name = std::fs::read_to_string(home.join("comm")).unwrap_or_default();
    let place = std::fs::read_link(home.join("cwd")).map(|place| format!(" in `{}`", place.display()));
    let name = format!("`{}` (pid {pid}){}", name.trim(), place.unwrap_or_default());
    Some(Holder { name, command: format!("ps -f {pid}") })
}

#[cfg(test)]
mod tests {
    use cli::findings::Level;

    use super::*;

    #[test]
    fn space_is_judged_by_how_much_a_build_needs() {
        for (mib, level) in [(0, Level::Error), (255, Level::Error), (256, Level::Warning), (2047, Level::Warning)] {
            assert_eq!(judged(mib * MIB).level, level, "{mib}");
        }
        assert_eq!(judged(2048 * MIB), Finding::ok("target.space", "2048 MiB are free where the target directory is"));
    }
}
