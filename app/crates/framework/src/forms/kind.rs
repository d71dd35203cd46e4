//! What kinds of fields there are: how each is read and shown.

use chrono_tz::Tz;
use serde_json::Value;

use super::choices::{Choices, Scope};
use super::errors;
use super::sent::Raw;
use super::times;
use super::value::Parsed;

/// A kind of field, with what it needs to know.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    Text { max_length: Option<usize> },
    TextArea { max_length: Option<usize> },
    Integer { min: i64, max: i64 },
    Float,
    Boolean,
    Date,
    Time,
    DateTime,
    Json,
    Choice(Choices),
}

impl Kind {
    /// The value of what was sent; none when it was left empty.
    pub(super) fn parse(&self, raw: Raw<'_>, zone: Tz) -> Result<Option<Parsed>, String> {
        match raw {
            Raw::Absent | Raw::Json(Value::Null) => Ok(None),
            Raw::Text(text) => self.parse_text(text.trim(), zone),
            Raw::Json(Value::String(text)) if !matches!(self, Self::Json | Self::Boolean) => {
                self.parse_text(text.trim(), zone)
            }
            Raw::Json(value) => self.parse_json(value).map(Some),
        }
    }

    /// `text` has no spaces around it.
    fn parse_text(&self, text: &str, zone: Tz) -> Result<Option<Parsed>, String> {
        if text.is_empty() {
            return Ok(None);
        }
        let parsed = match self {
            // Browsers send the line ends of Windows.
            Self::Text { max_length } | Self::TextArea { max_length } => {
                limited(&text.replace("\r\n", "\n"), *max_length).map(Parsed::Text)
            }
            Self::Integer { min, max } => integer(text, *min, *max).map(Parsed::Integer),
            Self::Float => float(text).map(Parsed::Float),
            Self::Boolean => Ok(Parsed::Boolean(!matches!(text, "false" | "False" | "0" | "off"))),
            Self::Date => times::date(text).map(Parsed::Date).ok_or_else(|| errors::DATE.to_owned()),
            Self::Time => times::time(text).map(Parsed::Time).ok_or_else(|| errors::TIME.to_owned()),
            Self::DateTime => times::date_time(text, zone).map(Parsed::DateTime),
            Self::Json => match serde_json::from_str(text) {
                Ok(value) => storable(value),
                Err(_) => Err(errors::JSON.to_owned()),
            },
            Self::Choice(choices) => chosen(text, choices),
        };
        parsed.map(Some)
    }

    fn parse_json(&self, value: &Value) -> Result<Parsed, String> {
        match (self, value) {
            (Self::Json, value) => storable(value.clone()),
            (Self::Boolean, Value::Bool(value)) => Ok(Parsed::Boolean(*value)),
            (Self::Integer { min, max }, Value::Number(number)) => {
                integer(&number.to_string(), *min, *max).map(Parsed::Integer)
            }
            (Self::Float, Value::Number(number)) => float(&number.to_string()).map(Parsed::Float),
            (Self::Choice(choices), Value::Number(number)) => chosen(&number.to_string(), choices),
            _ => Err(self.wrong_type().to_owned()),
        }
    }

    fn wrong_type(&self) -> &'static str {
        match self {
            Self::Text { .. } | Self::TextArea { .. } => errors::STRING,
            Self::Integer { .. } => errors::INTEGER,
            Self::Float => errors::FLOAT,
            Self::Boolean => errors::BOOLEAN,
            Self::Date => errors::DATE,
            Self::Time => errors::TIME,
            Self::DateTime => errors::DATE_TIME,
            Self::Json => errors::JSON,
            Self::Choice(_) => errors::CHOICE,
        }
    }

    /// What an input shows of a value: what was typed as it was typed, what was understood as people write it.
    pub(super) fn show(&self, raw: Raw<'_>, zone: Tz) -> String {
        let value = match raw {
            Raw::Absent | Raw::Json(Value::Null) => return String::new(),
            Raw::Text(text) => return text.to_owned(),
            Raw::Json(value) => value,
        };
        match self.parse(raw, zone) {
            Ok(Some(Parsed::Time(time))) => times::show_time(time),
            Ok(Some(Parsed::DateTime(time))) => times::show_date_time(time, zone),
            Ok(Some(Parsed::Json(value))) => format!("{value:#}"),
            _ => value.as_str().map_or_else(|| value.to_string(), str::to_owned),
        }
    }
}

fn limited(text: &str, max_length: Option<usize>) -> Result<String, String> {
    let length = text.chars().count();
    match max_length {
        // PostgreSQL cannot store it.
        _ if text.contains('\0') => Err(errors::NULL_CHARACTERS.to_owned()),
        Some(limit) if length > limit => Err(errors::too_long(limit, length)),
        _ => Ok(text.to_owned()),
    }
}

