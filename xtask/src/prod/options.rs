//! What is typed after the tasks' names.

use std::path::PathBuf;

use clap::Args;

/// Start the production server
///
/// Builds a release, runs the deployment checks, refuses to go on while migrations are pending, collects the static files,
/// starts the server detached from the terminal, and returns when it answers. Its own output is in `var/log/server.log`.
#[derive(Args, Clone, Debug)]
pub(super) struct Start {
    /// What comes before the server.
    #[command(flatten)]
    pub(super) prepare: Prepare,
    /// Stay in the foreground until it is stopped, as containers and supervisors want it
    #[arg(long)]
    pub(super) foreground: bool,
    /// How many seconds the server may take until it answers
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds())]
    pub(super) timeout: u64,
    /// What `serve` takes itself.
    #[command(flatten)]
    pub(super) serve: cli::Serve,
}

/// What comes before a start and a restart alike.
#[derive(Args, Clone, Debug)]
pub(super) struct Prepare {
    /// Take the release that was built last
    #[arg(long, alias = "no_build")]
    pub(super) no_build: bool,
    /// Leave the static files as they were collected last
    #[arg(long, alias = "skip_collectstatic")]
    pub(super) skip_collectstatic: bool,
    /// Apply pending migrations, instead of refusing to go on
    #[arg(long)]
    pub(super) migrate: bool,
}

/// Replace the running server by a new build, without losing a request
///
/// Prepares as `prod` does. The new processes take requests once they are ready; until then, and when they never are, the
/// old ones go on.
#[derive(Args, Clone, Debug)]
pub(super) struct Restart {
    /// What comes before.
    #[command(flatten)]
    pub(super) prepare: Prepare,
    /// How many seconds the new processes may take until they are ready
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds())]
    pub(super) timeout: u64,
}

/// Stop the production server
///
/// Open requests are finished, event streams and idle connections closed first. What is left at the deadline is killed.
/// Stopping a server that does not run is no failure.
#[derive(Args, Clone, Debug)]
pub(super) struct Stop {
    /// How many seconds open requests have (by default what `server.drain_seconds` says)
    #[arg(long, value_name = "SECONDS", value_parser = seconds())]
    pub(super) timeout: Option<u64>,
}

/// Show whether the production server runs
///
/// Exit code: 0 it runs, 3 it does not, 1 it crashed or does not answer.
#[derive(Args, Clone, Debug)]
pub(super) struct Status {
    /// Print it as data
    #[arg(long)]
    pub(super) json: bool,
}

/// Show the log of the app
///
/// That is `var/log/app.log`; after a start that failed, the server's own last words too (`var/log/server.log`).
#[derive(Args, Clone, Debug)]
pub(super) struct Logs {
    /// Go on with what is written from now on
    #[arg(short, long)]
    pub(super) follow: bool,
    /// How many lines of the past are shown
    #[arg(short = 'n', long, value_name = "N", default_value = "50")]
    pub(super) lines: usize,
}

/// Print a unit file for systemd
///
/// `cargo xtask systemd-unit | sudo tee /etc/systemd/system/app.service`. The paths in it are those of this checkout.
#[derive(Args, Clone, Debug)]
pub(super) struct SystemdUnit {
    /// The user that the server runs as
    #[arg(long, value_name = "NAME")]
    pub(super) user: Option<String>,
    /// The binary that is started (by default this checkout's release)
    #[arg(long, value_name = "PATH")]
    pub(super) binary: Option<PathBuf>,
    /// The directory that holds `config/` and `var/` (by default this checkout)
    #[arg(long, value_name = "DIR")]
    pub(super) root: Option<PathBuf>,
}

/// Print a Dockerfile: a build, and a small image without root
///
/// `cargo xtask dockerfile > Dockerfile`
#[derive(Args, Clone, Debug)]
pub(super) struct Dockerfile {}

fn seconds() -> clap::builder::RangedU64ValueParser {
    clap::builder::RangedU64ValueParser::new().range(1..=86_400)
}

/// A task that calls commands of the app, and takes the base options for them.
pub(super) fn app_task<T: Args>(name: &'static str) -> clap::Command {
    cli::command(name, "cargo xtask", T::augment_args)
}

/// A task that xtask does alone.
pub(super) fn own_task<T: Args>(name: &'static str) -> clap::Command {
    T::augment_args(clap::Command::new(name)).bin_name(format!("cargo xtask {name}")).no_binary_name(true)
}
