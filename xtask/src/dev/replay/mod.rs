//! An edit of the app's own sources without cargo: the two calls of rustc that cargo would make, as it made them last,
//! into a folder of our own, linked against dependencies that are linked already.
//!
//! The rule is: when in doubt, cargo. It is asked whenever anything around the app's own sources is not as it was when
//! the calls were recorded ([`recipe`]), when another cargo is at work, and when a call fails in a way that is not an
//! error in the sources. What is served is compiled from the sources as they are, by the same compiler with the same
//! options, either way.

mod command;
mod prelink;
mod recipe;

use std::ffi::OsStr;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context;
use rustix::fs::{FlockOperation, flock};

pub(super) use self::command::program_of;
use self::command::{Outputs, Priority};
use self::prelink::Prelink;
use self::recipe::Recipe;
use super::calls::{Calls, Stopped};
use super::diagnostics::Said;
use super::model::{Built, Changes, Kind};
use crate::app;
use crate::fingerprint::{self, Nanos};
use crate::project::Project;

/// Set to `0`, it switches replaying off.
pub(super) const SWITCH: &str = "XTASK_REPLAY";

/// How many binaries are kept. One that is served for long may be needed once more, to start a command.
const KEPT: usize = 8;

/// Where everything is.
fn folder(project: &Project) -> PathBuf {
    project.state().join("replay")
}

/// Whether replaying is possible at all here. A release build carries files that nobody here watches.
pub(super) fn is_possible(project: &Project) -> bool {
    let is_off = project.variables.get(OsStr::new(SWITCH)).is_some_and(|value| value == "0");
    cfg!(target_os = "linux") && project.profile() == "debug" && !is_off
}

/// Builds without cargo. `None` when cargo has to be asked.
pub(super) fn build(project: &Project, changed: Option<&Changes>, calls: &Calls) -> Result<Option<Built>, Stopped> {
    if !is_possible(project) || !changed.is_some_and(|changed| is_own(project, changed)) {
        return Ok(None);
    }
    let Some(_ours) = lock(&folder(project).join("lock")) else { return Ok(None) };
    // Cargo holds it while it builds, and nothing may be changed under us either.
    let Some(_cargos) = lock(&project.binaries.join(".cargo-lock")) else { return Ok(None) };
    if fingerprint::is_of_another_checkout(project) {
        return Ok(None);
    }
    let Some(recipe) = Recipe::load(project).filter(|recipe| is_prepared(project, recipe.key)) else { return Ok(None) };
    let built = match run(project, &recipe, Priority::Normal, calls) {
        Err(Stopped::Cancelled) => return Err(Stopped::Cancelled),
        // A full disk, a folder that is gone: nothing of which the sources could tell. Cargo may get further.
        Err(Stopped::Failed(_)) => None,
        Ok(built) => built,
    };
    if built.is_none() {
        // It is prepared once more after cargo's build, or is found not to work. Where that cannot be written, cargo
        // is asked after a vain try each time.
        let _ = State::Unknown.save(project);
    }
    Ok(built)
}

fn is_prepared(project: &Project, key: u64) -> bool {
    State::of(project) == State::Prepared(key) && Prelink::new(&folder(project), key).is_there()
}

/// Whether nothing but sources of the package `app` changed. The recipe would notice all else; this is for what it
/// might not know of.
fn is_own(project: &Project, changed: &Changes) -> bool {
    let app = project.root.join("app");
    let is_own = |file: &PathBuf| {
        file.strip_prefix(&app)
            .is_ok_and(|path| path.starts_with("src") && path.extension().is_some_and(|end| end == "rs"))
    };
    changed.of(Kind::Source).all(is_own)
}

/// Takes a lock without waiting. The file is made if its folder is there.
fn lock(path: &Path) -> Option<File> {
    let file = File::options().create(true).truncate(false).write(true).open(path).ok()?;
    flock(&file, FlockOperation::NonBlockingLockExclusive).ok()?;
    Some(file)
}

