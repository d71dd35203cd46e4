//! Runs a plan step by step, keeps the time, and says what failed.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use crate::app;
use crate::failure::Failure;
use crate::plan::{Plan, Role, Step};
use crate::process::{self, Ended};
use crate::project::Project;
use crate::system::{Request, Signals};
use crate::{names, output};

/// Where the time of a call went.
#[derive(Clone, Copy, Debug, Default)]
pub struct Timings {
    /// Finding out whether the app must be built.
    pub freshness: Duration,
    /// Cargo building it.
    pub build: Duration,
    /// What was run.
    pub run: Duration,
}

/// Runs steps for one call of xtask.
pub struct Runner<'a> {
    project: &'a Project,
    signals: Option<Signals>,
    /// The signal that asked xtask to end: no further step is started.
    asked: Option<Request>,
    /// The command that failed, to be repeated as the very last line.
    failed: Option<String>,
    /// The time spent so far.
    pub timings: Timings,
}

impl<'a> Runner<'a> {
    /// A runner that has run nothing yet.
    pub fn new(project: &'a Project) -> Self {
        Self { project, signals: None, asked: None, failed: None, timings: Timings::default() }
    }

    /// Runs the steps in order up to the first that fails, and gives the exit code.
    ///
    /// # Errors
    /// When a program cannot be started at all.
    pub fn run(&mut self, plan: &Plan) -> anyhow::Result<u8> {
        for step in &plan.steps {
            let code = self.step(step)?;
            if code != 0 {
                return Ok(code);
            }
        }
        Ok(0)
    }

    /// Repeats the command that failed, if one did. To be called last of all.
    pub fn report_failure(&self) {
        if let Some(complaint) = &self.failed {
            output::note(complaint);
        }
    }

    /// Runs one step and gives its exit code.
    ///
    /// # Errors
    /// When the program cannot be started at all.
    pub fn step(&mut self, step: &Step) -> anyhow::Result<u8> {
        let mut signals = match self.signals.take() {
            Some(signals) => signals,
            None => Signals::catch()?,
        };
        self.asked = self.asked.or_else(|| signals.requests().first().copied());
        let code = match self.asked {
            Some(Request::Interrupt) => Ended::Interrupted.code(),
            Some(request) => Ended::Killed(request.number()).code(),
            None => self.timed(step, &mut signals)?,
        };
        self.signals = Some(signals);
        Ok(code)
    }

    fn timed(&mut self, step: &Step, signals: &mut Signals) -> anyhow::Result<u8> {
        let started = Instant::now();
        let ended = match step.role {
            Role::Build => app::build(self.project, step, signals),
            _ => process::run(step, signals),
        };
        let spent = match step.role {
            Role::Build => &mut self.timings.build,
            _ => &mut self.timings.run,
        };
        *spent += started.elapsed();
        match ended {
            Ok((ended, asked)) => {
                self.asked = asked;
                self.failed = complaint(step, ended);
                Ok(exit_code(step, ended))
            }
            Err(error) => Err(cannot_start(step, error)),
        }
    }
}

/// What is said of a command that failed; nothing after Ctrl-C.
fn complaint(step: &Step, ended: Ended) -> Option<String> {
    let command = step.short();
    match ended {
        Ended::Exited(0) | Ended::Interrupted => None,
        Ended::Exited(code) => Some(format!("error: `{command}` exited with {code}")),
        Ended::Killed(signal) => Some(format!("error: `{command}` was killed by {}", names::signal(signal))),
        Ended::TimedOut => Some(format!("error: `{command}` did not stop in time and was killed")),
    }
}

fn exit_code(step: &Step, ended: Ended) -> u8 {
    match (step.role, ended) {
        (Role::Build, Ended::Exited(code)) if code != 0 => 101,
        _ => ended.code(),
    }
}

/// The exit codes of a shell: 127 when there is no such program, 126 when it is one that cannot be run.
fn cannot_start(step: &Step, error: anyhow::Error) -> anyhow::Error {
    let program = step.program.display();
    match error.downcast_ref::<std::io::Error>().map(std::io::Error::kind) {
        Some(ErrorKind::NotFound) => Failure::new(format!("there is no program `{program}`")).code(127).into(),
        Some(ErrorKind::PermissionDenied) => {
            Failure::new(format!("`{program}` is not a program that can be run")).code(126).into()
        }
        _ => error,
    }
}
