//! `--restart-on-failure`: starts the master again when it crashed, a little later each time. One that fails before it was
//! ever ready is not tried again: somebody waits for the answer.

use std::io;
use std::time::Duration;

use anyhow::Context as _;
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::net::unix::pipe;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Instant, sleep};

use super::Role;
use super::notify::Notifier;
use super::program::{Ended, Program, Source, ended, hand_over, spawn};
use crate::context::Context;
use crate::http::Ready;
use crate::management::{CommandError, Interrupted, Output};
use crate::process::{READY_FD, Stop, stops};

/// A server that went on for so long before it crashed is started again at once.
const STEADY: Duration = Duration::from_secs(60);

/// How long the next try waits at first, and at most.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(30));

/// The exit code of a server that was interrupted.
const INTERRUPTED: i32 = 130;

/// Keeps it going until it stops in order.
pub(super) async fn run(program: &Program, ctx: &Context) -> anyhow::Result<Output> {
    let failed = "failed to watch for signals";
    let mut ready = Some(Ready::of(ctx.handover())?);
    let mut stops = stops(ctx.handover())?;
    let mut hang_ups = signal(SignalKind::hangup()).context(failed)?;
    let mut children = signal(SignalKind::child()).context(failed)?;
    let notifier = Notifier::of(ctx);
    let mut stop = None;
    let mut wait = Duration::ZERO;
    loop {
        let begin = Instant::now();
        let (pid, mut lines) = start(program)?;
        let mut listens = true;
        let how = loop {
            tokio::select! {
                how = ended(pid, &mut children) => break how,
                line = lines.next_line(), if listens => match line {
                    Ok(Some(line)) => if let (Some(url), Some(mut ready)) = (line.strip_prefix("READY "), ready.take()) {
                        ready.report(url)?;
                        notifier.ready("serving");
                    },
                    _ => listens = false,
                },
                Some(told) = stops.recv() => {
                    pass_on(pid, if told == Stop::Interrupt { Signal::INT } else { Signal::TERM });
                    stop = Some(told);
                }
                _ = hang_ups.recv() => pass_on(pid, Signal::HUP),
            }
        };
        match (how, stop) {
            (Ended::Code(0), _) => return Ok(Output::None),
            (_, Some(Stop::Interrupt)) | (Ended::Code(INTERRUPTED), _) => return Err(Interrupted.into()),
            (_, Some(_)) => return Ok(Output::None),
            (Ended::Code(code), None) if ready.is_some() => {
                return Err(CommandError::silent().code(u8::try_from(code).unwrap_or(1)).into());
            }
            (_, None) if ready.is_some() => return Err(CommandError::new(format!("the server {how}")).into()),
            (_, None) => {}
        }
        let (first, most) = BACK_OFF;
        wait = if begin.elapsed() >= STEADY { Duration::ZERO } else { (wait * 2).clamp(first, most) };
        tracing::error!(target: "serve", "the server {how}: starting it again in {} ms", wait.as_millis());
        tokio::select! {
            () = sleep(wait) => {}
            Some(told) = stops.recv() => return match told {
                Stop::Interrupt => Err(Interrupted.into()),
                _ => Ok(Output::None),
            },
        }
    }
}

fn start(program: &Program) -> anyhow::Result<(Pid, Lines<BufReader<pipe::Receiver>>)> {
    let (read, write) = io::pipe().context("failed to make a pipe")?;
    let mut command = program.command(&Source::Running, Role::Master);
    // systemd knows this process, and hears of no other.
    command.env_remove("NOTIFY_SOCKET");
    hand_over(&mut command, READY_FD, write);
    let pid = spawn(&mut command).context("failed to start the server")?;
    drop(command);
    let pipe = pipe::Receiver::from_owned_fd(read.into()).context("failed to watch a pipe")?;
    Ok((pid, BufReader::new(pipe).lines()))
}

/// It may have ended meanwhile, but its number is its own until it is waited for.
fn pass_on(pid: Pid, signal: Signal) {
    if let Err(error) = kill_process(pid, signal) {
        tracing::debug!(target: "serve", "failed to signal {}: {error}", pid.as_raw_nonzero());
    }
}
