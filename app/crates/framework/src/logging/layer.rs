//! The one layer: notes the fields of spans, and sends each event to the console, the file, or both.

use std::io::Write;
use std::sync::Mutex;

use chrono_tz::Tz;
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use super::file::{Rotating, Written};
use super::format::{Fields, full, short};
use super::{ACCESS, COMMAND, Logging};
use crate::clock::{Clock as _, SystemClock};

pub(super) struct Lines {
    console_filter: Targets,
    console: Mutex<Box<dyn Write + Send>>,
    time_zone: Tz,
    file_filter: LevelFilter,
    file: Rotating,
}

impl Lines {
    pub(super) fn new(logging: Logging, console: Box<dyn Write + Send>) -> Self {
        let Logging { log, file, time_zone, verbosity } = logging;
        Self {
            console_filter: console_filter(verbosity),
            console: Mutex::new(console),
            time_zone,
            file_filter: log.level.filter(),
            file: Rotating::new(file, log.max_bytes, log.keep),
        }
    }

    fn on_console(&self, metadata: &Metadata<'_>) -> bool {
        self.console_filter.would_enable(metadata.target(), metadata.level())
    }

    fn in_file(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= self.file_filter
    }

    fn is_wanted(&self, metadata: &Metadata<'_>) -> bool {
        // A span at the level of information is kept for the sake of warnings inside it.
        let level = match *metadata.level() {
            Level::INFO if metadata.is_span() => Level::WARN,
            level => level,
        };
        self.console_filter.would_enable(metadata.target(), &level) || level <= self.file_filter
    }

    fn print(&self, line: &str) {
        let mut console = self.console.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        // There is nowhere to say that standard error is gone.
        let _ = console.write_all(line.as_bytes()).and_then(|()| console.flush());
    }
}

fn console_filter(verbosity: u8) -> Targets {
    let targets = Targets::new();
    match verbosity {
        0 => targets.with_default(LevelFilter::ERROR),
        1 => targets.with_default(LevelFilter::WARN).with_target(ACCESS, LevelFilter::INFO),
        // That a command began and ended is for the file; its own output says the rest.
        2 => targets.with_default(LevelFilter::INFO).with_target(COMMAND, LevelFilter::WARN),
        _ => targets.with_default(LevelFilter::DEBUG),
    }
}

impl<S: Subscriber + for<'span> LookupSpan<'span>> Layer<S> for Lines {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.is_wanted(metadata) { Interest::always() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        self.is_wanted(metadata)
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, ctx: Context<'_, S>) {
        if let Some(span) = ctx.span(id) {
            let mut fields = Fields::default();
            attributes.record(&mut fields);
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, ctx: Context<'_, S>) {
        if let Some(span) = ctx.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, ctx: Context<'_, S>) {
        let metadata = event.metadata();
        let (on_console, in_file) = (self.on_console(metadata), self.in_file(metadata));
        if !on_console && !in_file {
            return;
        }
        let mut fields = Fields::default();
        event.record(&mut fields);
        let mut spans = String::new();
        for span in ctx.event_scope(event).into_iter().flat_map(|scope| scope.from_root()) {
            if let Some(fields) = span.extensions().get::<Fields>() {
                spans.push_str(&fields.rest);
            }
        }
        let now = SystemClock.now();
        if on_console {
            self.print(&short(now.with_timezone(&self.time_zone), metadata, &fields, &spans));
        }
        if in_file && let Written::FailedFirst(error) = self.file.write(&full(now, metadata, &fields, &spans)) {
            let path = self.file.path().display();
            self.print(&format!("warning: cannot write the log file `{path}`: {error}; going on without it\n"));
        }
    }
}
