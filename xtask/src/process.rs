//! Starting one process and waiting for its end: process groups, signals, exit codes, and the pipe that tells a
//! child that xtask is gone.

use std::io::{self, IsTerminal as _, PipeWriter};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context;

use crate::plan::{Role, Step};
use crate::system::{self, Request, Signals, To};

/// How long a child may take to end after it was told to.
const GRACE: Duration = Duration::from_secs(10);

/// How a child ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// By itself, with this code.
    Exited(u8),
    /// By this signal.
    Killed(i32),
    /// By Ctrl-C, whatever code it then gave.
    Interrupted,
    /// It did not end in time after a request, and was killed.
    TimedOut,
}

impl Ended {
    /// The exit code that xtask gives for it.
    pub fn code(self) -> u8 {
        match self {
            Self::Exited(code) => code,
            Self::Killed(signal) => u8::try_from(signal).map_or(u8::MAX, |signal| signal.saturating_add(128)),
            Self::Interrupted => 130,
            Self::TimedOut => 137,
        }
    }
}

/// Starts the step and waits for its end. Also gives the first signal that asked xtask to end meanwhile, whatever the
/// child made of it.
///
/// A `Build` or `Server` has a process group of its own: signals are passed on to the group, a second one kills it at
/// once, and so does the deadline. So has a `Tool` (a script, `cargo test`) away from a terminal, so that nothing that it
/// started stays behind. The others share xtask's group and terminal: Ctrl-C reaches them without xtask, which only waits.
///
/// # Errors
/// When the program cannot be started ([`io::Error`] in the chain) or waited for.
pub fn run(step: &Step, signals: &mut Signals) -> anyhow::Result<(Ended, Option<Request>)> {
    let own_group = has_own_group(step.role);
    let to = if own_group { To::Group } else { To::Process };
    let (mut child, parent_end) = spawn(step)?;
    let (mut asked, mut passed_on, mut timed_out) = (None, false, false);
    let mut deadline: Option<Instant> = None;
    while !system::has_ended(&mut child)? {
        // The only error there can be in signalling it is that it has ended already.
        for request in signals.requests() {
            asked = asked.or(Some(request));
            if !own_group && request == Request::Interrupt {
                if !system::from_keyboard() {
                    let _ = system::pass_on(&mut child, to, request);
                }
                continue;
            }
            let _ = if passed_on && own_group {
                system::kill(&mut child, to)
            } else {
                system::pass_on(&mut child, to, request)
            };
            passed_on = true;
            deadline = deadline.or_else(|| Some(Instant::now() + GRACE));
        }
        if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            let _ = system::kill(&mut child, to);
            timed_out = true;
            deadline = None;
        }
        signals.wait(deadline)?;
    }
    if own_group {
        // What the leader left behind. It is not reaped yet, so the group's number cannot be anyone else's.
        let _ = system::kill(&mut child, to);
    }
    let status = child.wait().context("failed to wait for the child")?;
    drop(parent_end);
    let ended = match system::ended(status) {
        _ if own_group && asked == Some(Request::Interrupt) => Ended::Interrupted,
        _ if timed_out => Ended::TimedOut,
        ended => ended,
    };
    Ok((ended, asked))
}

fn has_own_group(role: Role) -> bool {
    match role {
        Role::Build | Role::Server => true,
        // At a terminal it may want to read from it, which only the group in the foreground can.
        Role::Tool => !io::stdin().is_terminal(),
        Role::App => false,
    }
}

/// The call of a step, with the environment that the child gets.
pub fn command(step: &Step) -> Command {
    let mut command = Command::new(&step.program);
    command.args(&step.args).current_dir(&step.directory).envs(&step.env.set);
    for name in &step.env.removed {
        command.env_remove(name);
    }
    command
}

/// Starts the child. The second value is the end of the pipe that must stay open as long as xtask lives.
fn spawn(step: &Step) -> anyhow::Result<(Child, Option<PipeWriter>)> {
    let mut command = command(step);
    if has_own_group(step.role) {
        system::own_group(&mut command);
    }
    if matches!(step.role, Role::Build | Role::Server) {
        // It may be in the terminal's background, where reading would stop it.
        command.stdin(Stdio::null());
    }
    let is_app = matches!(step.role, Role::App | Role::Server);
    let parent_end = is_app.then(|| system::watch_us(&mut command)).transpose()?;
    if step.role == Role::Build {
        system::end_with_parent(&mut command);
    }
    let child = command.spawn().with_context(|| format!("failed to start `{}`", step.short()))?;
    Ok((child, parent_end))
}
