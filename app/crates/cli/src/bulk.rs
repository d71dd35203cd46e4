//! The shared options of commands that change many rows. A command includes them with `#[command(flatten)]`; the
//! framework enforces them.

use std::num::NonZeroUsize;
use std::time::Duration;

use clap::Args;

/// Options for commands that change many rows; see the framework's `management` for what each one enforces.
#[derive(Args, Clone, Debug)]
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
    #[arg(long, alias = "batch_size", value_name = "N", default_value_t = DEFAULT_BATCH_SIZE, help_heading = "Shared options")]
    pub batch_size: NonZeroUsize,
    /// How many things to do at the same time
    #[arg(long, value_name = "N", default_value_t = NonZeroUsize::MIN, help_heading = "Shared options")]
    pub threads: NonZeroUsize,
    /// How many processes to spread the work over
    #[arg(long, value_name = "N", help_heading = "Shared options")]
    pub processes: Option<NonZeroUsize>,
}

const DEFAULT_BATCH_SIZE: NonZeroUsize = NonZeroUsize::new(1000).unwrap();

/// The clap id under which a command that flattens [`BulkOptions`] can be told from one that does not.
pub const BULK_OPTIONS_ID: &str = "BulkOptions";

/// What is in force when nothing is typed.
impl Default for BulkOptions {
    fn default() -> Self {
        Self {
            dry_run: false,
            force: false,
            delete: false,
            yes: false,
            timeout: None,
            batch_size: DEFAULT_BATCH_SIZE,
            threads: NonZeroUsize::MIN,
            processes: None,
        }
    }
}

/// The longest time limit: a year. More would not fit into the clocks of some systems.
const LONGEST: f64 = 366.0 * 86_400.0;

fn parse_seconds(text: &str) -> Result<Duration, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (1.0..=LONGEST).contains(&seconds) => {
            Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
        }
        _ => Err("must be a number of seconds, from 1 to a year".to_owned()),
    }
}
