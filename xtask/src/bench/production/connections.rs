//! What thousands of open connections that nothing happens on cost: memory of the server, and other visitors' time.

use std::time::{Duration, Instant};

use anyhow::Context;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::running::Running;
use super::site::{PAGE, Site};
use super::{Noise, meter, until, wrk};
use crate::bench::http::{After, Connection};
use crate::bench::load::{Load, Plan};
use crate::bench::report::{self, Row};
use crate::output;

/// What a connection may cost, and how much slower the slowest of a hundred answers may become.
const KB_EACH: f64 = 20.0;
const OF_P99: f64 = 10.0;

/// The load of the other visitors, and how long it goes on.
const PER_SECOND: u32 = 200;
const TIME: Duration = Duration::from_secs(10);

const PATIENCE: Duration = Duration::from_secs(20);

/// What else needs a file: pipes, the load, the log.
const OTHER_FILES: u64 = 500;

pub(super) fn run(site: &Site, open: u32) -> anyhow::Result<u8> {
    site.load()?;
    let noise = Noise::begin()?;
    // With the limits that it was started with: to get more is its own affair.
    // They stay open as long as this takes, on a slow machine too.
    let server = site.serve(1, &[("APP__SERVER__IDLE_SECONDS", "900")])?;
    may_open(u64::from(open) + OTHER_FILES)?;
    // What a server takes once and keeps is not what a connection costs.
    wrk::start(server.address(), PAGE, Duration::from_secs(3))?.figures()?;
    let (alone, failed_alone) = visit(&server)?;
    let before = memory(&server)?;
    output::note(format_args!("opening {open} connections"));
    let begun = Instant::now();
    let connections = (0..open).map(|number| connect(&server, number)).collect::<anyhow::Result<Vec<_>>>()?;
    let opened = begun.elapsed();
    let after = memory(&server)?;
    let (beside, failed_beside) = visit(&server)?;
    let kept = connections.iter().filter(|connection| connection.is_open()).count();
    drop(connections);
    server.stop()?;
    #[expect(clippy::cast_precision_loss, reason = "for a ratio")]
    let each = after.saturating_sub(before) as f64 / f64::from(open);
    let ratio = beside.as_secs_f64() / alone.as_secs_f64();
    let failed = failed_alone + failed_beside;
    let rows = [
        Row::fact("opened, each with one page, within", format_args!("{:8.1} s", opened.as_secs_f64())),
        Row::number(&format!("still open after the load ({open})"), kept, kept == open as usize),
        Row::fact("memory of the server before", format_args!("{:8.1} MB", megabytes(before))),
        Row::fact("memory of the server with them", format_args!("{:8.1} MB", megabytes(after))),
        Row::number("  for each (less than 20)", format_args!("{each:8.2} kB"), each < KB_EACH),
        Row::times("99 of 100 answered within, without them", &[alone]),
        Row::times("99 of 100 answered within, with them", &[beside]),
        Row::number("  ratio (less than 10)", format_args!("{ratio:8.2}"), ratio < OF_P99),
        Row::number("requests of the load that failed (0)", failed, failed == 0),
        noise.row()?,
    ];
    let heading =
        format!("{open} open connections; the load is {PER_SECOND} requests per second, half on new connections");
    report::print(&heading, &rows)
}

/// Lets this process have as many files open.
fn may_open(files: u64) -> anyhow::Result<()> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|current| current < files) {
        let more = Rlimit { current: Some(files), maximum: limit.maximum };
        setrlimit(Resource::Nofile, more).with_context(|| format!("failed to get the right to open {files} files"))?;
    }
    Ok(())
}

/// A connection that has had its answer.
fn connect(server: &Running, number: u32) -> anyhow::Result<Connection> {
    let answer = Connection::open(server.address(), PATIENCE).and_then(|mut connection| {
        let answer = connection.request("GET", PAGE, After::Keep)?;
        Ok((connection, answer.status))
    });
    match answer {
        Ok((connection, 200)) => Ok(connection),
        Ok((_, status)) => Err(server.failed(&format!("answer on connection {number} (status {status})"))),
        Err(broken) => Err(server.failed(&format!("answer on connection {number} ({broken:?})"))),
    }
}

/// The latency that 99 of 100 requests stay below, and how many failed.
fn visit(server: &Running) -> anyhow::Result<(Duration, u64)> {
    let plan = Plan { address: server.address(), path: PAGE.to_owned(), per_second: PER_SECOND, patience: PATIENCE };
    let load = Load::start(plan)?;
    until(Instant::now() + TIME);
    let figures = load.stop();
    if figures.failed() > 0 {
        output::note(format_args!("the load: {figures}"));
    }
    Ok((figures.percentile(0.99), figures.failed()))
}

/// What all processes of the server have in memory, in kB.
fn memory(server: &Running) -> anyhow::Result<u64> {
    server.processes()?.into_iter().filter_map(rustix::process::Pid::from_raw).map(meter::resident).sum()
}

#[expect(clippy::cast_precision_loss, reason = "for people")]
fn megabytes(kilobytes: u64) -> f64 {
    kilobytes as f64 / 1024.0
}
