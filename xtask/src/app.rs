//! The only place that builds, finds, checks the freshness of, and starts the app's binary.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::commands;
use crate::fingerprint::{self, Nanos};
use crate::output;
use crate::plan::{Role, Step};
use crate::process::{self, Ended};
use crate::project::Project;
use crate::system::{Request, Signals};

/// Whether the binary is what a build would give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Nothing changed since the last build that xtask saw.
    Fresh,
    /// Cargo has to be asked.
    Stale,
}

/// The identity of a binary, by which what is known about it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binary {
    size: u64,
    mtime: i64,
    mtime_nanos: u32,
}

impl Binary {
    /// The app's binary as it is now, if there is one.
    pub fn now(project: &Project) -> Option<Self> {
        Self::at(&project.app_binary())
    }

    /// The binary at this path as it is now, if there is one.
    pub fn at(path: &Path) -> Option<Self> {
        let metadata = std::fs::metadata(path).ok()?;
        let modified = fingerprint::modified(&metadata);
        let mtime = i64::try_from(modified.div_euclid(1_000_000_000)).ok()?;
        let mtime_nanos = u32::try_from(modified.rem_euclid(1_000_000_000)).ok()?;
        Some(Self { size: metadata.len(), mtime, mtime_nanos })
    }
}

/// What is remembered after a build.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Stamp {
    version: u32,
    binary: Binary,
    built_from: u64,
}

impl Stamp {
    const VERSION: u32 = 1;

    fn path(project: &Project) -> PathBuf {
        project.state().join(format!("app-{}.stamp", project.profile()))
    }
}

/// Decides without cargo whether the app must be built. What cannot be decided is stale: cargo is then asked, which
/// costs half a second, while a wrong "fresh" would run old code.
pub fn freshness(project: &Project) -> Freshness {
    let known = std::fs::read(Stamp::path(project)).ok().and_then(|text| serde_json::from_slice::<Stamp>(&text).ok());
    let now = Binary::now(project).and_then(|binary| {
        let built_from = fingerprint::take(project).ok()?.hash;
        Some(Stamp { version: Stamp::VERSION, binary, built_from })
    });
    if known.is_some() && known == now { Freshness::Fresh } else { Freshness::Stale }
}

/// The call of cargo that builds the app in the profile in which xtask itself was built.
pub fn build_step(project: &Project) -> Step {
    let mut args: Vec<OsString> = ["build", "--package", "app", "--bin", "app"].map(OsString::from).into();
    match project.profile().as_str() {
        "debug" => {}
        "release" => args.push("--release".into()),
        other => args.extend(["--profile".into(), other.into()]),
    }
    Step {
        role: Role::Build,
        program: project.cargo.clone(),
        args,
        directory: project.root.clone(),
        env: project.scrubbed.clone(),
    }
}

/// A call of the app, in the directory where the person stands.
pub fn step(project: &Project, role: Role, args: impl IntoIterator<Item = OsString>) -> Step {
    let env = project.scrubbed.clone().with("APP_PROG", "cargo xtask").with("APP_ROOT", project.root.as_os_str());
    Step {
        role,
        program: project.app_binary().into_os_string(),
        args: args.into_iter().collect(),
        directory: project.here.clone(),
        env,
    }
}

/// Runs the build and remembers what the binary was built from. Gives what [`process::run`] gives.
///
/// # Errors
/// When cargo cannot be started, or the target directory cannot be written, and those of [`commands::check`].
pub fn build(project: &Project, step: &Step, signals: &mut Signals) -> anyhow::Result<(Ended, Option<Request>)> {
    commands::check(project)?;
    let begun = Begun::now(project)?;
    let (ended, asked) = process::run(step, signals)?;
    if ended == Ended::Exited(0) {
        begun.succeeded(project)?;
    }
    Ok((ended, asked))
}

/// A build that is about to be run, by whoever runs it.
#[derive(Debug)]
pub struct Begun {
    at: Nanos,
}

