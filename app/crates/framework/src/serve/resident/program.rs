//! The program that runs, as something to be started again.

use std::ffi::OsString;
use std::fs::File;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::{fmt, io};

use anyhow::Context as _;
use rustix::process::{Pid, WaitOptions, waitpid};
use tokio::signal::unix::Signal;

use super::{ROLE, Role};
use crate::context::Context;
use crate::system;

/// The running program, also when its file was replaced or is gone.
const RUNNING: &str = "/proc/self/exe";

/// What only the process that was started with it is meant to see.
const OWN: &[&str] = &[
    "APP_CONTROL_FD",
    "APP_INHERITED_FDS",
    "APP_PARENT_FD",
    "APP_READY_FD",
    "APP_SERVE_STATE_FD",
    "APP_STDERR_FD",
    "LISTEN_FDNAMES",
    "LISTEN_FDS",
    "LISTEN_FDS_FIRST_FD",
    "LISTEN_PID",
];

/// The variables of systemd's protocol of notifications.
const NOTIFY: &[&str] = &["NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC"];

/// The program and its arguments.
#[derive(Clone, Debug)]
pub(super) struct Program {
    /// Its file, as it was called.
    pub(super) path: PathBuf,
    pub(super) arguments: Vec<OsString>,
}

/// Which file is started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// The one that runs.
    Running,
    /// What is at this path.
    File(PathBuf),
}

impl Program {
    /// The program of this process.
    pub(super) fn of(ctx: &Context) -> anyhow::Result<Self> {
        let mut arguments = ctx.env().arguments.clone().into_iter();
        let called = arguments.next().unwrap_or_default();
        let running = std::env::current_exe().context("failed to find the program's own file")?;
        // The path as it was typed may go through a link that names the newest version; it must be the same file, though.
        let typed = called.to_string_lossy().contains('/').then(|| ctx.env().current_dir.join(&called));
        let path = typed.filter(|path| is_running(path)).unwrap_or_else(|| without_mark(running));
        Ok(Self { path, arguments: arguments.collect() })
    }

    /// What is started to have a part of what this program does. It inherits no descriptor yet.
    pub(super) fn command(&self, source: &Source, role: Role) -> Command {
        let file = match source {
            Source::File(file) => file.as_path(),
            Source::Running if is_running(&self.path) || !Path::new(RUNNING).exists() => &self.path,
            Source::Running => Path::new(RUNNING),
        };
        let mut command = Command::new(file);
        // It is called by its path in any case, so that it knows where the next version will be.
        command.arg0(&self.path).args(&self.arguments).env(ROLE, role.name()).stdin(Stdio::null());
        for variable in OWN {
            command.env_remove(variable);
        }
        if role == Role::Worker {
            for variable in NOTIFY {
                command.env_remove(variable);
            }
        }
        command
    }

    /// Whether the arguments say how much to print.
    pub(super) fn says_verbosity(&self) -> bool {
        let says = |argument: &OsString| {
            let text = argument.to_string_lossy();
            text.starts_with("-v") || text.starts_with("--verbosity")
        };
        self.arguments.iter().any(says)
    }
}

/// Whether the path names the file that runs. Where the system does not tell, it does.
fn is_running(path: &Path) -> bool {
    match File::open(RUNNING) {
        Ok(running) => system::is_same(&running, path),
        Err(_) => true,
    }
}

/// Linux marks the path of a file that is gone.
fn without_mark(path: PathBuf) -> PathBuf {
    match path.to_str().and_then(|text| text.strip_suffix(" (deleted)")) {
        Some(text) => text.into(),
        None => path,
    }
}

/// Hands a descriptor over to the child alone, under the variable.
pub(super) fn hand_over(command: &mut Command, variable: &str, descriptor: impl Into<OwnedFd>) {
    let descriptor = descriptor.into();
    command.env(variable, descriptor.as_raw_fd().to_string());
    system::pass_on(command, vec![Arc::new(descriptor)]);
}

/// Starts the child. It is waited for by its number, also by whoever takes this process's place.
pub(super) fn spawn(command: &mut Command) -> io::Result<Pid> {
    Ok(Pid::from_child(&command.spawn()?))
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    Code(i32),
    Signal(i32),
    Unknown,
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "ended with exit code {code}"),
            Self::Signal(signal) => match signal_hook::low_level::signal_name(*signal) {
                Some(name) => write!(f, "was killed by {name}"),
                None => write!(f, "was killed by signal {signal}"),
            },
            Self::Unknown => f.write_str("is gone"),
        }
    }
}

/// How the child ended, if it has.
pub(super) fn try_wait(pid: Pid) -> Option<Ended> {
    match waitpid(Some(pid), WaitOptions::NOHANG) {
        Ok(Some((_, status))) => match (status.exit_status(), status.terminating_signal()) {
            (Some(code), _) => Some(Ended::Code(code)),
            (None, signal) => signal.map(Ended::Signal),
        },
        Ok(None) => None,
        // It is no child of ours.
        Err(_) => Some(Ended::Unknown),
    }
}

/// Waits for the end of the child. `children` must be older than the child.
pub(super) async fn ended(pid: Pid, children: &mut Signal) -> Ended {
    loop {
        if let Some(ended) = try_wait(pid) {
            return ended;
        }
        // It never ends.
        children.recv().await;
    }
}
