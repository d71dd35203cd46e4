//! Runs a parsed command in a thread of its own, so that nothing it does can keep the process: not a handler that blocks
//! past its time limit, not the death of the parent, not a panic.

use std::io::Read as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use anyhow::Context as _;

use super::bulk::timed_out;
use super::call::invocation;
use super::console::Console;
use super::dispatch::{self, SystemChecks};
use super::error::CommandError;
use super::execute::{Details, Ready, finish, report};
use super::terminal;
use crate::logging::COMMAND;

/// How long a command that blocks may go on after its time limit.
const GRACE: Duration = Duration::from_secs(2);

/// As much as a main thread usually has: handlers nest futures deeply in debug builds.
const STACK: usize = 8 * 1024 * 1024;

enum Event {
    /// A time limit begins now.
    Limit(Duration),
    /// The process that started this one is gone.
    ParentGone,
    /// The command ended with this exit code.
    Ended(u8),
}

/// Runs the command and gives back the exit code.
pub(super) fn supervise(ready: Ready, console: Console) -> u8 {
    let result = try_supervise(ready, console);
    // The command may have been given up while it asked for a password.
    terminal::restore();
    match result {
        Ok(code) => code,
        // The command's own console may be in use by what could not be stopped.
        Err(error) => report(&error, Details::Short, &mut Console::process()),
    }
}

fn try_supervise(ready: Ready, console: Console) -> anyhow::Result<u8> {
    let (sender, events) = mpsc::channel();
    if !ready.spec.options.drains {
        watch_parent(&ready, sender.clone())?;
    }
    let name = ready.spec.name;
    let work = move || {
        let limits = sender.clone();
        let outcome = catch_unwind(AssertUnwindSafe(|| run(ready, console, limits)));
        let code = outcome.unwrap_or_else(|_| {
            tracing::error!(target: COMMAND, "`{name}` panicked");
            1
        });
        // The receiver is gone when the command was given up.
        let _ = sender.send(Event::Ended(code));
    };
    std::thread::Builder::new()
        .name(name.to_owned())
        .stack_size(STACK)
        .spawn(work)
        .context("failed to start a thread")?;
    let mut limit: Option<(Duration, Instant)> = None;
    loop {
        let event = match limit {
            None => events.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some((_, end)) => events.recv_timeout(end.saturating_duration_since(Instant::now())),
        };
        match (event, limit) {
            (Ok(Event::Ended(code)), _) => return Ok(code),
            (Ok(Event::Limit(begun)), _) => limit = Some((begun, Instant::now() + begun + GRACE)),
            (Ok(Event::ParentGone), _) => {
                return Err(CommandError::new("the process that started this command is gone").into());
            }
            (Err(RecvTimeoutError::Timeout), Some((limit, _))) => return Err(timed_out(limit).into()),
            (Err(_), _) => return Ok(1),
        }
    }
}

/// Watches the pipe from the parent, if there is one. The thread ends with the process.
fn watch_parent(ready: &Ready, sender: Sender<Event>) -> anyhow::Result<()> {
    let Some(mut pipe) = ready.ctx.handover().parent()? else { return Ok(()) };
    let watch = move || {
        let mut buffer = [0; 64];
        // Nothing is ever sent: a failure to read means as much as the end.
        while pipe.read(&mut buffer).is_ok_and(|read| read > 0) {}
        // The receiver is gone when the command has ended.
        let _ = sender.send(Event::ParentGone);
    };
    std::thread::Builder::new().name("parent".to_owned()).spawn(watch).context("failed to start a thread")?;
    Ok(())
}

fn run(ready: Ready, mut console: Console, limits: Sender<Event>) -> u8 {
    let details = if ready.base.traceback { Details::Chain } else { Details::Short };
    let code = match try_run(ready, &mut console, limits) {
        Ok(()) => 0,
        Err(error) => report(&error, details, &mut console),
    };
    finish(code, &mut console)
}

/// How many threads do blocking work. A password being hashed takes one of them, and 19 MiB: tokio's default of 512 would
/// let a burst of logins take all memory.
const BLOCKING_THREADS: usize = 16;

fn try_run(ready: Ready, console: &mut Console, limits: Sender<Event>) -> anyhow::Result<()> {
    let Ready { ctx, spec, matches, base, arguments } = ready;
    let checks = if base.skip_checks { SystemChecks::Skip } else { SystemChecks::Run };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(BLOCKING_THREADS)
        .build()
        .context("failed to start the runtime")?;
    let limit_begins = Box::new(move |limit| {
        // The receiver is gone when the command was given up.
        let _ = limits.send(Event::Limit(limit));
    });
    let result = runtime.block_on(async {
        let invocation = invocation(&spec, &matches, checks, &arguments, limit_begins)?;
        let result = dispatch::run(invocation, &ctx, console).await;
        ctx.close().await;
        result
    });
    // A thread that blocks must not keep the process alive.
    runtime.shutdown_background();
    result.map(drop)
}
