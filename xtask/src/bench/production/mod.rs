//! What production promises, measured on the release build: requests per second beside peers, open connections, restarts
//! under load, collecting static files.

mod collectstatic;
mod connections;
mod pages;
mod peers;
mod restart;
mod running;
mod site;
mod tree;
mod wrk;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::Context;
use clap::{Args, Subcommand};

use self::site::Site;
use super::meter;
use super::report::Row;
use crate::plan::Step;
use crate::process;
use crate::project::Project;

/// What is measured.
#[derive(Debug, Subcommand)]
pub(super) enum What {
    /// Requests per second of `/mailings/`, beside the same page written by hand with axum, and on Django under Daphne
    Pages(Peered),
    /// What 10,000 open connections cost in memory, and other visitors in time
    Connections {
        #[command(flatten)]
        build: Build,
        /// How many connections are held open
        #[arg(long, value_name = "N", default_value = "10000", value_parser = clap::value_parser!(u32).range(1..=25_000))]
        open: u32,
    },
    /// Requests that fail while the server is restarted, and while one of its processes is killed
    Restart {
        #[command(flatten)]
        build: Build,
        /// How many restarts
        #[arg(long, value_name = "N", default_value = "10", value_parser = clap::value_parser!(u32).range(1..))]
        runs: u32,
    },
    /// Collecting 3,000 static files, beside Django with WhiteNoise
    Collectstatic(Peered),
}

/// Where the binary comes from.
#[derive(Args, Debug)]
pub(super) struct Build {
    /// Measure the release binary that is there
    #[arg(long)]
    no_build: bool,
}

/// A bench beside Django.
#[derive(Args, Debug)]
pub(super) struct Peered {
    #[command(flatten)]
    build: Build,
    /// How many rounds, each with everybody in turns
    #[arg(long, value_name = "N", default_value = "3", value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// The Python (3.12 or later) that Django is installed for
    #[arg(long, value_name = "PATH")]
    python: Option<OsString>,
}

/// The processes that a person is shown instead of a run.
pub(super) fn steps(project: &Project, what: &What) -> Vec<Step> {
    let (build, peer) = match what {
        What::Pages(peered) => (&peered.build, Some(peers::axum_step(project))),
        What::Collectstatic(peered) => (&peered.build, None),
        What::Connections { build, .. } | What::Restart { build, .. } => (build, None),
    };
    let app = (!build.no_build).then(|| site::build_step(project));
    app.into_iter().chain(peer).collect()
}

/// Measures.
///
/// # Errors
/// When something cannot be built, started or understood.
pub(super) fn run(project: &Project, what: &What) -> anyhow::Result<u8> {
    for step in steps(project, what) {
        let status = process::command(&step).status().with_context(|| format!("failed to start `{}`", step.short()))?;
        anyhow::ensure!(status.success(), "`{}` failed: {status}", step.short());
    }
    let home = home(project)?;
    let site = Site::new(project, &home)?;
    match what {
        What::Pages(peered) => pages::run(project, &site, peered),
        What::Connections { open, .. } => connections::run(&site, *open),
        What::Restart { runs, .. } => restart::run(&site, *runs),
        What::Collectstatic(peered) => collectstatic::run(project, &home, &site, peered),
    }
}

/// Where benches keep what they make.
fn home(project: &Project) -> anyhow::Result<PathBuf> {
    let home = project.state().join("bench/production");
    std::fs::create_dir_all(&home).with_context(|| format!("failed to make `{}`", home.display()))?;
    Ok(home)
}

/// What else the machine does meanwhile, which is what makes figures waver.
struct Noise {
    begun: Instant,
    busy: f64,
    own: f64,
}

impl Noise {
    fn begin() -> anyhow::Result<Self> {
        Ok(Self { begun: Instant::now(), busy: meter::busy()?, own: meter::own()? })
    }

    /// To be called when all that was started has ended.
    fn row(&self) -> anyhow::Result<Row> {
        let others = (meter::busy()? - self.busy) - (meter::own()? - self.own);
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        #[expect(clippy::cast_precision_loss, reason = "a machine has few processors")]
        let share = 100.0 * others / (self.begun.elapsed().as_secs_f64() * processors as f64);
        Ok(Row::fact("noise: other programs had, of all processors", format_args!("{:8.1} %", share.max(0.0))))
    }
}

/// The middle one.
fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}

/// Waits.
fn until(moment: Instant) {
    loop {
        let left = moment.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        std::thread::park_timeout(left);
    }
}
