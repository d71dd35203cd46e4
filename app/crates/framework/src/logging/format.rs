//! How an event becomes a line.

use std::fmt::{self, Write as _};

use chrono::{DateTime, SecondsFormat, Utc};
use chrono_tz::Tz;
use tracing::Metadata;
use tracing::field::{Field, Visit};

/// The message and the fields of an event or a span, escaped.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields {
    pub(super) message: String,
    /// ` key=value` for each field.
    pub(super) rest: String,
}

impl Fields {
    fn add(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            escape(value, &mut self.message);
            return;
        }
        let _ = write!(self.rest, " {}=", field.name());
        // Quotes keep a value from passing for several fields.
        if value.is_empty() || value.contains([' ', '"', '=']) {
            self.rest.push('"');
            escape(&value.replace('\\', "\\\\").replace('"', "\\\""), &mut self.rest);
            self.rest.push('"');
        } else {
            escape(value, &mut self.rest);
        }
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        let mut text = value.to_string();
        let mut cause = value.source();
        while let Some(error) = cause {
            let _ = write!(text, ": {error}");
            cause = error.source();
        }
        self.add(field, &text);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, &format!("{value:?}"));
    }
}

/// A line of the log file: everything.
pub(super) fn full(now: DateTime<Utc>, metadata: &Metadata<'_>, event: &Fields, spans: &str) -> String {
    let (time, target) = (now.to_rfc3339_opts(SecondsFormat::Millis, true), metadata.target());
    format!("{time} {:>5} {target}: {}{}{spans}\n", metadata.level().as_str(), event.message, event.rest)
}

/// A line on the console: what a person reads.
pub(super) fn short(now: DateTime<Tz>, metadata: &Metadata<'_>, event: &Fields, spans: &str) -> String {
    let time = now.format("%H:%M:%S");
    let Fields { message, rest } = event;
    match metadata.target() {
        super::ACCESS => format!("[{time}] {message}{rest}\n"),
        target => format!("[{time}] {} {target}: {message}{rest}{spans}\n", metadata.level().as_str()),
    }
}

/// Appends the text without anything that moves a cursor, ends a line, or turns the direction of writing.
fn escape(text: &str, into: &mut String) {
    for letter in text.chars() {
        match letter {
            '\n' => into.push_str("\\n"),
            '\r' => into.push_str("\\r"),
            '\t' => into.push_str("\\t"),
            letter if letter.is_control() || is_layout(letter) => {
                let _ = write!(into, "\\u{{{:x}}}", u32::from(letter));
            }
            letter => into.push(letter),
        }
    }
}

/// Line and paragraph separators, and the marks that override the direction of writing.
fn is_layout(letter: char) -> bool {
    matches!(letter, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
