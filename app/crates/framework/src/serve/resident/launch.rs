//! `--detached`: starts the server in a session of its own, and waits until it is ready or has failed.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use rustix::process::{Signal, kill_process};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::unix::pipe;
use tokio::signal::unix::{SignalKind, signal};

use super::program::{Program, Source, ended, hand_over, spawn};
use super::{Role, lock};
use crate::context::Context;
use crate::http::Ready;
use crate::management::{CommandError, Console, Interrupted, Output};
use crate::process::{READY_FD, Stop, stops};
use crate::system;

/// How many of the last lines of a server that failed are repeated.
const LAST_LINES: usize = 40;

/// Starts it.
pub(super) async fn run(program: &Program, ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
    lock::refuse_second(ctx).await?;
    let path = ctx.layout().var().join("log/server.log");
    let log = begin(&path).map_err(|error| {
        let hint = "hint: the server needs a directory that it may write its log to";
        CommandError::new(format!("failed to open `{}`: {error}\n{hint}", path.display())).source(error)
    })?;
    let mut ready = Ready::of(ctx.handover())?;
    let mut stops = stops(ctx.handover())?;
    let mut children = signal(SignalKind::child()).context("failed to watch for signals")?;
    let (read, write) = io::pipe().context("failed to make a pipe")?;
    let mut command = program.command(&Source::Running, Role::Detached);
    if !program.says_verbosity() {
        // The requests are in `app.log`.
        command.arg("--verbosity=0");
    }
    let copy = log.try_clone().context("failed to copy a descriptor")?;
    command.stdout(copy).stderr(log);
    hand_over(&mut command, READY_FD, write);
    system::new_session(&mut command);
    let pid = spawn(&mut command).context("failed to start the server")?;
    drop(command);
    let pipe = pipe::Receiver::from_owned_fd(read.into()).context("failed to watch a pipe")?;
    let mut lines = BufReader::new(pipe).lines();
    tokio::select! {
        line = lines.next_line() => {
            let line = line.unwrap_or_default().unwrap_or_default();
            if let Some(url) = line.strip_prefix("READY ") {
                let server = lock::current(ctx).unwrap_or_default().pid;
                console.stderr.write(format!("ready: {url} (pid {server})"));
                ready.report(url)?;
                return Ok(Output::None);
            }
            let how = ended(pid, &mut children).await;
            let said = last_lines(&path);
            match said.is_empty() {
                true => Err(CommandError::new(format!("the server {how}")).into()),
                false => {
                    console.stderr.write_unended(said);
                    Err(CommandError::silent().into())
                }
            }
        }
        stop = stops.recv() => {
            // It may have ended meanwhile, but its number is its own until it is waited for.
            let _ = kill_process(pid, Signal::TERM);
            ended(pid, &mut children).await;
            match stop {
                Some(Stop::Interrupt) => Err(Interrupted.into()),
                _ => Err(CommandError::new("stopped before the server was ready").into()),
            }
        }
    }
}

/// A new log; the one before is kept beside it.
fn begin(path: &Path) -> io::Result<File> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    let mut before = path.as_os_str().to_owned();
    before.push(".1");
    match fs::rename(path, PathBuf::from(before)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    system::append(path)
}

fn last_lines(path: &Path) -> String {
    let text = fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    lines[lines.len().saturating_sub(LAST_LINES)..].concat()
}
