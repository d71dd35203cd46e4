//! `cargo xtask bench …`: figures that the project promises, measured in one run and compared within it.

use std::ffi::{OsStr, OsString};
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::{CommandFactory, Parser, Subcommand};

use crate::dispatch::Session;
use crate::failure::Failure;
use crate::plan::{Plan, Role, Step};
use crate::project::Project;
use crate::{app, output};

#[cfg(unix)]
mod dev_loop;
pub mod http;
pub mod load;
#[cfg(unix)]
mod meter;
#[cfg(unix)]
mod production;
#[cfg(unix)]
mod report;

/// Measure what the project promises
#[derive(Debug, Parser)]
#[command(name = "bench", bin_name = "cargo xtask bench", no_binary_name = true)]
struct Bench {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// What `cargo xtask` adds to a call of the app (`showmigrations`, nothing to build)
    #[command(alias = "task_overhead")]
    TaskOverhead {
        /// How many times each command is run
        #[arg(long, value_name = "N", default_value = "21", value_parser = clap::value_parser!(u32).range(3..))]
        runs: u32,
    },
    /// From a save to the new page under `cargo xtask dev`, and what it costs while nothing happens
    #[cfg(unix)]
    #[command(alias = "dev_loop")]
    DevLoop {
        /// How many edits of each kind are measured
        #[arg(long, value_name = "N", default_value = "9", value_parser = clap::value_parser!(u32).range(7..))]
        runs: u32,
    },
    #[cfg(unix)]
    #[command(flatten)]
    Production(production::What),
    /// `makemigrations --check` on 100 models
    Makemigrations(Program),
    /// Applying 100 small migrations on SQLite
    Migrate(Program),
    /// A table rebuild of 1,000,000 rows on SQLite, against the same work in plain SQL
    Rebuild(Program),
    /// Bulk create of 200,000 rows, against one prepared statement; on PostgreSQL its ways compared
    Bulk(Program),
}

/// A bench program of the crate `db`: exits with 1 when the figure is not reached.
#[derive(Debug, clap::Args)]
struct Program {
    /// What the bench program itself is given
    #[arg(value_name = "ARGUMENTS", trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<OsString>,
}

/// What can be typed after the task's name.
pub fn command() -> clap::Command {
    Bench::command()
}

/// Runs the task.
///
/// # Errors
/// When a measured command fails.
pub fn run(session: &mut Session<'_>, args: &[OsString]) -> anyhow::Result<u8> {
    let bench = match Bench::try_parse_from(args) {
        Ok(bench) => bench,
        Err(error) => return output::clap_error(&error),
    };
    let (name, program) = match bench.what {
        None => return output::data(&command().render_help().to_string()).map(|()| 0),
        Some(What::TaskOverhead { runs }) => {
            let commands = TaskOverhead::new(session.project)?;
            return session.by_itself("bench", commands.steps(), |_| commands.run(runs));
        }
        #[cfg(unix)]
        Some(What::DevLoop { runs }) => {
            session.prepare()?;
            let steps = dev_loop::steps(session.project);
            return session.by_itself("bench", steps, |project| dev_loop::run(project, runs));
        }
        #[cfg(unix)]
        Some(What::Production(what)) => {
            session.prepare()?;
            let steps = production::steps(session.project, &what);
            return session.by_itself("bench", steps, |project| production::run(project, &what));
        }
        Some(What::Makemigrations(program)) => ("makemigrations", program),
        Some(What::Migrate(program)) => ("migrate", program),
        Some(What::Rebuild(program)) => ("rebuild", program),
        Some(What::Bulk(program)) => ("bulk", program),
    };
    let steps = vec![program_step(session.project, name, program)];
    session.carry_out(&Plan { task: "bench".to_owned(), steps })
}

/// Cargo building and running a bench program. It knows release builds only: nothing else is worth measuring.
fn program_step(project: &Project, name: &str, program: Program) -> Step {
    let separator = (!program.args.is_empty()).then(|| OsString::from("--"));
    Step {
        role: Role::Tool,
        program: project.cargo.clone(),
        args: ["bench", "--package", "db", "--bench", name]
            .into_iter()
            .map(OsString::from)
            .chain(separator)
            .chain(program.args)
            .collect(),
        directory: project.root.clone(),
        env: project.scrubbed.clone(),
    }
}

/// The commands that are compared.
struct TaskOverhead {
    version: Step,
    through_cargo: Step,
    directly: Step,
    app_alone: Step,
}

impl TaskOverhead {
    fn new(project: &Project) -> anyhow::Result<Self> {
        let itself = std::env::current_exe().context("failed to find xtask's own executable")?;
        let tool = |program: &OsStr, args: &[&str]| Step {
            role: Role::Tool,
            program: program.to_owned(),
            args: args.iter().map(OsString::from).collect(),
            directory: project.root.clone(),
            env: project.scrubbed.clone(),
        };
        let mut directly = tool(itself.as_os_str(), &["showmigrations"]);
        // The same toolchain as through cargo; otherwise the app would look stale.
        directly.env = directly.env.with("CARGO", &project.cargo);
        Ok(Self {
            version: tool(&project.cargo, &["xtask", "--version"]),
            through_cargo: tool(&project.cargo, &["xtask", "showmigrations"]),
            directly,
            app_alone: app::step(project, Role::App, ["showmigrations".into()]),
        })
    }

    fn steps(&self) -> Vec<Step> {
        [&self.version, &self.through_cargo, &self.directly, &self.app_alone].map(Clone::clone).into()
    }

    fn run(&self, runs: u32) -> anyhow::Result<u8> {
        let steps = self.steps();
        for step in &steps {
            time(step)?;
        }
        // In turns, so that whatever else the machine does hits all of them alike.
        let mut times = vec![Vec::new(); steps.len()];
        for _ in 0..runs {
            for (step, times) in steps.iter().zip(&mut times) {
                times.push(time(step)?);
            }
        }
        let medians: Vec<f64> = times.into_iter().map(|times| median(times).as_secs_f64() * 1e3).collect();
        let [version, through_cargo, directly, app_alone] = medians[..] else {
            anyhow::bail!("failed to measure: {} medians", medians.len())
        };
        let rows = [
            ("cargo xtask --version", format!("{version:8.1} ms")),
            ("cargo xtask showmigrations", format!("{through_cargo:8.1} ms")),
            ("  ratio (at most 1.3)", format!("{:8.2}", through_cargo / version)),
            ("app showmigrations", format!("{app_alone:8.1} ms")),
            ("  xtask's own part (at most 15)", format!("{:8.1} ms", directly - app_alone)),
        ];
        let lines = rows.iter().map(|(what, figure)| format!("{what:34} {figure}\n"));
        output::data(&format!("medians of {runs} runs, in turns\n{}", lines.collect::<String>()))?;
        // A figure that is not reached is a failure.
        Ok(u8::from(through_cargo / version > 1.3 || directly - app_alone > 15.0))
    }
}

/// How long one run takes. Its output goes nowhere.
fn time(step: &Step) -> anyhow::Result<Duration> {
    let command = step.unseen().stdout_null().stderr_null();
    let started = Instant::now();
    let status = command.run().with_context(|| format!("failed to start `{}`", step.short()))?.status;
    let spent = started.elapsed();
    if status.success() {
        return Ok(spent);
    }
    Err(Failure::new(format!("`{}` failed: {status}", step.short()))
        .hint(format!(
            "`cargo xtask {}` shows why",
            step.args.iter().map(|arg| arg.to_string_lossy()).next_back().unwrap_or_default()
        ))
        .into())
}

/// The middle one.
fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
