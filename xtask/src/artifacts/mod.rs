//! The task `clear-artifacts`: removes what builds, tools and servers left behind, and nothing that somebody wrote or that
//! is still in use.

mod builds;
mod caches;
mod generations;
mod graph;
mod leftover;
mod tracked;
mod units;

use std::collections::HashSet;
use std::ffi::OsString;
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::Context;
use clap::{CommandFactory as _, Parser};

use self::builds::Profile;
use self::generations::Generations;
use self::graph::Graph;
use self::leftover::{Leftover, Remover, Run, size};
use crate::failure::Failure;
use crate::project::Project;
use crate::{fingerprint, output, system};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Remove what builds, tools and servers left behind
///
/// That is: in the target directory what no build of the manifests as they are now can use (a build right after compiles
/// nothing), what tests left there more than a day ago; caches of Python's tools; backups and swap files of editors, after a
/// day; rotated logs; earlier generations of the static files. Nothing that git has, nothing else below `var/`, and nothing
/// behind a link.
#[derive(Debug, Parser)]
#[command(name = "clear-artifacts", bin_name = "cargo xtask clear-artifacts", no_binary_name = true)]
struct ClearArtifacts {
    /// Say what would be removed, and remove nothing
    #[arg(long, alias = "dry_run")]
    dry_run: bool,
    /// Keep what is younger than this
    #[arg(long, alias = "keep_days", value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=36_500))]
    keep_days: u32,
    /// Empty the target directory; the next build begins with nothing
    #[arg(long, conflicts_with = "keep_days")]
    all: bool,
    /// Do not ask before --all
    #[arg(short, long, aliases = ["force", "noinput", "no-input", "no_input"])]
    yes: bool,
}

/// What can be typed after the task's name.
pub fn command() -> clap::Command {
    ClearArtifacts::command()
}

/// Points of time: what is older may go.
#[derive(Clone, Copy)]
struct Ages {
    asked: SystemTime,
    /// For what somebody may still have in use.
    unused: SystemTime,
}

/// Runs the task.
///
/// # Errors
/// When git cannot be asked, the output cannot be written, or nobody can be asked about `--all`.
pub fn run(project: &Project, args: &[OsString]) -> anyhow::Result<u8> {
    let asked = match ClearArtifacts::try_parse_from(args) {
        Ok(asked) => asked,
        Err(error) => return output::clap_error(&error),
    };
    // As the system names it, so that paths can be compared.
    let root = project.root.canonicalize().with_context(|| format!("failed to find `{}`", project.root.display()))?;
    let tracked = tracked::files(&root)?;
    let now = SystemTime::now();
    let asked_for = now.checked_sub(DAY * asked.keep_days).unwrap_or(SystemTime::UNIX_EPOCH);
    let ages = Ages { asked: asked_for, unused: asked_for.min(now.checked_sub(DAY).unwrap_or(asked_for)) };
    let mut work =
        Work { root: &root, leftovers: Vec::new(), failures: Vec::new(), profiles: Vec::new(), generations: None };
    let target = target(project, &root)?;
    match (&target, asked.all) {
        (Ok(target), true) => work.everything(target)?,
        (Ok(target), false) => work.superseded(project, target, ages),
        (Err(reason), _) => output::note(format_args!("note: {reason}")),
    }
    work.between_sources(project.binaries.parent().unwrap_or(&root), ages);
    work.generations(project, ages);
    if asked.all && !asked.dry_run && !asked.yes {
        agreed(&work, &tracked)?;
    }
    let run = if asked.dry_run { Run::Look } else { Run::Remove };
    work.carry_out(Remover::new(&tracked, run))
}

/// The target directory, or why it is not touched.
fn target(project: &Project, root: &Path) -> anyhow::Result<Result<PathBuf, String>> {
    let target = project.binaries.parent().context("failed to find the target directory")?;
    let target = target.canonicalize().with_context(|| format!("failed to find `{}`", target.display()))?;
    if !is_within(&target, root) {
        let reason = "is not in the project's own directory and file system; `cargo clean` empties it";
        return Ok(Err(format!("`{}` {reason}", target.display())));
    }
    if fingerprint::is_of_another_checkout(project) {
        return Ok(Err(format!("`{}` was last used by another checkout; it is left alone", target.display())));
    }
    Ok(Ok(target))
}

/// Whether a directory is in another and on the same file system; both without links.
fn is_within(folder: &Path, root: &Path) -> bool {
    let device = |path: &Path| {
        let metadata = path.symlink_metadata().ok()?;
        system::file_id(&metadata).map(|(device, _)| device)
    };
    folder.starts_with(root) && device(folder) == device(root)
}

/// Asks before everything goes.
fn agreed(work: &Work<'_>, tracked: &HashSet<PathBuf>) -> anyhow::Result<()> {
    let mut look = Remover::new(tracked, Run::Look);
    let bytes: u64 = work.leftovers.iter().map(|leftover| look.remove(leftover).bytes).sum();
    let question = format!("Remove {}, all builds among them? The next one begins with nothing.", size(bytes));
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        let message = format!("cannot ask \"{question}\": there is no terminal");
        return Err(Failure::new(message).code(3).hint("`cargo xtask clear-artifacts --all --yes`").into());
    }
    output::prompt(&format!("{question} [y/N] ")).context("failed to ask")?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).context("failed to read the answer")?;
    if matches!(answer.trim().to_lowercase().as_str(), "y" | "yes") {
        return Ok(());
    }
    Err(Failure::new("cancelled; nothing was removed").into())
}

