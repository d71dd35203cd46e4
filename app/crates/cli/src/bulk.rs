//! The shared options of commands that change many rows. A command includes them with `#[command(flatten)]`; the
//! framework enforces them.

use std::num::NonZeroUsize;
use std::time::Duration;

use clap::Args;

/// Options for commands that change many rows; see the framework's `management` for what each one enforces.
#[derive(Args, Clone, Debug, Default)]
pub struct BulkOptions {
    /// Do everything, then roll it back, and say what would have happened
    #[arg(long, alias = "dry_run", help_heading = "Shared options")]
    pub dry_run: bool,
    /// Do the destructive thing without asking
    #[arg(long, help_heading = "Shared options")]
    pub force: bool,
    /// Delete what is there first
    #[arg(long, help_heading = "Shared options")]
    pub delete: bool,
    /// Never ask
    #[arg(short, long, aliases = ["noinput", "no-input", "no_input"], help_heading = "Shared options")]
    pub yes: bool,
    /// Give up after this many seconds, with exit code 124
    #[arg(long, value_name = "SECONDS", value_parser = parse_seconds, help_heading = "Shared options")]
    pub timeout: Option<Duration>,
    /// How many rows to handle in one step
    #[arg(long, alias = "batch_size", value_name = "N", default_value = "1000", help_heading = "Shared options")]
    pub batch_size: Option<NonZeroUsize>,
    /// How many things to do at the same time
    #[arg(long, value_name = "N", default_value = "1", help_heading = "Shared options")]
    pub threads: Option<NonZeroUsize>,
    /// How many processes to spread the work over
    #[arg(long, value_name = "N", help_heading = "Shared options")]
    pub processes: Option<NonZeroUsize>,
}

fn parse_seconds(text: &str) -> Result<Duration, String> {
    match text.parse::<f64>() {
        Ok(seconds) if seconds >= 1.0 => Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string()),
        _ => Err("must be a number of seconds, 1 or more".to_owned()),
    }
}
