//! A process that serves: on the sockets that it was handed, until it is told to stop or the master is gone.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use anyhow::Context as _;
use rustix::stdio::dup2_stderr;

use super::handover::PROTOCOL;
use crate::checks::{self, Deploy, Selection};
use crate::context::Context;
use crate::http::{Listener, Ready, Site, metrics, serve};
use crate::management::{Console, Output, SystemChecks};
use crate::process::stops;

/// What the master asks for.
pub(super) const METRICS: &[u8] = b"metrics\n";

/// Serves.
pub(super) async fn run(ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
    let mut ready = Ready::of(ctx.handover())?;
    if console.system_checks() == SystemChecks::Run {
        let deploy = Deploy::in_environment(ctx.settings().environment);
        checks::run(&Selection { deploy, ..Selection::default() }, ctx, console).await?;
    }
    let site = Site::new(ctx.clone())?;
    let sockets = ctx.handover().listeners()?;
    let listeners = sockets.into_iter().map(Listener::inherited).collect::<anyhow::Result<Vec<_>>>()?;
    if let Err(error) = ctx.db().await {
        tracing::warn!("cannot reach the database: {error:#}");
    }
    let stops = stops(ctx.handover())?;
    let control = ctx.handover().control()?.map(|socket| UnixStream::from(std::os::fd::OwnedFd::from(socket)));
    if let Some(control) = &control {
        let control = control.try_clone().context("failed to watch the socket to the resident process")?;
        answer(control, Arc::clone(site.metrics())).context("failed to start a thread")?;
    }
    let stderr = ctx.handover().stderr()?;
    ready.report(&format!("{} {PROTOCOL}", ctx.version()))?;
    if let Some(stderr) = stderr {
        speak_directly(&stderr).context("failed to take over the standard error stream")?;
    }
    serve(Arc::clone(&site), listeners, stops, ready).await;
    if let Some(mut control) = control {
        // The master may be gone; then nobody wants to know.
        let _ = say(&mut control, &site.metrics().snapshot());
    }
    Ok(Output::None)
}

/// Up to now the master listened to what is said, to know why a start failed. From now on it goes where the master's goes.
fn speak_directly(stderr: &File) -> io::Result<()> {
    Ok(dup2_stderr(stderr)?)
}

/// Answers the master in a thread of its own, so that it hears of this process however busy that is.
fn answer(control: UnixStream, metrics: Arc<metrics::Metrics>) -> io::Result<()> {
    let mut speaker = control.try_clone()?;
    let listen = move || {
        let mut reader = BufReader::new(control);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            if line == METRICS && say(&mut speaker, &metrics.snapshot()).is_err() {
                return;
            }
            line.clear();
        }
    };
    std::thread::Builder::new().name("control".to_owned()).spawn(listen).map(drop)
}

fn say(control: &mut UnixStream, snapshot: &metrics::Snapshot) -> io::Result<()> {
    let mut line = serde_json::to_vec(snapshot)?;
    line.push(b'\n');
    control.write_all(&line)
}
