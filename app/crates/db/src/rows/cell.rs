//! One cell: which value belongs into a column, and how it travels to and from the database.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use sea_orm::{DbErr, JsonValue, QueryResult, TryGetable, Value};

use crate::{
    Backend,
    backend::quote,
    state::{Field, FieldType},
};

/// How a column is selected: what SeaORM has no type for comes as text.
pub(super) fn selected(field: &Field, backend: Backend) -> String {
    let name = quote(&field.name);
    match (field.kind, backend) {
        // `char` is padded with blanks, which a cast takes off.
        (FieldType::Uuid | FieldType::Decimal(_) | FieldType::Char(_), Backend::Postgres) => {
            format!("CAST({name} AS text) AS {name}")
        }
        _ => name,
    }
}

/// How the parameter for a column is written: what came as text goes as text.
pub(super) fn placeholder(field: &Field, number: usize, backend: Backend) -> String {
    let kind = match (field.kind, backend) {
        (FieldType::Uuid, Backend::Postgres) => "uuid",
        (FieldType::Decimal(_), Backend::Postgres) => "decimal",
        (FieldType::Json, Backend::Postgres) => "json",
        (FieldType::JsonBinary, Backend::Postgres) => "jsonb",
        _ => return format!("${number}"),
    };
    format!("CAST(${number} AS {kind})")
}

/// The value as it is bound.
pub(super) fn bound(value: Value) -> Value {
    match value {
        // As text: the driver would send `json` as `jsonb`, which reorders keys.
        Value::Json(json) => Value::String(json.map(|json| json.to_string())),
        other => other,
    }
}

/// The value as it was selected.
pub(super) fn decode(field: &Field, row: &QueryResult, at: usize, backend: Backend) -> Result<Value, DbErr> {
    fn get<T: TryGetable>(row: &QueryResult, at: usize) -> Result<Option<T>, DbErr> {
        row.try_get_by_index::<Option<T>>(at)
    }
    Ok(match field.kind {
        FieldType::SmallInteger => Value::SmallInt(get(row, at)?),
        FieldType::Integer => Value::Int(get(row, at)?),
        FieldType::BigInteger => Value::BigInt(get(row, at)?),
        FieldType::String(_) | FieldType::Char(_) | FieldType::Text | FieldType::Uuid => Value::String(get(row, at)?),
        FieldType::Boolean => Value::Bool(get(row, at)?),
        FieldType::DateTime => Value::ChronoDateTimeUtc(get::<DateTime<Utc>>(row, at)?),
        FieldType::NaiveDateTime => Value::ChronoDateTime(get::<NaiveDateTime>(row, at)?),
        FieldType::Date => Value::ChronoDate(get::<NaiveDate>(row, at)?),
        FieldType::Time => Value::ChronoTime(get::<NaiveTime>(row, at)?),
        FieldType::Decimal(size) => {
            let text = match backend {
                Backend::Postgres => get::<String>(row, at)?,
                // The column's affinity has made a floating point number of it; 15 digits of those are exact.
                Backend::Sqlite => match get::<f64>(row, at) {
                    Ok(number) => number.map(|number| match size {
                        Some((_, scale)) => format!("{number:.*}", scale as usize),
                        None => number.to_string(),
                    }),
                    Err(_) => get::<String>(row, at)?,
                },
            };
            Value::String(text.map(|text| if size.is_none() { without_zeros(text) } else { text }))
        }
        FieldType::Float => Value::Float(get(row, at)?),
        FieldType::Double => Value::Double(get(row, at)?),
        FieldType::Json | FieldType::JsonBinary => Value::Json(get::<JsonValue>(row, at)?.map(Box::new)),
        FieldType::Binary => Value::Bytes(get(row, at)?),
    })
}

