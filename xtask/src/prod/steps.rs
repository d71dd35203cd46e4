//! What comes before the server, and the server itself, as steps: build, deployment checks, migrations, static files.

use std::ffi::OsString;

use anyhow::Context as _;
use clap::{ArgMatches, FromArgMatches as _};

use super::options::{Prepare, Start};
use crate::dispatch::Session;
use crate::failure::Failure;
use crate::plan::{Plan, Role, Step};
use crate::project::Project;
use crate::{app, output, serve};

/// What was typed for the app: base options, and what `serve` takes.
pub(super) struct Typed {
    pub(super) base: cli::BaseOptions,
    /// The base options, written out once more.
    shared: Vec<OsString>,
    /// The arguments of `serve`.
    serve: Vec<OsString>,
}

/// The options of `serve` that are passed on.
const SERVE: &[(&str, &str)] = &[
    ("bind", "--bind"),
    ("workers", "--workers"),
    ("restart_on_failure", "--restart-on-failure"),
    ("port_file", "--port-file"),
];

impl Typed {
    /// What was typed after `restart-prod`.
    pub(super) fn read(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let base = cli::BaseOptions::from_arg_matches(matches)?;
        Ok(Self { base, shared: serve::shared(matches), serve: Vec::new() })
    }

    /// What was typed after `prod`.
    pub(super) fn with_serve(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Ok(Self { serve: serve::typed(matches, SERVE), ..Self::read(matches)? })
    }

    /// A call of the app in production, whatever else `.env` says.
    fn step(&self, project: &Project, role: Role, words: &[&str]) -> Step {
        let words = words.iter().map(OsString::from).chain(self.shared.iter().cloned());
        let step = app::step(project, role, words);
        Step { env: step.env.with("APP__ENVIRONMENT", "production"), ..step }
    }

    /// The server.
    pub(super) fn serve(&self, project: &Project, start: &Start) -> Step {
        let mut step = self.step(project, Role::Server, &["serve"]);
        step.args.extend(self.serve.iter().cloned());
        if !start.foreground {
            step.args.push("--detached".into());
        }
        step
    }
}

/// The steps before the server is started or replaced.
pub(super) struct Prepared {
    before: Vec<Step>,
    /// Fails when migrations are pending. Read by us: what it says to do is not what is to be done here.
    pending: Option<Step>,
    after: Vec<Step>,
}

impl Prepared {
    /// # Errors
    /// Those of [`Session::build_if_stale`], and when there is no binary to take.
    pub(super) fn new(session: &mut Session<'_>, typed: &Typed, prepare: &Prepare) -> anyhow::Result<Self> {
        let mut before = Vec::new();
        if prepare.no_build {
            let binary = session.project.app_binary();
            if !binary.exists() {
                let failure = Failure::new(format!("there is no release to take: `{}`", binary.display()));
                return Err(failure.hint("leave out `--no-build`").into());
            }
        } else {
            before.extend(session.build_if_stale()?);
        }
        let project = session.project;
        let step = |words: &[&str]| typed.step(project, Role::App, words);
        if !typed.base.skip_checks {
            before.push(step(&["check", "--deploy", "--fail-level", "WARNING"]));
        }
        let pending = (!prepare.migrate).then(|| step(&["migrate", "--check"]));
        let mut after = Vec::new();
        if !prepare.skip_collectstatic {
            after.push(step(&["collectstatic", "--noinput"]));
        }
        if prepare.migrate {
            after.push(step(&["migrate", "--noinput"]));
        }
        Ok(Self { before, pending, after })
    }

    /// All of them, in order.
    pub(super) fn all(self) -> impl Iterator<Item = Step> {
        self.before.into_iter().chain(self.pending).chain(self.after)
    }

    /// Runs them up to the first that fails, and gives the exit code.
    ///
    /// # Errors
    /// When migrations are pending, or a program cannot be started.
    pub(super) fn run(self, session: &mut Session<'_>, task: &str) -> anyhow::Result<u8> {
        let plan = |steps| Plan { task: task.to_owned(), steps };
        match session.carry_out(&plan(self.before))? {
            0 => {}
            code => return Ok(code),
        }
        if let Some(pending) = self.pending {
            refuse_pending(&pending, task)?;
        }
        session.carry_out(&plan(self.after))
    }
}

/// Fails when migrations are pending, or it cannot be told.
fn refuse_pending(check: &Step, task: &str) -> anyhow::Result<()> {
    let answer = check.unseen().stdout_capture().stderr_capture();
    let answer = answer.run().with_context(|| format!("failed to start `{}`", check.short()))?;
    if answer.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&answer.stderr);
    let is_pending = |line: &&str| line.contains("unapplied migration");
    match said.lines().find(is_pending) {
        Some(line) => {
            // From the number on: what stands before it is how the app says that it is an error.
            let count = line.split("unapplied migration").next().unwrap_or_default().trim_end();
            let what = &line[count.rfind(' ').map_or(0, |space| space + 1)..];
            let hint = format!("`cargo xtask {task} --migrate` applies them");
            Err(Failure::new(what).hint(hint).into())
        }
        None => {
            output::note(said.trim_end());
            Err(Failure::new(format!("`{}` failed", check.short())).into())
        }
    }
}
