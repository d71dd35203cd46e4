//! Logging: events go to the log file and, as far as the verbosity asks for it, to the console. Both get one line per
//! event; what is logged cannot forge another line.

mod file;
mod format;
mod layer;
mod level;

use std::io::{self, Write};
use std::path::PathBuf;

use chrono_tz::Tz;
use tracing::Subscriber;
use tracing_subscriber::Registry;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::conf::{Layout, Log, Settings};

pub use level::Level;

/// The target of the lines about served requests. The console shows them from verbosity 1 on.
pub const ACCESS: &str = "http.access";

/// The target of the lines about commands that began and ended. The console shows them at verbosity 3.
pub const COMMAND: &str = "command";

/// What a process logs, and where to.
#[derive(Clone, Debug)]
pub struct Logging {
    /// The level of the file, and how it is rotated.
    pub log: Log,
    /// The log file, such as `var/log/app.log`.
    pub file: PathBuf,
    /// The time zone of the console's times. The file's are in UTC.
    pub time_zone: Tz,
    /// How much the console shows: 0 errors, 1 warnings and requests, 2 information, 3 details.
    pub verbosity: u8,
}

impl Logging {
    /// A subscriber for these events. Opens nothing; `console` stands for standard error.
    pub fn subscriber(self, console: Box<dyn Write + Send>) -> impl Subscriber + Send + Sync {
        Registry::default().with(layer::Lines::new(self, console))
    }
}

/// Logs the events of this process, to `var/log/app.log` and to standard error. Where a subscriber is installed
/// already, as in a second run in one process, that one stays.
pub fn init(settings: &Settings, layout: &Layout, verbosity: u8) {
    let (log, time_zone) = (settings.log.clone(), settings.time_zone);
    let logging = Logging { log, file: layout.var().join("log/app.log"), time_zone, verbosity };
    let _ = tracing::subscriber::set_global_default(logging.subscriber(Box::new(io::stderr())));
}
