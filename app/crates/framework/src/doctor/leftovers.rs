//! What a crash left behind in files: drafts, and a change of the sources that was under way.

use std::fs::TryLockError;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

use anyhow::Context as _;

use super::{DoctorCheck, Finding, shown};
use crate::context::Context;
use crate::{scaffolding, system};

pub(super) const CHECKS: &[DoctorCheck] = &[
    DoctorCheck::new("leftovers.drafts", |ctx| Box::pin(async { drafts(ctx) }))
        .repaired_by(|ctx| Box::pin(async { remove_drafts(ctx) }))
        .without_settings(),
    DoctorCheck::new("leftovers.change", |ctx| Box::pin(async { change(ctx) }))
        .repaired_by(|ctx| Box::pin(async { scaffolding::recover(ctx) }))
        .without_settings(),
];

/// Numbers of processes mean nothing to another container: who just wrote a draft may be alive there.
const OLD: Duration = Duration::from_secs(60);

fn drafts(ctx: &Context) -> Vec<Finding> {
    let id = "leftovers.drafts";
    let names: Vec<String> = stale(ctx).iter().map(|path| format!("`{}`", shown(ctx, path))).collect();
    vec![match names.as_slice() {
        [] => Finding::ok(id, "no drafts of processes that are gone"),
        names => {
            let message = format!("drafts of processes that are gone: {}", names.join(", "));
            Finding::warning(id, message, format!("{} doctor --fix", ctx.program()))
        }
    }]
}

fn remove_drafts(ctx: &Context) -> anyhow::Result<Vec<String>> {
    let remove = |path: PathBuf| {
        fs::remove_file(&path).with_context(|| format!("failed to remove `{}`", shown(ctx, &path)))?;
        Ok(format!("removed `{}`", shown(ctx, &path)))
    };
    stale(ctx).into_iter().map(remove).collect()
}

/// The drafts of processes that are gone: of migrations, and of what is tried out under `var/`.
fn stale(ctx: &Context) -> Vec<PathBuf> {
    let var = ctx.layout().var();
    let migrations = ctx.modules().iter().map(|module| ctx.layout().module(module.path()).join("migrations"));
    let places = [var.clone(), var.join("log"), var.join("scaffold")].into_iter().chain(migrations);
    // A directory that is not there, or cannot be read, has none that could be removed.
    let files = places.filter_map(|place| fs::read_dir(place).ok()).flatten().filter_map(Result::ok);
    let mut drafts: Vec<PathBuf> = files.map(|file| file.path()).filter(|path| is_stale(path)).collect();
    drafts.sort();
    drafts
}

/// `.0001_initial.toml.4242`, as migrations are written, and `.doctor.4242`, which tries a directory out.
fn is_stale(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let Some((of, pid)) = name.strip_prefix('.').and_then(|name| name.rsplit_once('.')) else { return false };
    // Whatever else has such a name is somebody's own.
    let is_ours = of == "doctor" || is_migration(of);
    let is_gone = is_ours && pid.parse().is_ok_and(|pid: i32| pid > 0 && !system::is_alive(pid));
    let age = || fs::symlink_metadata(path).and_then(|data| data.modified()).map(|time| time.elapsed());
    is_gone && age().is_ok_and(|age| age.is_ok_and(|age| age >= OLD))
}

/// `0001_initial.toml`.
fn is_migration(name: &str) -> bool {
    let number = name.strip_suffix(".toml").and_then(|name| name.split_once('_')).map(|(number, _)| number);
    number.is_some_and(|number| number.len() >= 4 && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A change of the sources has a journal while it is under way.
fn change(ctx: &Context) -> Vec<Finding> {
    let id = "leftovers.change";
    let journal = ctx.layout().var().join("scaffold");
    let is_under_way =
        fs::File::open(journal.join("lock")).is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)));
    vec![match fs::metadata(journal.join("pending.json")) {
        _ if is_under_way => Finding::ok(id, "a change of the sources is under way"),
        Ok(_) => {
            let message = "a change of the sources (`add-module` and the like) was interrupted";
            Finding::error(id, message, format!("{} doctor --fix", ctx.program()))
        }
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Finding::ok(id, "no change of the sources was interrupted")
        }
        Err(error) => {
            let message = format!("`{}` cannot be read: {error}", shown(ctx, &journal));
            Finding::warning(id, message, format!("ls -ld {}", super::typed(ctx, &journal)))
        }
    }]
}