/// A decimal without zeros at the end of its fraction, which only one of the backends would keep.
fn without_zeros(text: String) -> String {
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

/// Whether it is NULL, of whatever type.
pub(super) fn is_null(value: &Value) -> bool {
    *value == value.as_null()
}

/// A value for an error's text; long ones are cut.
pub(super) fn show(value: &Value) -> String {
    const LIMIT: usize = 60;
    let text = match value {
        value if is_null(value) => "NULL".to_owned(),
        Value::String(Some(text)) => format!("`{text}`"),
        Value::Bytes(Some(bytes)) => format!("{} bytes", bytes.len()),
        other => other.to_string(),
    };
    match text.char_indices().nth(LIMIT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Makes the value one for the column, or says why it cannot be.
pub(super) fn fitting(field: &Field, value: Value, backend: Backend) -> Result<Value, String> {
    if is_null(&value) {
        return Ok(null(field.kind));
    }
    let wrong = |value: &Value| Err(format!("{} is no value for the type {}", show(value), field.kind));
    let fitted = match field.kind {
        FieldType::SmallInteger => integer(&value).and_then(|n| n.try_into().ok()).map(|n| Value::SmallInt(Some(n))),
        FieldType::Integer => integer(&value).and_then(|n| n.try_into().ok()).map(|n| Value::Int(Some(n))),
        FieldType::BigInteger => integer(&value).map(|n| Value::BigInt(Some(n))),
        FieldType::Float => {
            let narrow = float(&value).map(|n| (n, n as f32));
            narrow.filter(|(n, narrow)| n.is_finite() == narrow.is_finite()).map(|(_, n)| Value::Float(Some(n)))
        }
        FieldType::Double => float(&value).map(|n| Value::Double(Some(n))),
        FieldType::Decimal(size) => match decimal(&value) {
            Some(text) => return fitting_decimal(text, size, backend),
            None => None,
        },
        FieldType::String(limit) => return fitting_text(value, limit, wrong),
        FieldType::Char(limit) => return fitting_text(value, Some(limit), wrong),
        FieldType::Text => return fitting_text(value, None, wrong),
        FieldType::Uuid => match &value {
            Value::String(Some(text)) => uuid(text).map(|text| Value::String(Some(text))),
            _ => None,
        },
        FieldType::Boolean => matches!(value, Value::Bool(_)).then(|| value.clone()),
        FieldType::DateTime => match &value {
            Value::ChronoDateTimeWithTimeZone(Some(at)) => Some(Value::ChronoDateTimeUtc(Some(at.to_utc()))),
            Value::ChronoDateTimeUtc(_) => Some(value.clone()),
            _ => None,
        },
        FieldType::NaiveDateTime => matches!(value, Value::ChronoDateTime(_)).then(|| value.clone()),
        FieldType::Date => matches!(value, Value::ChronoDate(_)).then(|| value.clone()),
        FieldType::Time => matches!(value, Value::ChronoTime(_)).then(|| value.clone()),
        FieldType::Json | FieldType::JsonBinary => matches!(value, Value::Json(_)).then(|| value.clone()),
        FieldType::Binary => matches!(value, Value::Bytes(_)).then(|| value.clone()),
    };
    match (fitted, backend) {
        (Some(Value::Double(Some(n))), Backend::Sqlite) if n.is_nan() => Err(NO_NAN.to_owned()),
        (Some(Value::Float(Some(n))), Backend::Sqlite) if n.is_nan() => Err(NO_NAN.to_owned()),
        (Some(Value::String(Some(_))), _) if field.kind != FieldType::Uuid => wrong(&value),
        (Some(fitted), _) => Ok(fitted),
        (None, _) => wrong(&value),
    }
}

const NO_NAN: &str = "SQLite cannot store NaN";

/// NULL in the type of a column.
fn null(kind: FieldType) -> Value {
    match kind {
        FieldType::SmallInteger => Value::SmallInt(None),
        FieldType::Integer => Value::Int(None),
        FieldType::BigInteger => Value::BigInt(None),
        FieldType::Float => Value::Float(None),
        FieldType::Double => Value::Double(None),
        FieldType::Boolean => Value::Bool(None),
        FieldType::DateTime => Value::ChronoDateTimeUtc(None),
        FieldType::NaiveDateTime => Value::ChronoDateTime(None),
        FieldType::Date => Value::ChronoDate(None),
        FieldType::Time => Value::ChronoTime(None),
        FieldType::Json | FieldType::JsonBinary => Value::Json(None),
        FieldType::Binary => Value::Bytes(None),
        FieldType::String(_) | FieldType::Char(_) | FieldType::Text | FieldType::Uuid | FieldType::Decimal(_) => {
            Value::String(None)
        }
    }
}

fn integer(value: &Value) -> Option<i64> {
    Some(match value {
        Value::TinyInt(Some(n)) => (*n).into(),
        Value::SmallInt(Some(n)) => (*n).into(),
        Value::Int(Some(n)) => (*n).into(),
        Value::BigInt(Some(n)) => *n,
        Value::TinyUnsigned(Some(n)) => (*n).into(),
        Value::SmallUnsigned(Some(n)) => (*n).into(),
        Value::Unsigned(Some(n)) => (*n).into(),
        Value::BigUnsigned(Some(n)) => (*n).try_into().ok()?,
        _ => return None,
    })
}

fn float(value: &Value) -> Option<f64> {
    match value {
        Value::Float(Some(n)) => Some((*n).into()),
        Value::Double(Some(n)) => Some(*n),
        #[expect(clippy::cast_precision_loss, reason = "the column is a floating point number")]
        other => integer(other).map(|n| n as f64),
    }
}

/// The text of a decimal: an optional sign, digits, an optional fraction; or what is no number.
fn decimal(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(Some(text)) => text.clone(),
        Value::Double(Some(n)) if n.is_finite() => n.to_string(),
        other => integer(other)?.to_string(),
    };
    let digits = text.strip_prefix(['-', '+']).unwrap_or(&text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    (number(whole) && number(fraction) || matches!(digits, "NaN" | "Infinity")).then_some(text)
}

fn fitting_decimal(text: String, size: Option<(u32, u32)>, backend: Backend) -> Result<Value, String> {
    const EXACT: usize = 15;
    let unsigned = text.trim_start_matches(['-', '+']);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    let is_number = unsigned.starts_with(|first: char| first.is_ascii_digit());
    if let Some((precision, scale)) = size
        && is_number
        && (fraction.len() > scale as usize || whole.len() > (precision - scale) as usize)
    {
        let before = precision - scale;
        return Err(format!("`{text}` has more than {before} digits before or {scale} after the point"));
    }
    if backend == Backend::Sqlite && !is_number {
        return Err(format!("SQLite cannot store {text}"));
    }
    if backend == Backend::Sqlite && format!("{whole}{fraction}").trim_start_matches('0').len() > EXACT {
        return Err(format!("`{text}` has more than {EXACT} digits, which SQLite cannot store exactly"));
    }
    Ok(Value::String(Some(text)))
}

fn fitting_text(
    value: Value,
    limit: Option<u32>,
    wrong: impl Fn(&Value) -> Result<Value, String>,
) -> Result<Value, String> {
    let text = match &value {
        Value::String(Some(text)) => text,
        Value::Char(Some(character)) => return Ok(Value::String(Some(character.to_string()))),
        _ => return wrong(&value),
    };
    if text.contains('\0') {
        return Err("a text cannot hold the character NUL".to_owned());
    }
    match limit {
        Some(limit) if text.chars().count() > limit as usize => {
            Err(format!("{} is longer than {limit} characters", show(&value)))
        }
        _ => Ok(value),
    }
}

/// The one spelling of a UUID: lower case, with hyphens.
fn uuid(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(|character| *character != '-').collect();
    if digits.len() != 32 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let digits = digits.to_ascii_lowercase();
    let parts = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
    Some(parts.join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(kind: FieldType, value: impl Into<Value>, backend: Backend) -> Result<Value, String> {
        fitting(&Field::new("f", kind), value.into(), backend)
    }

    #[test]
    fn values_are_made_to_fit_or_refused_in_words() {
        let both = Backend::Sqlite;
        assert_eq!(fit(FieldType::SmallInteger, 5_i64, both), Ok(Value::SmallInt(Some(5))));
        assert_eq!(
            fit(FieldType::Integer, i64::MAX, both),
            Err(format!("{} is no value for the type integer", i64::MAX))
        );
        assert_eq!(fit(FieldType::Double, 5, both), Ok(Value::Double(Some(5.0))));
        assert!(fit(FieldType::Float, 1e300, both).is_err() && fit(FieldType::Float, f64::INFINITY, both).is_ok());
        assert_eq!(fit(FieldType::Boolean, 1, both), Err("1 is no value for the type boolean".to_owned()));
        assert_eq!(
            fit(FieldType::Date, "2024-01-01", both),
            Err("`2024-01-01` is no value for the type date".to_owned())
        );
        assert_eq!(fit(FieldType::Text, Option::<i32>::None, both), Ok(Value::String(None)));
        assert_eq!(fit(FieldType::String(Some(3)), "äöü", both), Ok("äöü".into()));
        assert_eq!(fit(FieldType::String(Some(2)), "äöü", both), Err("`äöü` is longer than 2 characters".to_owned()));
        assert_eq!(fit(FieldType::Text, "a\0b", both), Err("a text cannot hold the character NUL".to_owned()));
        let uuid = "6ba7b8109dad11d180b400c04fd430c8".to_uppercase();
        assert_eq!(fit(FieldType::Uuid, uuid, both), Ok("6ba7b810-9dad-11d1-80b4-00c04fd430c8".into()));
        assert!(fit(FieldType::Uuid, "6ba7", both).is_err() && fit(FieldType::Uuid, 6, both).is_err());
        assert_eq!(fit(FieldType::Double, f64::NAN, both), Err(NO_NAN.to_owned()));
        assert!(fit(FieldType::Double, f64::NAN, Backend::Postgres).is_ok());
    }

    #[test]
    fn decimals_are_exact_or_refused() {
        let money = FieldType::Decimal(Some((10, 2)));
        for good in ["0", "-12345678.90", "+1.5000"] {
            assert_eq!(fit(money, good, Backend::Sqlite), Ok(good.into()));
        }
        for bad in ["1.234", "123456789", "1e5", "", ".", "1.", "x", "--1"] {
            assert!(fit(money, bad, Backend::Postgres).is_err(), "{bad}");
        }
        let long = "1234567890.1234567890";
        assert!(fit(FieldType::Decimal(None), long, Backend::Postgres).is_ok());
        assert!(fit(FieldType::Decimal(None), long, Backend::Sqlite).unwrap_err().contains("exactly"));
        assert!(fit(FieldType::Decimal(None), "NaN", Backend::Postgres).is_ok());
        assert!(fit(FieldType::Decimal(None), "NaN", Backend::Sqlite).is_err());
    }
}
