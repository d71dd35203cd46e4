//! Builds the app beside what else the development server does, and says how it went.

use std::ffi::OsStr;
use std::io::{self, IsTerminal as _, Write as _};
use std::process::Command;
use std::thread;

use anyhow::Context;

use super::calls::{Calls, Canceller, Stopped};
use super::diagnostics::Said;
use super::model::{Built, Changes, Diagnostic, Level};
use super::replay::{self, Recording};
use super::talk::{Filter, complaint};
use crate::app::{self, Begun};
use crate::commands;
use crate::failure;
use crate::fingerprint;
use crate::process;
use crate::project::Project;

/// Where cargo's own talk (`Compiling …`) goes. The compiler's messages are in the result in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// To stderr while it builds, with the progress bar if that is a terminal: for a first build, which takes long.
    Terminal,
    /// Nowhere.
    Captured,
}

/// A build that is under way. Dropping it cancels it, too.
pub struct Building {
    canceller: Canceller,
}

impl Building {
    /// Ends cargo and the compilers; the result is then [`Built::Cancelled`], unless it is on its way already. Does
    /// not wait.
    pub fn cancel(&self) {
        self.canceller.cancel();
    }
}

impl Drop for Building {
    fn drop(&mut self) {
        self.cancel();
    }
}

/// Starts a build. `changed` is what changed since the last one that succeeded, `None` when all may have. `send` gets
/// the result, once, from another thread.
///
/// # Errors
/// When no thread can be started.
pub fn start(
    project: &Project,
    changed: Option<&Changes>,
    progress: Progress,
    send: impl FnOnce(Built) + Send + 'static,
) -> anyhow::Result<Building> {
    let (calls, canceller) = Calls::new();
    let (project, changed) = (project.clone(), changed.cloned());
    let build = move || build(&project, changed.as_ref(), progress, &calls, send);
    thread::Builder::new().name("builder".to_owned()).spawn(build).context("failed to start a thread")?;
    Ok(Building { canceller })
}

fn build(project: &Project, changed: Option<&Changes>, progress: Progress, calls: &Calls, send: impl FnOnce(Built)) {
    let (built, recording) = match attempt(project, changed, progress, calls) {
        Ok(result) => result,
        Err(Stopped::Cancelled) => (Built::Cancelled, None),
        Err(Stopped::Failed(error)) => {
            (Built::Failed { messages: vec![own(Level::Error, failure::text(&error))] }, None)
        }
    };
    send(built);
    if let Some(recording) = recording {
        // Replaying is an extra; without it, the next build is a slower one.
        let _ = replay::prepare(project, recording);
    }
}

fn attempt(
    project: &Project,
    changed: Option<&Changes>,
    progress: Progress,
    calls: &Calls,
) -> Result<(Built, Option<Recording>), Stopped> {
    let mut found = Vec::new();
    commands::prepare(project, &mut |line| found.push(own(Level::Warning, line.to_owned())))?;
    commands::check(project)?;
    let (mut built, recording) = match replay::build(project, changed, calls)? {
        Some(built) => (built, None),
        None => by_cargo(project, progress, calls)?,
    };
    match &mut built {
        Built::Done { warnings: said, .. } | Built::Failed { messages: said } => said.append(&mut found),
        Built::Cancelled => {}
    }
    Ok((built, recording))
}

/// A message that is not the compiler's.
fn own(level: Level, text: String) -> Diagnostic {
    Diagnostic { level, rendered: text + "\n", place: None }
}

fn by_cargo(project: &Project, progress: Progress, calls: &Calls) -> Result<(Built, Option<Recording>), Stopped> {
    let begun = Begun::now(project)?;
    let mut step = app::build_step(project);
    step.args.push("--message-format=json-diagnostic-rendered-ansi".into());
    if replay::is_possible(project) {
        // So it shows how it calls rustc. What it takes for up to date stays so.
        step.args.push("-vv".into());
    }
    let mut command = process::command(&step);
    let output = match progress {
        Progress::Terminal => {
            show_progress(project, &mut command);
            let packages = fingerprint::packages(project);
            let names = packages.iter().filter_map(|package| package.file_name()?.to_str().map(str::to_owned));
            let mut filter = Filter::new(names.collect());
            // A terminal that is gone cannot be told.
            calls.run(&mut command, move |part| drop(io::stderr().lock().write_all(&filter.shown(part))))?
        }
        Progress::Captured => calls.run(&mut command, |_| {})?,
    };
    let mut said = Said::by_cargo(&output.stdout, &project.root);
    if output.status.success() {
        let recording = Recording { begun: begun.at(), stderr: output.stderr, artifacts: said.artifacts };
        begun.succeeded(project)?;
        let built = Built::Done { binary: project.app_binary(), fresh: !said.compiled, warnings: said.warnings };
        return Ok((built, Some(recording)));
    }
    if said.errors.is_empty() {
        said.errors.push(complaint(&output.stderr));
    }
    said.errors.append(&mut said.warnings);
    Ok((Built::Failed { messages: said.errors }, None))
}

/// Cargo writes into a pipe, so that its words can be shown in the browser too. These variables make it draw as it
/// would draw on the terminal behind it; they change nothing in what is built.
fn show_progress(project: &Project, command: &mut Command) {
    let stderr = io::stderr();
    if !stderr.is_terminal() {
        return;
    }
    let width = rustix::termios::tcgetwinsize(&stderr).map_or(80, |size| size.ws_col);
    let width = width.to_string();
    let is_set = |name: &str| project.variables.contains_key(OsStr::new(name));
    let color = if is_set("NO_COLOR") { "never" } else { "always" };
    let wanted =
        [("CARGO_TERM_COLOR", color), ("CARGO_TERM_PROGRESS_WHEN", "always"), ("CARGO_TERM_PROGRESS_WIDTH", &width)];
    // What the person set stays.
    command.envs(wanted.into_iter().filter(|(name, _)| !is_set(name)));
}