/// A new binary. `None` when cargo has to be asked.
fn run(project: &Project, recipe: &Recipe, priority: Priority, calls: &Calls) -> Result<Option<Built>, Stopped> {
    let linker = Prelink::new(&folder(project), recipe.key).linker();
    let Some(mut said) = compile(project, recipe, &linker, priority, calls)? else { return Ok(None) };
    if !said.errors.is_empty() {
        said.errors.append(&mut said.warnings);
        return Ok(Some(Built::Failed { messages: said.errors }));
    }
    let binary = keep(project, &folder(project).join("out").join(recipe.bin.binary()))?;
    Ok(Some(Built::Done { binary, fresh: false, warnings: said.warnings }))
}

/// The two calls, the second only if the first succeeds; there are errors if one does not. `None` when cargo has to be
/// asked about what happened.
fn compile(
    project: &Project,
    recipe: &Recipe,
    linker: &Path,
    priority: Priority,
    calls: &Calls,
) -> Result<Option<Said>, Stopped> {
    let out = folder(project).join("out");
    sweep(&out);
    let mut said = Said::default();
    for (recorded, linker) in [(&recipe.lib, None), (&recipe.bin, Some(linker))] {
        let outputs = Outputs { folder: &out, linker };
        let output = calls.run(&mut recorded.command(project, &outputs, priority), |_| {})?;
        said.by_rustc(&output.stderr, &project.root);
        if !output.status.success() {
            let is_clear = !said.doubtful && !said.errors.is_empty();
            return Ok(is_clear.then_some(said));
        }
        if reads_unknown_files(project, &out.join(recorded.dep_info())) {
            return Ok(None);
        }
    }
    Ok(Some(said))
}

/// Whether the compiler read files (`include_str!`) that cargo's last build did not. Nobody would notice when they
/// change, before cargo has written them down.
fn reads_unknown_files(project: &Project, dep_info: &Path) -> bool {
    let (Ok(read), Ok(known)) = (fingerprint::named_in(dep_info, &project.root), fingerprint::compiled_from(project))
    else {
        return true;
    };
    let sources = project.root.join("app/src");
    let is_source = |file: &Path| file.starts_with(&sources) && file.extension().is_some_and(|end| end == "rs");
    !read.iter().all(|file| is_source(file) || known.contains(file))
}

/// Removes what calls that were cancelled left behind.
fn sweep(out: &Path) {
    for entry in std::fs::read_dir(out).into_iter().flatten().filter_map(Result::ok) {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        // What cannot be removed does no harm.
        let _ = match (name.ends_with(".rcgu.o"), name.starts_with("rustc") || name.starts_with("rmeta")) {
            (true, _) => std::fs::remove_file(entry.path()),
            (_, true) => std::fs::remove_dir_all(entry.path()),
            _ => Ok(()),
        };
    }
}

/// Moves the binary to a place of its own, where the next build does not touch it.
fn keep(project: &Project, made: &Path) -> anyhow::Result<PathBuf> {
    let binaries = folder(project).join("bin");
    let mut before: Vec<PathBuf> =
        std::fs::read_dir(&binaries).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())).collect();
    before.sort();
    for old in before.iter().rev().skip(KEPT) {
        // Another session may be faster.
        let _ = std::fs::remove_dir_all(old);
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    let place = binaries.join(format!("{now:032}"));
    let binary = place.join(format!("app{}", std::env::consts::EXE_SUFFIX));
    let moved = std::fs::create_dir_all(&place).and_then(|()| std::fs::rename(made, &binary));
    moved.with_context(|| format!("failed to move `{}` to `{}`", made.display(), binary.display()))?;
    Ok(binary)
}

/// What cargo left to be known of a build that succeeded.
pub(super) struct Recording {
    /// When it began.
    pub(super) begun: Nanos,
    /// What it wrote to stderr with `-vv`.
    pub(super) stderr: Vec<u8>,
    /// The files that are used by the app's own compilation.
    pub(super) artifacts: Vec<PathBuf>,
}

