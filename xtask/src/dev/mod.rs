//! `cargo xtask dev`: build if necessary, prepare the database, serve, and follow what is saved.

pub mod ansi;
pub mod backoff;
pub mod browser;
pub mod builder;
mod calls;
pub mod channel;
pub mod child;
pub mod companions;
mod content;
pub mod dashboard;
mod diagnostics;
mod group;
mod jobs;
pub mod keys;
pub mod kinds;
pub mod lines;
pub mod listen;
pub mod machine;
pub mod model;
pub mod options;
pub mod painter;
mod replay;
pub mod screen;
mod session;
pub mod snapshot;
mod talk;
pub mod tty;
pub mod watch;

use std::ffi::OsString;

use crate::dispatch::Session;
use crate::output;
use crate::plan::{Plan, Role, Step};
use options::Options;

/// Runs the task.
///
/// # Errors
/// When a program cannot be started at all.
pub fn run(session: &mut Session<'_>, args: &[OsString]) -> anyhow::Result<u8> {
    let options = match Options::parse(args) {
        Ok(options) => options,
        Err(error) => return output::clap_error(&error),
    };
    if options.dev.release && session.project.profile() != "release" {
        let project = session.project.in_profile("release");
        return session.over(&project, |session| begin(session, &options));
    }
    begin(session, &options)
}

fn begin(session: &mut Session<'_>, options: &Options) -> anyhow::Result<u8> {
    let beside = companions::commands(session.project, &options.dev.with)?;
    let build = session.build_if_stale();
    let mut steps: Vec<Step> = build.into_iter().chain(steps(session, options)).collect();
    if options.dev.no_reload || options.base.version {
        return session.carry_out(&Plan { task: "dev".to_owned(), steps });
    }
    steps.extend(beside.iter().map(|name| options.run(session.project, Role::Server, &[name])));
    session.by_itself("dev", steps, |project| session::run(project, options, beside))
}

/// What is started, apart from the build.
fn steps(session: &Session<'_>, options: &Options) -> Vec<Step> {
    let serve = options.serve(session.project);
    if options.base.version {
        return vec![options.run(session.project, Role::App, &["runserver", "--version"])];
    }
    let mut steps = options.prepare(session.project);
    steps.push(serve);
    steps
}
