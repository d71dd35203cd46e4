//! `stop-prod`: asks the server to end in order, then tells it to by a signal, then kills it; and says which it was.

use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::{Value, json};

use super::control::{self, Answer, said};
use super::lock::{self, Holder, State};
use super::process::Process;
use super::waiting::{Woken, until};
use crate::failure::Failure;
use crate::output;
use crate::process::Ended;
use crate::prod::options::Stop;
use crate::project::Project;
use crate::system::{Request, Signals};

/// How long the server may take beyond the time that its open requests have.
const MARGIN: Duration = Duration::from_secs(5);

/// How long open requests have when nobody says it, not even the server.
const USUAL: u64 = 30;

/// How long the server may take to say how long they have.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long a killed process may take to be gone.
const KILLED: Duration = Duration::from_secs(5);

/// How it came to an end.
enum End {
    Gone,
    Stopped(Request),
    Late,
}

/// Runs the task.
pub(in crate::prod) fn stop(project: &Project, typed: &Stop) -> anyhow::Result<u8> {
    let holder = match lock::look(project)? {
        State::Stopped => {
            output::note("the production server is not running");
            return Ok(0);
        }
        State::Crashed(record) => {
            output::note(format_args!("the production server is not running: it crashed ({})", record.told()));
            lock::forget(project)?;
            return Ok(0);
        }
        State::Held(holder) => holder,
    };
    let mut signals = Signals::catch()?;
    let seconds = match typed.timeout {
        Some(seconds) => seconds,
        None => drain_seconds(project, &mut signals)?.unwrap_or(USUAL),
    };
    let deadline = Instant::now() + Duration::from_secs(seconds) + MARGIN;
    let pid = holder.process.as_ref().map(|server| format!(" (pid {})", server.number())).unwrap_or_default();
    output::note(format_args!("stopping the production server{pid}"));
    let end = match ask(project, typed, &mut signals, deadline)? {
        Some(end) => end,
        None => tell(project, &holder, &mut signals, deadline)?,
    };
    match end {
        End::Gone => {
            output::note("the production server is stopped");
            Ok(0)
        }
        End::Stopped(request) => Ok(Ended::Killed(request.number()).code()),
        End::Late => kill(project, holder, seconds, &mut signals),
    }
}

/// How long open requests have, as the server's settings say.
fn drain_seconds(project: &Project, signals: &mut Signals) -> anyhow::Result<Option<u64>> {
    let Ok(mut asked) = control::ask(project, &json!({ "do": "status" })) else { return Ok(None) };
    match asked.next(signals, Instant::now() + PATIENCE)? {
        Answer::Line(line) => Ok(line.get("drain_seconds").and_then(Value::as_u64)),
        Answer::Stopped(_) | Answer::End | Answer::Late => Ok(None),
    }
}

/// By the control socket; nothing when nobody listens there.
fn ask(project: &Project, typed: &Stop, signals: &mut Signals, deadline: Instant) -> anyhow::Result<Option<End>> {
    let mut question = json!({ "do": "stop" });
    if let Some(timeout) = typed.timeout {
        question["timeout"] = json!(timeout);
    }
    let Ok(mut asked) = control::ask(project, &question) else { return Ok(None) };
    loop {
        match asked.next(signals, deadline)? {
            Answer::Line(line) => {
                if let Some(text) = said(&line, "say") {
                    output::note(text);
                }
                if let Some(error) = said(&line, "error") {
                    output::note(format_args!("the server says: {error}"));
                }
            }
            Answer::End => return Ok(Some(gone(project, signals, deadline)?)),
            Answer::Stopped(request) => return Ok(Some(End::Stopped(request))),
            Answer::Late => return Ok(Some(End::Late)),
        }
    }
}

/// By a signal to the very process.
fn tell(project: &Project, holder: &Holder, signals: &mut Signals, deadline: Instant) -> anyhow::Result<End> {
    let Some(server) = &holder.process else { return gone(project, signals, deadline) };
    output::note("it does not listen on its control socket: it gets SIGTERM");
    server.signal(Signal::TERM);
    gone(project, signals, deadline)
}

/// Waits until nobody holds the lock.
fn gone(project: &Project, signals: &mut Signals, deadline: Instant) -> anyhow::Result<End> {
    let woken = until(signals, deadline, || Ok(!matches!(lock::look(project)?, State::Held(_))))?;
    Ok(match woken {
        Woken::Readable => End::Gone,
        Woken::Asked(request) => End::Stopped(request),
        Woken::Late => End::Late,
    })
}

fn kill(project: &Project, holder: Holder, seconds: u64, signals: &mut Signals) -> anyhow::Result<u8> {
    let Some(server) = holder.process else {
        let text =
            format!("the production server did not stop within {seconds} s, and it is not known which process it is");
        return Err(Failure::new(text).into());
    };
    let workers = server.descendants();
    if let Some(keeper) = server.keeper() {
        // Told to stop, it takes what follows for the end, not for a crash.
        keeper.signal(Signal::TERM);
    }
    server.signal(Signal::KILL);
    workers.iter().for_each(|worker| worker.signal(Signal::KILL));
    let all_gone = || Ok(server.has_ended() && workers.iter().all(Process::has_ended));
    if until(signals, Instant::now() + KILLED, all_gone)? == Woken::Late {
        return Err(Failure::new(format!("the production server (pid {}) cannot be killed", server.number())).into());
    }
    lock::forget(project)?;
    let processes = workers.len() + 1;
    output::note(format_args!("the production server did not stop within {seconds} s: {processes} process(es) killed"));
    Ok(0)
}