/// What is to be done.
struct Work<'a> {
    root: &'a Path,
    leftovers: Vec<Leftover>,
    /// What cannot be looked at or touched.
    failures: Vec<String>,
    /// Locked until the end.
    profiles: Vec<Profile>,
    generations: Option<Generations>,
}

impl Work<'_> {
    /// The whole content of the target directory.
    fn everything(&mut self, target: &Path) -> anyhow::Result<()> {
        self.lock(target)?;
        let mut paths = builds::list(target)?;
        paths.retain(|path| !self.is_in_use(path) && path.file_name().is_none_or(|name| name != "CACHEDIR.TAG"));
        self.leftovers.push(Leftover { what: format!("all of `{}`", self.named(target)), paths });
        Ok(())
    }

    /// Profiles in which somebody builds now are failures.
    fn lock(&mut self, target: &Path) -> anyhow::Result<()> {
        for profile in Profile::all(target)? {
            match profile {
                Ok(profile) => self.profiles.push(profile),
                Err(folder) => {
                    self.failures.push(format!("somebody builds in `{}`; it is left alone", folder.display()))
                }
            }
        }
        Ok(())
    }

    fn is_in_use(&self, path: &Path) -> bool {
        path.join(".fingerprint").is_dir() && !self.profiles.iter().any(|profile| profile.folder == path)
    }

    /// What no build uses any more.
    fn superseded(&mut self, project: &Project, target: &Path, ages: Ages) {
        if let Err(error) = self.try_superseded(project, target, ages) {
            self.failures.push(format!("the builds are left alone: {error:#}"));
        }
    }

    fn try_superseded(&mut self, project: &Project, target: &Path, ages: Ages) -> anyhow::Result<()> {
        let graph = Graph::ask(project)?;
        self.lock(target)?;
        let mut found = Vec::new();
        for profile in &self.profiles {
            let gone = profile.leftovers(&graph, ages.asked)?;
            let folder = self.named(&profile.folder);
            found.push((format!("builds in `{folder}` that nothing uses any more"), gone.compiled));
            found.push((format!("incremental data in `{folder}` of such builds"), gone.incremental));
        }
        found.push((format!("left by tests in `{}/tmp`", self.named(target)), builds::of_tests(target, ages.unused)?));
        let found = found.into_iter().filter(|(_, paths)| !paths.is_empty());
        self.leftovers.extend(found.map(|(what, paths)| Leftover { what, paths }));
        Ok(())
    }

    fn between_sources(&mut self, target: &Path, ages: Ages) {
        let found = caches::find(self.root, target, ages.asked, ages.unused);
        self.leftovers.extend(found.leftovers);
        self.failures.extend(found.failures);
        let logs = self.root.join("var/log");
        let is_ours = |real: PathBuf| is_within(&real, self.root);
        // Behind a link others may write.
        if logs.canonicalize().is_ok_and(is_ours) {
            match caches::logs(&logs, self.root, ages.asked) {
                Ok(logs) => self.leftovers.extend(logs),
                Err(error) => self.failures.push(format!("{error:#}")),
            }
        }
    }

    /// Earlier generations of the static files.
    fn generations(&mut self, project: &Project, ages: Ages) {
        let folder = generations::root(project, self.root);
        let Some(folder) = folder.canonicalize().ok().filter(|folder| is_within(folder, self.root)) else { return };
        match generations::find(&folder, ages.asked) {
            Ok(found) => self.generations = found,
            Err(error) => self.failures.push(format!("{error:#}; the static files are left alone")),
        }
        if let Some(found) = &self.generations {
            let what = format!("earlier generations in `{}`", self.named(&folder));
            self.leftovers.push(Leftover { what, paths: found.paths.clone() });
        }
    }

    fn named(&self, path: &Path) -> String {
        path.strip_prefix(self.root).unwrap_or(path).display().to_string()
    }

    fn carry_out(self, mut remover: Remover<'_>) -> anyhow::Result<u8> {
        let (mut total, mut is_any) = (0, false);
        let mut failures = self.failures;
        if let (Run::Remove, Some(generations)) = (remover.run, &self.generations) {
            generations.forget()?;
        }
        for leftover in &self.leftovers {
            let outcome = remover.remove(leftover);
            failures.extend(outcome.failures);
            if outcome.count == 0 {
                continue;
            }
            (total, is_any) = (total + outcome.bytes, true);
            output::data(&format!("{:>11}  {}\n", size(outcome.bytes), leftover.what))?;
        }
        let would = if remover.run == Run::Look { "would be " } else { "" };
        output::data(&match is_any {
            true => format!("{} {would}freed\n", size(total)),
            false => "nothing to remove\n".to_owned(),
        })?;
        failures.iter().for_each(|failure| output::note(format_args!("error: {failure}")));
        Ok(u8::from(!failures.is_empty()))
    }
}
