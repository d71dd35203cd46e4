//! `prod`: the server is started in a session of its own, and answers before this returns; or it takes this process's
//! place.

use std::os::unix::process::CommandExt as _;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context;
use rustix::process::Signal;

use super::lock::{self, Holder, State};
use super::probe::probe;
use super::waiting::{Woken, until};
use crate::failure::Failure;
use crate::plan::Step;
use crate::prod::options::Start;
use crate::prod::tail;
use crate::project::Project;
use crate::system::{Request, Signals, To};
use crate::{names, output, process, system};

/// How long a server that is given up may take to end.
const GRACE: Duration = Duration::from_secs(10);

/// How many of a server's last words are shown.
const LAST_WORDS: usize = 20;

/// Fails when a server runs already.
pub(in crate::prod) fn refuse_a_second(project: &Project) -> anyhow::Result<()> {
    match lock::look(project)? {
        State::Held(holder) => Err(Failure::new(format!("the production server is {}", holder.told()))
            .hint("`cargo xtask restart-prod` replaces it by a new build, `cargo xtask stop-prod` stops it")
            .into()),
        State::Stopped | State::Crashed(_) => Ok(()),
    }
}

/// Becomes the server, so that whoever supervises this process supervises the server.
pub(in crate::prod) fn foreground(_: &Project, serve: &Step) -> anyhow::Result<u8> {
    let error = process::command(serve).exec();
    Err(error).with_context(|| format!("failed to start `{}`", serve.short()))
}

/// Starts the server, and waits until it answers.
pub(in crate::prod) fn start(project: &Project, serve: &Step, typed: &Start) -> anyhow::Result<u8> {
    let deadline = Instant::now() + Duration::from_secs(typed.timeout);
    let mut signals = Signals::catch()?;
    let mut command = process::command(serve);
    // What is meant for this process only: the server is to outlive it, and binds by itself.
    for name in ["APP_PARENT_FD", "APP_READY_FD", "LISTEN_PID", "LISTEN_FDNAMES", "LISTEN_FDS", "LISTEN_FDS_FIRST_FD"] {
        command.env_remove(name);
    }
    command.stdin(Stdio::null()).stdout(Stdio::null());
    system::unix::keep_descriptors().context("failed to list the open descriptors")?;
    let mut child = command.spawn().with_context(|| format!("failed to start `{}`", serve.short()))?;
    match until(&mut signals, deadline, || system::has_ended(&mut child))? {
        Woken::Readable => {}
        Woken::Asked(request) => {
            give_up(project, &mut child, &mut signals)?;
            return Ok(process::Ended::Killed(request.number()).code());
        }
        Woken::Late => {
            give_up(project, &mut child, &mut signals)?;
            show_last_words(project);
            let text = format!("the production server was not ready after {} s, and was stopped", typed.timeout);
            return Err(Failure::new(text).code(124).into());
        }
    }
    let status = child.wait().context("failed to wait for the server")?;
    if !status.success() {
        let how = match system::ended(status) {
            process::Ended::Exited(code) => format!("`{}` exited with {code}", serve.short()),
            process::Ended::Killed(signal) => format!("`{}` was killed by {}", serve.short(), names::signal(signal)),
            ended => format!("`{}` exited with {}", serve.short(), ended.code()),
        };
        let failure = Failure::new(format!("the production server did not start: {how}"));
        return Err(failure.hint("`cargo xtask logs` shows more").into());
    }
    answers(project, &mut signals, deadline)
}

/// Waits until the server that says it is ready really answers, at all its addresses.
fn answers(project: &Project, signals: &mut Signals, deadline: Instant) -> anyhow::Result<u8> {
    let mut last = None;
    let woken = until(signals, deadline, || {
        let State::Held(Holder { record, .. }) = lock::look(project)? else {
            return Err(ended_again(project));
        };
        last = record.addresses.iter().find_map(|address| Some((address.clone(), probe(address).err()?)));
        Ok(last.is_none())
    })?;
    match (woken, last) {
        (Woken::Asked(request), _) => Ok(process::Ended::Killed(request.number()).code()),
        (Woken::Readable, _) | (Woken::Late, None) => {
            if let State::Held(holder) = lock::look(project)? {
                output::note(format_args!("the production server runs: {}", holder.record.told()));
            }
            Ok(0)
        }
        (Woken::Late, Some((address, error))) => {
            let text = format!("the production server runs, but does not answer at {address}: {error}");
            Err(Failure::new(text).hint("`cargo xtask logs` shows more, `cargo xtask stop-prod` stops it").into())
        }
    }
}

fn ended_again(project: &Project) -> anyhow::Error {
    show_last_words(project);
    Failure::new("the production server started, and ended again").hint("`cargo xtask logs` shows more").into()
}

/// Ends a server that is not ready: whoever waits for it, and whoever holds the lock.
fn give_up(project: &Project, child: &mut Child, signals: &mut Signals) -> anyhow::Result<()> {
    let _ = system::pass_on(child, To::Process, Request::Terminate);
    if until(signals, Instant::now() + GRACE, || system::has_ended(child))? != Woken::Readable {
        let _ = system::kill(child, To::Process);
    }
    child.wait().context("failed to wait for the server")?;
    let State::Held(Holder { process: Some(server), .. }) = lock::look(project)? else { return Ok(()) };
    server.signal(Signal::TERM);
    if until(signals, Instant::now() + GRACE, || Ok(server.has_ended()))? != Woken::Readable {
        server.signal(Signal::KILL);
        until(signals, Instant::now() + GRACE, || Ok(server.has_ended()))?;
    }
    lock::forget(project)
}

fn show_last_words(project: &Project) {
    let words = tail::last_lines(&project.root.join(crate::prod::LOG).join("server.log"), LAST_WORDS);
    if let Ok(words) = words
        && !words.is_empty()
    {
        output::note(words.trim_end());
    }
}
