//! Values as PostgreSQL reads them in text form: inside an array literal and in `COPY`'s text format.

use std::fmt::Write as _;

use chrono::{Datelike as _, NaiveDate, NaiveDateTime, Utc};
use sea_orm::{Value, sea_query::OptionEnum};

use crate::state::FieldType;

/// Where the text stands, which decides what must be escaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// An element of `{…}`.
    Array,
    /// A field of a line of `COPY … FROM STDIN`.
    Copy,
    /// By itself.
    Plain,
}

/// The array type whose elements a column takes. Lengths are left out: a cast would cut text off in silence, an
/// assignment to the column refuses it.
pub(super) fn array_type(kind: FieldType) -> &'static str {
    match kind {
        FieldType::SmallInteger => "smallint[]",
        FieldType::Integer => "integer[]",
        FieldType::BigInteger => "bigint[]",
        FieldType::String(_) | FieldType::Char(_) | FieldType::Text => "text[]",
        FieldType::Boolean => "boolean[]",
        FieldType::DateTime => "timestamptz[]",
        FieldType::NaiveDateTime => "timestamp[]",
        FieldType::Date => "date[]",
        FieldType::Time => "time[]",
        FieldType::Decimal(_) => "numeric[]",
        FieldType::Float => "real[]",
        FieldType::Double => "double precision[]",
        FieldType::Json => "json[]",
        FieldType::JsonBinary => "jsonb[]",
        FieldType::Uuid => "uuid[]",
        FieldType::Binary => "bytea[]",
    }
}

/// NULL in [`Form::Plain`], which no text can be.
pub(super) const NULL: &str = "\0";

/// Appends `value` to `text`; NULL as the form has it.
///
/// # Errors
/// The name of a kind of value that no column of ours takes.
pub(super) fn append(text: &mut String, value: &Value, form: Form) -> Result<(), String> {
    macro_rules! plain {
        ($value:expr, $pattern:literal) => {
            match $value {
                // Writing to a string cannot fail.
                Some(value) => drop(write!(text, $pattern, value)),
                None => null(text, form),
            }
        };
    }
    match value {
        Value::Bool(value) => plain!(value, "{}"),
        Value::TinyInt(value) => plain!(value, "{}"),
        Value::SmallInt(value) => plain!(value, "{}"),
        Value::Int(value) => plain!(value, "{}"),
        Value::BigInt(value) => plain!(value, "{}"),
        Value::TinyUnsigned(value) => plain!(value, "{}"),
        Value::SmallUnsigned(value) => plain!(value, "{}"),
        Value::Unsigned(value) => plain!(value, "{}"),
        Value::BigUnsigned(value) => plain!(value, "{}"),
        // As short as it can be without losing a bit, and with an exponent where that is shorter.
        Value::Float(value) => plain!(value, "{:?}"),
        Value::Double(value) => plain!(value, "{:?}"),
        Value::String(Some(value)) => quoted(text, value, form),
        Value::Enum(OptionEnum::Some(value)) => quoted(text, value.value.as_ref(), form),
        Value::Char(Some(value)) => quoted(text, value.encode_utf8(&mut [0; 4]), form),
        Value::Bytes(Some(value)) => {
            let mut hex = String::with_capacity(2 + 2 * value.len());
            hex.push_str("\\x");
            for byte in value {
                let _ = write!(hex, "{byte:02x}");
            }
            quoted(text, &hex, form);
        }
        Value::Json(Some(value)) => quoted(text, &value.to_string(), form),
        Value::ChronoDate(Some(value)) => quoted(text, &date(*value, ""), form),
        Value::ChronoTime(value) => plain!(value, "{:?}"),
        Value::ChronoDateTime(Some(value)) => quoted(text, &date_time(value, ""), form),
        Value::ChronoDateTimeUtc(Some(value)) => quoted(text, &date_time(&value.naive_utc(), "+00"), form),
        Value::ChronoDateTimeLocal(Some(value)) => quoted(text, &date_time(&value.naive_utc(), "+00"), form),
        Value::ChronoDateTimeWithTimeZone(Some(value)) => {
            quoted(text, &date_time(&value.with_timezone(&Utc).naive_utc(), "+00"), form);
        }
        Value::String(None)
        | Value::Enum(OptionEnum::None(_))
        | Value::Char(None)
        | Value::Bytes(None)
        | Value::Json(None)
        | Value::ChronoDate(None)
        | Value::ChronoDateTime(None)
        | Value::ChronoDateTimeUtc(None)
        | Value::ChronoDateTimeLocal(None)
        | Value::ChronoDateTimeWithTimeZone(None) => null(text, form),
        #[allow(unreachable_patterns, reason = "kinds that a feature of sea-query adds")]
        other => return Err(format!("holds {other:?}, which bulk helpers cannot write")),
    }
    Ok(())
}

fn null(text: &mut String, form: Form) {
    text.push_str(match form {
        Form::Array => "NULL",
        Form::Copy => "\\N",
        Form::Plain => NULL,
    });
}

fn quoted(text: &mut String, value: &str, form: Form) {
    match form {
        Form::Plain => text.push_str(value),
        Form::Array => {
            text.push('"');
            escaped(text, value, |byte| matches!(byte, b'"' | b'\\').then_some(byte));
            text.push('"');
        }
        Form::Copy => escaped(text, value, |byte| match byte {
            b'\\' => Some(b'\\'),
            b'\n' => Some(b'n'),
            b'\r' => Some(b'r'),
            b'\t' => Some(b't'),
            _ => None,
        }),
    }
}

/// Copies whole stretches: what must be escaped is rare, and always ASCII.
fn escaped(text: &mut String, value: &str, escape: impl Fn(u8) -> Option<u8>) {
    let mut from = 0;
    for (at, byte) in value.bytes().enumerate() {
        if let Some(letter) = escape(byte) {
            text.push_str(&value[from..at]);
            text.push('\\');
            text.push(char::from(letter));
            from = at + 1;
        }
    }
    text.push_str(&value[from..]);
}

/// PostgreSQL has no year 0 and no years below it: the year before 1 is `0001 … BC`.
fn date(date: NaiveDate, more: &str) -> String {
    match date.year() {
        year @ 1.. => format!("{year:04}-{:02}-{:02}{more}", date.month(), date.day()),
        year => format!("{:04}-{:02}-{:02}{more} BC", 1 - year, date.month(), date.day()),
    }
}

fn date_time(moment: &NaiveDateTime, zone: &str) -> String {
    date(moment.date(), &format!(" {}{zone}", moment.time().format("%H:%M:%S%.6f")))
}