/// Digits, a sign before them, and as many zeros after a point as one likes.
fn integer(text: &str, min: i64, max: i64) -> Result<i64, String> {
    let whole = match text.split_once('.') {
        Some((whole, zeros)) if zeros.bytes().all(|byte| byte == b'0') => whole,
        _ => text,
    };
    let digits = whole.strip_prefix(['+', '-']).unwrap_or(whole);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(errors::INTEGER.to_owned());
    }
    match whole.parse::<i64>() {
        Ok(number) if number < min => Err(errors::too_small(min)),
        Ok(number) if number > max => Err(errors::too_large(max)),
        Ok(number) => Ok(number),
        Err(_) if whole.starts_with('-') => Err(errors::too_small(min)),
        Err(_) => Err(errors::too_large(max)),
    }
}

fn float(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|number: &f64| number.is_finite()).ok_or_else(|| errors::FLOAT.to_owned())
}

/// JSON that both databases can store.
fn storable(value: Value) -> Result<Parsed, String> {
    if holds_null_character(&value) {
        return Err(errors::NULL_CHARACTERS.to_owned());
    }
    Ok(Parsed::Json(value))
}

fn holds_null_character(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(values) => values.iter().any(holds_null_character),
        Value::Object(object) => object.iter().any(|(name, value)| name.contains('\0') || holds_null_character(value)),
        _ => false,
    }
}

fn chosen(key: &str, choices: &Choices) -> Result<Parsed, String> {
    let listed = choices.rows.iter().any(|(known, _)| known == key);
    if listed || choices.scope == Scope::Partial && !key.contains('\0') {
        return Ok(Parsed::Text(key.to_owned()));
    }
    Err(errors::CHOICE.to_owned())
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Datelike as _, NaiveDate, NaiveTime, TimeDelta};
    use chrono_tz::{Europe::Berlin, Tz};
    use serde_json::json;

    use super::*;

    /// What comes back when a row's value is shown, and sent as it stands there.
    fn back(kind: &Kind, value: &Value, zone: Tz) -> Result<Option<Parsed>, String> {
        kind.parse(Raw::Text(&kind.show(Raw::Json(value), zone)), zone)
    }

    #[track_caller]
    fn stays(kind: &Kind, value: impl serde::Serialize) {
        let value = json!(value);
        let read = kind.parse(Raw::Json(&value), Berlin);
        assert!(matches!(read, Ok(Some(_))), "{value}");
        assert_eq!(back(kind, &value, Berlin), read, "{value}");
    }

    #[test]
    fn what_is_shown_and_sent_unchanged_stays_the_same() {
        for number in [i64::MIN, -1, 0, 7, i64::MAX] {
            stays(&Kind::Integer { min: i64::MIN, max: i64::MAX }, number);
        }
        for number in [0.1, -0.0, 1e300, f64::MAX, f64::MIN_POSITIVE, 1.0 / 3.0] {
            stays(&Kind::Float, number);
        }
        let first = NaiveDate::from_ymd_opt(1, 1, 1).expect("a day");
        for day in first.iter_days().step_by(1997).take_while(|day| day.year() <= 9999) {
            stays(&Kind::Date, day);
        }
        for second in (0..86_400).step_by(17) {
            let nanos = if second % 7 == 0 { 250_000_000 } else { 0 };
            stays(&Kind::Time, NaiveTime::from_num_seconds_from_midnight_opt(second, nanos));
        }
        for value in [json!({ "a": [1, 2.5, "x", null] }), json!([]), json!(" x "), json!(false), json!(0)] {
            stays(&Kind::Json, value);
        }
        stays(&Kind::TextArea { max_length: None }, "one\n\n two");
    }

    #[test]
    fn instants_stay_the_same_but_for_the_hour_that_comes_twice() {
        let start = DateTime::from_timestamp(1_767_225_600, 0).expect("2026");
        let unclear = (0..365 * 24).filter(|hour| {
            let value = json!(start + TimeDelta::hours(*hour));
            let read = Kind::DateTime.parse(Raw::Json(&value), Berlin);
            let back = back(&Kind::DateTime, &value, Berlin);
            assert!(back.is_err() || back == read, "{value}");
            back.is_err()
        });
        // Two hours of UTC that are one hour of the clocks.
        assert_eq!(unclear.count(), 2);
    }

    #[test]
    fn nothing_that_is_sent_makes_it_panic() {
        let kinds = [
            Kind::Text { max_length: Some(3) },
            Kind::Integer { min: 0, max: 9 },
            Kind::Float,
            Kind::Boolean,
            Kind::Date,
            Kind::Time,
            Kind::DateTime,
            Kind::Json,
            Kind::Choice(Choices::unlisted()),
        ];
        let pieces = [
            "",
            "2",
            "02",
            "2026-01-31",
            "T",
            "23:59",
            "é",
            "日",
            "-",
            "+",
            ":",
            ".",
            "Z",
            "\0",
            "9e9",
            "{",
            "\u{2028}",
        ];
        for first in pieces {
            for second in pieces {
                for third in pieces {
                    let text = format!("{first}{second}{third}");
                    for kind in &kinds {
                        let _ = kind.parse(Raw::Text(&text), Berlin);
                        let _ = kind.show(Raw::Json(&json!(text)), Berlin);
                    }
                }
            }
        }
    }
}
