//! Files of the project's own: all below `var/`.

use std::fs;
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::{DoctorCheck, Finding, shown, typed};
use crate::context::Context;
use crate::system::{self, Space};

pub(super) const CHECKS: &[DoctorCheck] = &[
    DoctorCheck::new("var", |ctx| Box::pin(async { directories(ctx) }))
        .repaired_by(|ctx| Box::pin(async { make_directories(ctx) }))
        .without_settings(),
    DoctorCheck::new("var.space", |ctx| Box::pin(async { space(ctx) })).without_settings(),
    DoctorCheck::new("log", |ctx| Box::pin(async { log_file(ctx) })).without_settings(),
];

const MIB: u64 = 1024 * 1024;

/// With less, a bulk command or a backup may fail; with much less, the next commit.
const LITTLE_SPACE: u64 = 512 * MIB;
const NO_SPACE: u64 = 32 * MIB;

fn wanted(ctx: &Context) -> [PathBuf; 2] {
    let var = ctx.layout().var();
    [var.clone(), var.join("log")]
}

fn directories(ctx: &Context) -> Vec<Finding> {
    let missing: Vec<PathBuf> = wanted(ctx).into_iter().filter(|path| !path.exists()).collect();
    let unusable = wanted(ctx).into_iter().filter(|path| path.exists()).find_map(|path| {
        let error = probe(&path).err()?;
        Some(unwritable(ctx, "var", &path, &error))
    });
    if let Some(finding) = unusable {
        return vec![finding];
    }
    if let Some(last) = missing.last() {
        let names: Vec<String> = missing.iter().map(|path| format!("`{}`", shown(ctx, path))).collect();
        let message = format!("{} {} not there yet", names.join(", "), if names.len() == 1 { "is" } else { "are" });
        return vec![Finding::warning("var", message, format!("mkdir -p {}", typed(ctx, last)))];
    }
    vec![Finding::ok("var", "`var/` can be written")]
}

fn make_directories(ctx: &Context) -> anyhow::Result<Vec<String>> {
    let mut made = Vec::new();
    if wanted(ctx).iter().any(|path| path.exists() && !path.is_dir()) {
        return Ok(made);
    }
    for path in wanted(ctx).into_iter().filter(|path| !path.exists()) {
        fs::create_dir(&path).with_context(|| format!("`{}` cannot be made", shown(ctx, &path)))?;
        made.push(format!("made `{}`", shown(ctx, &path)));
    }
    Ok(made)
}

/// Writes a file there and removes it: permissions alone say nothing of a file system that is full or read-only.
fn probe(directory: &Path) -> io::Result<()> {
    let file = directory.join(format!(".doctor.{}", std::process::id()));
    let written = fs::File::create_new(&file).and_then(|mut open| open.write_all(b"doctor\n"));
    // Where it could not be made, it cannot be removed.
    let removed = fs::remove_file(&file);
    written.and(removed)
}

/// The finding about a place that cannot be written, with the command that fits the system's reason.
fn unwritable(ctx: &Context, id: &str, path: &Path, error: &io::Error) -> Finding {
    let message = format!("`{}` cannot be written: {error}", shown(ctx, path));
    Finding::error(id, message, command(ctx, path, error.kind()))
}

/// The command that makes a place writable again, which the system refuses to write for this reason.
fn command(ctx: &Context, path: &Path, reason: ErrorKind) -> String {
    let path = typed(ctx, path);
    match reason {
        ErrorKind::PermissionDenied => format!("sudo chown -R \"$(id -un)\" {path} && chmod -R u+rwX {path}"),
        ErrorKind::ReadOnlyFilesystem => format!("sudo mount -o remount,rw \"$(findmnt -no TARGET -T {path})\""),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => format!("du -xah {path} | sort -rh | head"),
        ErrorKind::NotADirectory | ErrorKind::IsADirectory => format!("mv {path} {path}.old"),
        _ => format!("ls -ld {path}"),
    }
}

/// The command that makes a directory or a file writable again, by what the system says when it is tried.
pub(super) fn writable_again(ctx: &Context, path: &Path) -> String {
    let tried = if path.is_dir() { probe(path) } else { fs::File::options().append(true).open(path).map(drop) };
    command(ctx, path, tried.err().map_or(ErrorKind::Other, |error| error.kind()))
}

fn space(ctx: &Context) -> Vec<Finding> {
    let var = ctx.layout().var();
    let place = var.ancestors().find(|path| path.exists()).unwrap_or(&var);
    vec![match system::free_space(place) {
        Ok(space) => judged(space, format!("du -xah {} | sort -rh | head", typed(ctx, place))),
        Err(error) if error.kind() == ErrorKind::Unsupported => {
            Finding::skipped("var.space", "this system does not say how much space is free")
        }
        Err(error) => unwritable(ctx, "var.space", place, &error),
    }]
}

fn judged(space: Space, command: String) -> Finding {
    let id = "var.space";
    let message = format!("{} MiB are free where `var/` is", space.bytes / MIB);
    match space {
        Space { bytes, .. } if bytes < NO_SPACE => Finding::error(id, message, command),
        Space { files: Some(0), .. } => {
            Finding::error(id, "the file system of `var/` can hold no more files (no inode is free)", command)
        }
        Space { bytes, .. } if bytes < LITTLE_SPACE => Finding::warning(id, message, command),
        _ => Finding::ok(id, message),
    }
}

/// Opened as it is when a line is logged, but never made.
fn log_file(ctx: &Context) -> Vec<Finding> {
    let path = ctx.layout().var().join("log/app.log");
    vec![match fs::File::options().append(true).open(&path) {
        Ok(_) => Finding::ok("log", format!("`{}` can be written", shown(ctx, &path))),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Finding::ok("log", format!("`{}` is made with its first line", shown(ctx, &path)))
        }
        Err(error) => unwritable(ctx, "log", &path, &error),
    }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Level;

    #[test]
    fn space_is_judged_by_bytes_and_by_files() {
        let level = |mib: u64, files| judged(Space { bytes: mib * MIB, files }, "df".to_owned()).level;
        for (mib, files, expected) in [
            (31, None, Level::Error),
            (32, Some(1), Level::Warning),
            (511, None, Level::Warning),
            (512, Some(1), Level::Ok),
            (512, Some(0), Level::Error),
        ] {
            assert_eq!(level(mib, files), expected, "{mib} {files:?}");
        }
        let full = judged(Space { bytes: 0, files: None }, "df".to_owned());
        assert_eq!(full, Finding::error("var.space", "0 MiB are free where `var/` is", "df"));
    }
}
