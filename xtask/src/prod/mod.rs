//! The tasks around the production server: it is built, checked and started detached, replaced without losing a
//! request, stopped, looked at. The server is the app's own `serve`; what happens between it and these tasks is a lock
//! (`var/run/server.lock`), a control socket beside it, and what it says when it is ready.

mod deploy;
#[cfg(any(test, not(unix)))]
mod elsewhere;
mod logs;
mod options;
#[cfg(unix)]
mod resident;
mod steps;
mod tail;

use std::ffi::OsString;

use clap::FromArgMatches as _;

use crate::dispatch::Session;
use crate::plan::{Plan, Role};
use crate::{app, output};

#[cfg(not(unix))]
use self::elsewhere::{foreground, is_running, refuse_a_second, require_one, restart, start, status, stop};
use self::options::{Logs, Restart, Start, Status, Stop};
#[cfg(unix)]
use self::resident::{foreground, is_running, refuse_a_second, require_one, restart, start, status, stop};
use self::steps::{Prepared, Typed};

/// Where the server keeps its state, below the project's root.
const RUN: &str = "var/run";

/// Where the logs are, below the project's root.
const LOG: &str = "var/log";

/// One of the tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// `prod`.
    Start,
    /// `stop-prod`.
    Stop,
    /// `restart-prod`.
    Restart,
    /// `status`.
    Status,
    /// `logs`.
    Logs,
    /// `systemd-unit`.
    SystemdUnit,
    /// `dockerfile`.
    Dockerfile,
}

impl Task {
    /// What can be typed after the task's name.
    pub fn command(self) -> clap::Command {
        match self {
            Self::Start => options::app_task::<Start>("prod"),
            Self::Stop => options::own_task::<Stop>("stop-prod"),
            Self::Restart => options::app_task::<Restart>("restart-prod"),
            Self::Status => options::own_task::<Status>("status"),
            Self::Logs => options::own_task::<Logs>("logs"),
            Self::SystemdUnit => options::own_task::<options::SystemdUnit>("systemd-unit"),
            Self::Dockerfile => options::own_task::<options::Dockerfile>("dockerfile"),
        }
    }
}

/// Runs the task.
///
/// # Errors
/// When it fails, or a program cannot be started at all.
pub fn run(session: &mut Session<'_>, task: Task, args: &[OsString]) -> anyhow::Result<u8> {
    let matches = match task.command().try_get_matches_from(args) {
        Ok(matches) => matches,
        Err(error) => return output::clap_error(&error),
    };
    match task {
        Task::Start => {
            let (typed, start) = (Typed::with_serve(&matches)?, Start::from_arg_matches(&matches)?);
            in_release(session, |session| begin(session, &typed, &start))
        }
        Task::Restart => {
            let (typed, restart) = (Typed::read(&matches)?, Restart::from_arg_matches(&matches)?);
            in_release(session, |session| replace(session, &typed, &restart))
        }
        Task::Stop => {
            let stop = Stop::from_arg_matches(&matches)?;
            session.by_itself("stop-prod", Vec::new(), |project| self::stop(project, &stop))
        }
        Task::Status => {
            let status = Status::from_arg_matches(&matches)?;
            session.by_itself("status", Vec::new(), |project| self::status(project, &status))
        }
        Task::Logs => {
            let logs = Logs::from_arg_matches(&matches)?;
            session.by_itself("logs", Vec::new(), |project| logs::run(project, &logs))
        }
        Task::SystemdUnit => {
            let unit = options::SystemdUnit::from_arg_matches(&matches)?;
            session.by_itself("systemd-unit", Vec::new(), |project| {
                output::data(&deploy::unit(project, &unit)).map(|()| 0)
            })
        }
        Task::Dockerfile => {
            session.by_itself("dockerfile", Vec::new(), |_| output::data(&deploy::dockerfile()).map(|()| 0))
        }
    }
}

/// Does something with the binaries of the release.
fn in_release(
    session: &mut Session<'_>,
    run: impl FnOnce(&mut Session<'_>) -> anyhow::Result<u8>,
) -> anyhow::Result<u8> {
    if session.project.profile() == "release" {
        return run(session);
    }
    let project = session.project.in_profile("release");
    session.over(&project, run)
}

fn begin(session: &mut Session<'_>, typed: &Typed, start: &Start) -> anyhow::Result<u8> {
    if typed.base.version {
        let mut steps = Vec::from_iter(session.build_if_stale()?);
        steps.push(app::step(session.project, Role::App, ["serve", "--version"].map(OsString::from)));
        return session.carry_out(&Plan { task: "prod".to_owned(), steps });
    }
    if session.is_run() {
        refuse_a_second(session.project)?;
    }
    let prepared = Prepared::new(session, typed, &start.prepare)?;
    let serve = typed.serve(session.project, start);
    if !session.is_run() {
        return session.carry_out(&Plan { task: "prod".to_owned(), steps: prepared.all().chain([serve]).collect() });
    }
    match prepared.run(session, "prod")? {
        0 if start.foreground => foreground(session.project, &serve),
        0 => self::start(session.project, &serve, start),
        code => Ok(code),
    }
}

fn replace(session: &mut Session<'_>, typed: &Typed, restart: &Restart) -> anyhow::Result<u8> {
    if session.is_run() {
        require_one(session.project)?;
        if restart.prepare.no_build && !session.project.app_binary().exists() {
            output::note("there is no release any more: the server starts anew what it runs");
            return self::restart(session.project, restart);
        }
    }
    let prepared = Prepared::new(session, typed, &restart.prepare)?;
    if !session.is_run() {
        return session.carry_out(&Plan { task: "restart-prod".to_owned(), steps: prepared.all().collect() });
    }
    match prepared.run(session, "restart-prod")? {
        0 => self::restart(session.project, restart),
        code => Ok(code),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::plan::Step;
    use crate::project::Project;

    #[test]
    fn both_have_the_same_functions() {
        let _: [fn(&Project) -> anyhow::Result<()>; 2] = [refuse_a_second, elsewhere::refuse_a_second];
        let _: [fn(&Project) -> anyhow::Result<()>; 2] = [require_one, elsewhere::require_one];
        let _: [fn(&Project, &Step) -> anyhow::Result<u8>; 2] = [foreground, elsewhere::foreground];
        let _: [fn(&_, &_, &_) -> _; 2] = [start, elsewhere::start];
        let _: [fn(&Project, &Stop) -> anyhow::Result<u8>; 2] = [stop, elsewhere::stop];
        let _: [fn(&Project, &Restart) -> anyhow::Result<u8>; 2] = [restart, elsewhere::restart];
        let _: [fn(&Project, &Status) -> anyhow::Result<u8>; 2] = [status, elsewhere::status];
        let _: [fn(&Project) -> bool; 2] = [is_running, elsewhere::is_running];
    }
}
