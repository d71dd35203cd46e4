//! Requests that fail while the server is restarted again and again, and while one of its processes is killed.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context;
use rustix::process::{Pid, Signal};
use serde::Deserialize;
use serde_json::{Value, json};

use super::site::{PAGE, Site};
use super::{Noise, until, wrk};
use crate::bench::report::{self, Row};
use crate::output;

const WORKERS: u32 = 2;

/// How long a restart may take, and how long it takes until a killed process has been replaced at most.
const PATIENCE: Duration = Duration::from_secs(60);
const BACK_WITHIN: Duration = Duration::from_secs(1);

/// The load: longer than what happens under it.
const EACH_RESTART: Duration = Duration::from_secs(3);
const AROUND_KILL: Duration = Duration::from_secs(6);

const TICK: Duration = Duration::from_millis(10);

/// What the server says of itself.
#[derive(Deserialize)]
struct Status {
    generation: u64,
    workers: Vec<Worker>,
}

#[derive(Deserialize)]
struct Worker {
    pid: i32,
    state: String,
}

impl Status {
    fn of(site: &Site) -> anyhow::Result<Self> {
        let line = ask(site.root(), &json!({ "do": "status" }))?.pop().context("the server said nothing of itself")?;
        serde_json::from_value(line).context("failed to understand the server's status")
    }

    fn serving(&self) -> impl Iterator<Item = &Worker> {
        self.workers.iter().filter(|worker| matches!(worker.state.as_str(), "serving" | "ready"))
    }
}

pub(super) fn run(site: &Site, runs: u32) -> anyhow::Result<u8> {
    site.load()?;
    let noise = Noise::begin()?;
    let server = site.serve(WORKERS, &[])?;
    output::note(format_args!("{runs} restarts under load"));
    let load = wrk::start(server.address(), PAGE, EACH_RESTART * runs)?;
    let (first, begun) = (Status::of(site)?.generation, Instant::now());
    let mut restarts = Vec::new();
    for number in 1..=runs {
        new_binary(site.root())?;
        let begun = Instant::now();
        let said = ask(site.root(), &json!({ "do": "restart", "timeout": PATIENCE.as_secs() }))?;
        let last = said.last().cloned().unwrap_or_default();
        anyhow::ensure!(last["done"] == true, server.failed(&format!("restart ({last})")));
        restarts.push(begun.elapsed());
        // The rest of the time of each is the new process's own.
        until(begun + EACH_RESTART.mul_f64(0.8));
        output::note(format_args!("restart {number}: {:.1} s", restarts[restarts.len() - 1].as_secs_f64()));
    }
    let is_under_load = begun.elapsed() < EACH_RESTART * runs;
    let generations = Status::of(site)?.generation - first;
    let during = load.figures()?;
    output::note("one of two processes is killed under load");
    let load = wrk::start(server.address(), PAGE, AROUND_KILL)?;
    until(Instant::now() + AROUND_KILL / 3);
    let back = kill_one(site)?;
    let killed = load.figures()?;
    let rest = wrk::start(server.address(), PAGE, EACH_RESTART)?.figures()?;
    server.stop()?;
    // One request is open on each connection at most, and half of the 64 are the killed process's, more or less.
    let own = killed.broken <= 64 && killed.late == 0 && killed.errors == 0;
    let rows = [
        Row::times("a restart: new processes serve, old ones have gone", &restarts),
        Row::number(&format!("generations ({runs})"), generations, generations == u64::from(runs)),
        Row::number("  all under load", if is_under_load { "yes" } else { "no" }, is_under_load),
        Row::fact("requests answered meanwhile", during.requests),
        Row::number("  failed (0)", during.failed(), during.failed() == 0),
        Row::limited("a killed process was replaced after", &[back], BACK_WITHIN),
        Row::fact("requests answered around it", killed.requests),
        Row::number("  connections that broke (its own, at most 64)", killed.broken, own),
        Row::number("  answered late or with an error (0)", killed.late + killed.errors, own),
        Row::number("requests that failed afterwards (0)", rest.failed(), rest.failed() == 0),
        noise.row()?,
    ];
    report::print(&format!("{WORKERS} processes under `wrk -c64`"), &rows)
}

/// Another file at the binary's path, as a new version is.
fn new_binary(root: &Path) -> anyhow::Result<()> {
    let (binary, new) = (root.join("app"), root.join("app.new"));
    fs::copy(&binary, &new)
        .and_then(|_| fs::rename(&new, &binary))
        .with_context(|| format!("failed to replace `{}`", binary.display()))
}

/// Kills one process; gives the time until as many serve as before.
fn kill_one(site: &Site) -> anyhow::Result<Duration> {
    let status = Status::of(site)?;
    let victim = status.serving().next().context("no process serves")?.pid;
    let pid = Pid::from_raw(victim).context("a process without a number")?;
    let begun = Instant::now();
    rustix::process::kill_process(pid, Signal::KILL).context("failed to kill a process of the server")?;
    loop {
        let now = Status::of(site)?;
        let has_gone = now.serving().all(|worker| worker.pid != victim);
        if has_gone && now.serving().count() == WORKERS as usize {
            return Ok(begun.elapsed());
        }
        anyhow::ensure!(begun.elapsed() < PATIENCE, "the killed process was not replaced");
        std::thread::park_timeout(TICK);
    }
}

/// Asks the server by its control socket; gives all lines of the answer.
fn ask(root: &Path, question: &Value) -> anyhow::Result<Vec<Value>> {
    let exchange = || -> anyhow::Result<Vec<Value>> {
        // The path of a socket may have 108 bytes; the directory's number is shorter than any path.
        let directory = File::open(root.join("var/run"))?;
        let mut socket = UnixStream::connect(format!("/proc/self/fd/{}/server.sock", directory.as_raw_fd()))?;
        socket.set_read_timeout(Some(PATIENCE))?;
        socket.write_all(format!("{question}\n").as_bytes())?;
        let mut lines = Vec::new();
        for line in BufReader::new(socket).lines() {
            let line: Value = serde_json::from_str(&line?)?;
            let is_last = line.get("say").is_none();
            lines.push(line);
            if is_last {
                break;
            }
        }
        Ok(lines)
    };
    exchange().context("failed to ask the server by its control socket")
}