impl Begun {
    /// Makes the target directory ours. To be called before cargo is.
    ///
    /// # Errors
    /// When the target directory cannot be written.
    pub fn now(project: &Project) -> anyhow::Result<Self> {
        let state = project.state();
        std::fs::create_dir_all(&state).with_context(|| format!("failed to make `{}`", state.display()))?;
        if fingerprint::is_of_another_checkout(project) {
            set_aside(project)?;
        }
        // Another xtask that begins at the same moment must not read a part, and take us for another checkout.
        replace(&fingerprint::root_file(project), project.root.as_os_str().as_encoded_bytes())?;
        Ok(Self { at: file_time(&state)? })
    }

    /// When it began, by the clock that stamps files.
    pub fn at(&self) -> Nanos {
        self.at
    }

    /// Remembers what the binary was built from, after cargo said that it built it.
    ///
    /// # Errors
    /// When the target directory cannot be written.
    pub fn succeeded(self, project: &Project) -> anyhow::Result<()> {
        remember(project, self.at)
    }
}

/// Removes what another checkout built in this target directory; dependencies stay.
fn set_aside(project: &Project) -> anyhow::Result<()> {
    output::note("the target directory was used by another checkout; its builds of these crates are removed");
    let packages = fingerprint::packages(project);
    let names: Vec<&OsStr> = packages.iter().filter_map(|package| package.file_name()).collect();
    clean(project, &names)?;
    // xtask itself is then built from here at its next call. That is worth a try, not a failure.
    let _ = clean(project, &[OsStr::new("xtask")]);
    Ok(())
}

fn clean(project: &Project, packages: &[&OsStr]) -> anyhow::Result<()> {
    let mut step = build_step(project);
    step.args = ["clean", "--quiet"].map(OsString::from).into();
    step.args.extend(packages.iter().flat_map(|name| ["--package".into(), OsString::from(name)]));
    let ended = step.unseen().stderr_capture().run().with_context(|| format!("failed to start `{}`", step.short()))?;
    let reason = String::from_utf8_lossy(&ended.stderr);
    anyhow::ensure!(ended.status.success(), "`{}` failed: {}", step.short(), reason.trim_end());
    Ok(())
}

/// Now, by the clock that stamps files: it is coarser than the system's, and may be another machine's.
fn file_time(state: &Path) -> anyhow::Result<Nanos> {
    let path = state.join(format!("now-{}", std::process::id()));
    let time = std::fs::write(&path, "").and_then(|()| std::fs::metadata(&path));
    let time = time.with_context(|| format!("failed to write `{}`", path.display()))?;
    std::fs::remove_file(&path).with_context(|| format!("failed to remove `{}`", path.display()))?;
    Ok(fingerprint::modified(&time))
}

/// Writes the stamp, unless a file was changed after the build began: the compiler may have read it before, so the
/// next call has to ask cargo again.
fn remember(project: &Project, begun: Nanos) -> anyhow::Result<()> {
    let (Some(binary), Ok(state)) = (Binary::now(project), fingerprint::take(project)) else {
        output::note("warning: the app was built, but not from this checkout; the next call asks cargo again");
        return Ok(());
    };
    if state.newest >= begun {
        return Ok(());
    }
    let stamp = Stamp { version: Stamp::VERSION, binary, built_from: state.hash };
    let text = serde_json::to_string(&stamp).context("failed to write the stamp")?;
    replace(&Stamp::path(project), &text)
}

/// Writes a file so that a reader sees the old text or the new one, never a part.
///
/// # Errors
/// When the directory cannot be made or written.
pub fn replace(path: &Path, text: impl AsRef<[u8]>) -> anyhow::Result<()> {
    let failed = || format!("failed to write `{}`", path.display());
    std::fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).with_context(failed)?;
    let draft = path.with_extension(format!("{}.new", std::process::id()));
    std::fs::write(&draft, text).and_then(|()| std::fs::rename(&draft, path)).with_context(failed)
}
