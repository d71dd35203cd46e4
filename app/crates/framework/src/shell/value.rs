//! Values between code and cells.

use chrono::{NaiveDate, SecondsFormat};
use chrono_tz::Tz;
use db::rows::Lookup;
use db::state::{Field, FieldType};
use rhai::Dynamic;
use sea_orm::Value;
use serde_json::{Map, Value as Json};

use super::moment::{self, Moment};
use super::row::Row;
use crate::fixtures::cell;

/// A cell as code sees it. What code has no type for is a text.
pub(super) fn from_cell(value: &Value, zone: Tz) -> Dynamic {
    match value {
        Value::Bool(Some(value)) => (*value).into(),
        Value::SmallInt(Some(value)) => i64::from(*value).into(),
        Value::Int(Some(value)) => i64::from(*value).into(),
        Value::BigInt(Some(value)) => (*value).into(),
        Value::Float(Some(value)) => f64::from(*value).into(),
        Value::Double(Some(value)) => (*value).into(),
        Value::String(Some(value)) => value.clone().into(),
        Value::ChronoDateTimeUtc(Some(at)) => Dynamic::from(Moment { at: *at, zone }),
        Value::ChronoDateTime(Some(at)) => at.format("%Y-%m-%d %H:%M:%S%.f").to_string().into(),
        Value::Bytes(Some(bytes)) => Dynamic::from_blob(bytes.clone()),
        Value::Json(Some(json)) => from_json(json),
        other => from_json(&cell::encode(other)),
    }
}

fn from_json(json: &Json) -> Dynamic {
    match json {
        Json::Null => Dynamic::UNIT,
        Json::Bool(value) => (*value).into(),
        Json::Number(number) => number.as_i64().map_or_else(|| number.as_f64().unwrap_or(f64::NAN).into(), Into::into),
        Json::String(text) => text.clone().into(),
        Json::Array(values) => Dynamic::from_array(values.iter().map(from_json).collect()),
        Json::Object(entries) => {
            Dynamic::from_map(entries.iter().map(|(key, value)| (key.as_str().into(), from_json(value))).collect())
        }
    }
}

/// What code says, as a cell of the column.
///
/// # Errors
/// What was expected, and what is there.
pub(super) fn to_cell(field: &Field, value: &Dynamic, zone: Tz) -> Result<Value, String> {
    if let Some(row) = value.read_lock::<Row>() {
        let column = field.references.as_ref().map_or("id", |reference| reference.column.as_str());
        return row.cell(column).ok_or_else(|| format!("{} has no `{column}` to point at", row.name()));
    }
    match field.kind {
        FieldType::Json | FieldType::JsonBinary if !(value.is_unit() && field.null) => {
            return Ok(Value::Json(Some(Box::new(to_json(value)?))));
        }
        FieldType::Binary if value.is_blob() => {
            return Ok(Value::Bytes(value.clone().into_blob().ok()));
        }
        FieldType::DateTime | FieldType::NaiveDateTime | FieldType::Date | FieldType::Time => {
            if let Some(value) = time(field.kind, value, zone) {
                return Ok(value);
            }
        }
        _ => {}
    }
    cell::decode(field, &to_json(value)?)
}

/// A value to look for: pieces of a text are texts, whatever the column.
pub(super) fn to_looked_for(field: &Field, lookup: Lookup, value: &Dynamic, zone: Tz) -> Result<Value, String> {
    match lookup {
        Lookup::IsNull => value.as_bool().map(Value::from).map_err(|_| "`isnull` is true or false".to_owned()),
        Lookup::IExact
        | Lookup::Contains
        | Lookup::IContains
        | Lookup::StartsWith
        | Lookup::IStartsWith
        | Lookup::EndsWith
        | Lookup::IEndsWith => Ok(Value::String(Some(value.to_string()))),
        _ => to_cell(field, value, zone),
    }
}

fn time(kind: FieldType, value: &Dynamic, zone: Tz) -> Option<Value> {
    let moment = value.read_lock::<Moment>().map(|moment| *moment);
    let text = value.as_immutable_string_ref().ok().map(|text| text.to_string());
    match (kind, moment, text) {
        (FieldType::DateTime, moment, text) => Some(moment.or_else(|| Moment::parse(&text?, zone))?.at.into()),
        (FieldType::NaiveDateTime, Some(moment), _) => Some(moment.at.with_timezone(&zone).naive_local().into()),
        (FieldType::NaiveDateTime, None, text) => Some(moment::naive(&text?)?.into()),
        (FieldType::Date, Some(moment), _) => Some(moment.at.with_timezone(&zone).date_naive().into()),
        (FieldType::Date, None, text) => Some(NaiveDate::parse_from_str(&text?, "%Y-%m-%d").ok()?.into()),
        (FieldType::Time, Some(moment), _) => Some(moment.at.with_timezone(&zone).time().into()),
        _ => None,
    }
}

fn to_json(value: &Dynamic) -> Result<Json, String> {
    if value.is_unit() {
        return Ok(Json::Null);
    }
    if let Ok(value) = value.as_bool() {
        return Ok(Json::Bool(value));
    }
    if let Ok(value) = value.as_int() {
        return Ok(value.into());
    }
    if let Ok(value) = value.as_float() {
        return Ok(serde_json::Number::from_f64(value).map_or_else(|| Json::String(value.to_string()), Json::Number));
    }
    if let Ok(array) = value.as_array_ref() {
        return array.iter().map(to_json).collect::<Result<Vec<Json>, String>>().map(Json::Array);
    }
    if let Ok(map) = value.as_map_ref() {
        let entries = map.iter().map(|(key, value)| Ok((key.to_string(), to_json(value)?)));
        return entries.collect::<Result<Map<String, Json>, String>>().map(Json::Object);
    }
    if let Some(moment) = value.read_lock::<Moment>() {
        return Ok(Json::String(moment.at.to_rfc3339_opts(SecondsFormat::AutoSi, true)));
    }
    if value.is_string() || value.is_char() {
        return Ok(Json::String(value.to_string()));
    }
    Err(format!("a value of the type {} cannot be stored", value.type_name()))
}
