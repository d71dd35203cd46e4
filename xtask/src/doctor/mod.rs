//! The task `doctor`: what can be wrong with this machine, then what the app finds in the project, in one report. Every
//! part works while the others are broken, so nothing here is an error but what cannot be written.

mod build;
mod findings;
mod linker;
mod machine;
mod packages;
mod sources;
mod target;
mod toolchain;

use std::ffi::OsString;
use std::thread;

use clap::FromArgMatches as _;
use cli::BaseOptions;
use cli::findings::{Finding, document, exit_code, report};

use crate::app;
use crate::dispatch::Session;
use crate::output;
use crate::plan::Role;
use crate::project::Project;

/// What was asked for.
struct Asked<'a> {
    doctor: cli::Doctor,
    verbosity: u8,
    args: &'a [OsString],
}

/// Runs the task.
///
/// # Errors
/// When the report cannot be written.
pub fn run(session: &mut Session<'_>, args: &[OsString]) -> anyhow::Result<u8> {
    let Some(builtin) = cli::find("doctor") else { anyhow::bail!("the app's command `doctor` is not known") };
    let parsed = builtin.command("cargo xtask").try_get_matches_from(args);
    let parsed = parsed
        .and_then(|matches| Ok((cli::Doctor::from_arg_matches(&matches)?, BaseOptions::from_arg_matches(&matches)?)));
    let (doctor, base) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return output::clap_error(&error),
    };
    let asked = Asked { doctor, verbosity: base.verbosity, args };
    let project = session.project;
    let steps = [app::build_step(project), app::step(project, Role::App, findings::args(&asked))];
    session.by_itself("doctor", steps.into(), |project| examine(project, &asked))
}

/// One thing that is looked at.
type Look = fn(&Project) -> Vec<Finding>;

fn examine(project: &Project, asked: &Asked<'_>) -> anyhow::Result<u8> {
    let mut found = of_machine(project, asked);
    let ours: Vec<String> = found.iter().map(|finding| finding.id.clone()).collect();
    let build = build::build(project, asked);
    let of_app = findings::ask(project, asked, &build);
    found.extend(build.finding);
    // What both look at, the app would say a second time.
    found.extend(of_app.into_iter().filter(|finding| !ours.contains(&finding.id)));
    if !found.iter().any(|finding| finding.id == machine::ADDRESS && finding.level != cli::findings::Level::Skipped) {
        found.push(machine::usual_address());
    }
    let text = if asked.doctor.json { document(&found) } else { report(&found, asked.verbosity) };
    output::data(&text)?;
    Ok(exit_code(&found))
}

/// Everything that needs no app. What starts programs does so at the same time.
fn of_machine(project: &Project, asked: &Asked<'_>) -> Vec<Finding> {
    const LOOKS: &[Look] = &[
        toolchain::cargo,
        toolchain::rustc,
        toolchain::rustfmt,
        toolchain::clippy,
        linker::rust,
        linker::c,
        machine::git,
        machine::terminal,
        sources::manifests,
        target::directory,
        target::space,
        target::lock,
    ];
    let looks = LOOKS.iter().map(|look| || look(project));
    let mut found = at_once(looks);
    found.extend(sources::change(project, asked));
    found.extend(sources::commands(project, asked));
    found
}

/// What all of them find. That one panics is itself a finding, as in the app; what it said stands on stderr.
fn at_once<L: FnOnce() -> Vec<Finding> + Send>(looks: impl Iterator<Item = L>) -> Vec<Finding> {
    let panicked = |_| vec![Finding::error("doctor", "a look at this machine panicked", "cargo xtask doctor -v 2")];
    thread::scope(|scope| {
        let threads: Vec<_> = looks.map(|look| scope.spawn(look)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap_or_else(panicked)).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_that_panics_is_an_error() {
        let looks: [fn() -> Vec<Finding>; 2] = [|| panic!("a bug"), || vec![Finding::ok("git", "git 2")]];
        let found = at_once(looks.into_iter());
        let levels: Vec<&str> = found.iter().map(|finding| finding.level.name()).collect();
        assert_eq!((levels, exit_code(&found)), (vec!["error", "ok"], 1));
    }
}