/// Takes down what cargo did in a build that succeeded, and makes everything ready for replaying it. That takes some
/// seconds, while the app is served already. What fails is tried again after the next change of the dependencies.
pub(super) fn prepare(project: &Project, recording: Recording) -> anyhow::Result<()> {
    if !is_possible(project) {
        return Ok(());
    }
    let place = folder(project);
    std::fs::create_dir_all(place.join("out")).with_context(|| format!("failed to make `{}`", place.display()))?;
    let Some(_ours) = lock(&place.join("lock")) else { return Ok(()) };
    let recorded = Recipe::record(project, recording);
    if let Some(recipe) = &recorded {
        recipe.save(project)?;
    }
    // Without a record, cargo had nothing to compile; the one before may still hold.
    let Some(recipe) = recorded.or_else(|| Recipe::load(project)) else { return Ok(()) };
    if is_prepared(project, recipe.key) || State::of(project) == State::Refused(recipe.key) {
        return Ok(());
    }
    let (calls, _canceller) = Calls::new();
    let verdict = rehearse(project, &recipe, &calls).unwrap_or(Verdict::Fails);
    match verdict {
        // Something changed meanwhile, and may be in it.
        _ if !recipe.is_valid(project) => Ok(()),
        Verdict::Works => State::Prepared(recipe.key).save(project),
        Verdict::Fails => State::Refused(recipe.key).save(project),
        Verdict::Undecided => Ok(()),
    }
}

/// What a rehearsal shows.
enum Verdict {
    Works,
    Fails,
    /// The sources are in the middle of being edited, and do not compile or run; the next build of cargo tries again.
    Undecided,
}

/// Does all of it once: fills the compiler's incremental cache, links the dependencies, and sees whether what comes out
/// is a program.
fn rehearse(project: &Project, recipe: &Recipe, calls: &Calls) -> Result<Verdict, Stopped> {
    let prelink = Prelink::new(&folder(project), recipe.key);
    match compile(project, recipe, &prelink.recorder()?, Priority::Low, calls)? {
        None => return Ok(Verdict::Fails),
        Some(said) if !said.errors.is_empty() => return Ok(Verdict::Undecided),
        Some(_) => {}
    }
    let library = recipe.lib.library();
    if !calls.run(&mut prelink.command(&library)?, |_| {})?.status.success() {
        return Ok(Verdict::Fails);
    }
    prelink.finish(&library)?;
    let binary = match run(project, recipe, Priority::Low, calls)? {
        Some(Built::Done { binary, .. }) => binary,
        Some(_) => return Ok(Verdict::Undecided),
        None => return Ok(Verdict::Fails),
    };
    let mut version = Command::new(binary);
    version.arg("version").current_dir(&project.root).env("APP_ROOT", &project.root);
    Ok(match calls.run(&mut version, |_| {})?.status.code() {
        Some(0) => Verdict::Works,
        // By a signal, or what the loader says of a program that does not fit its libraries.
        None | Some(127) => Verdict::Fails,
        Some(_) => Verdict::Undecided,
    })
}

/// Whether a recipe, by its key, was found to work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Unknown,
    Prepared(u64),
    Refused(u64),
}

impl State {
    fn path(project: &Project) -> PathBuf {
        folder(project).join("state")
    }

    fn of(project: &Project) -> Self {
        let text = std::fs::read_to_string(Self::path(project)).unwrap_or_default();
        match text.trim().split_once(' ').map(|(word, key)| (word, key.parse())) {
            Some(("prepared", Ok(key))) => Self::Prepared(key),
            Some(("refused", Ok(key))) => Self::Refused(key),
            _ => Self::Unknown,
        }
    }

    fn save(self, project: &Project) -> anyhow::Result<()> {
        let text = match self {
            Self::Unknown => String::new(),
            Self::Prepared(key) => format!("prepared {key}\n"),
            Self::Refused(key) => format!("refused {key}\n"),
        };
        app::replace(&Self::path(project), &text)
    }
}
