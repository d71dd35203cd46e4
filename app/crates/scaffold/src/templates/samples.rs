//! Values for generated tests: how a row of a model is made, and how a form sends it. Both are expressions in Rust.

use crate::model::{Kind, NewField};
use crate::words::{capitalised, spaced};

/// The value that the field has in the row of a number; `number` and `project` are names in the test.
pub(super) fn value(field: &NewField) -> String {
    let value = match (&field.target, field.kind) {
        // Nothing is there yet to point at.
        (Some(target), _) if target.entity.is_none() => return "None".to_owned(),
        (Some(target), Kind::Integer) => {
            format!("testing::row(project.ctx(), \"{target}\").await.try_into().expect(\"an id\")")
        }
        (Some(target), _) => format!("testing::row(project.ctx(), \"{target}\").await"),
        (None, Kind::String(length)) if length < text(field).len() as u32 + 4 => "number.to_string()".to_owned(),
        (None, Kind::String(_) | Kind::Text) => format!("format!(\"{} {{number}}\")", text(field)),
        (None, Kind::Integer) => "number".to_owned(),
        (None, Kind::BigInteger) => "number.into()".to_owned(),
        (None, Kind::Float) => "number.into()".to_owned(),
        (None, Kind::Boolean) => "true".to_owned(),
        (None, Kind::Date) => "(project.now() + TimeDelta::days(number.into())).date_naive()".to_owned(),
        (None, Kind::Time) => "(project.now() + TimeDelta::minutes(number.into())).time()".to_owned(),
        (None, Kind::DateTime) => "project.now() + TimeDelta::hours(number.into())".to_owned(),
        (None, Kind::Json) => "json!({ \"number\": number })".to_owned(),
    };
    if field.null { format!("Some({value})") } else { value }
}

/// The field and its value, as they stand in the row's expression.
pub(super) fn entry(field: &NewField) -> String {
    let (column, value) = (&field.column, value(field));
    if *column == value { value } else { format!("{column}: {value}") }
}

/// The text that a form sends for the field of `row`.
pub(super) fn sent(field: &NewField) -> String {
    let name = format!("row.{}", field.column);
    match (field.kind, field.null) {
        (Kind::String(_) | Kind::Text, false) => format!("{name}.clone()"),
        (Kind::String(_) | Kind::Text, true) => format!("{name}.clone().unwrap_or_default()"),
        (Kind::DateTime, false) => format!("{name}.to_rfc3339()"),
        (Kind::DateTime, true) => format!("{name}.map(|value| value.to_rfc3339()).unwrap_or_default()"),
        (Kind::Json, true) => format!("{name}.as_ref().map(ToString::to_string).unwrap_or_default()"),
        (_, false) => format!("{name}.to_string()"),
        (_, true) => format!("{name}.map(|value| value.to_string()).unwrap_or_default()"),
    }
}

fn text(field: &NewField) -> String {
    capitalised(&spaced(&field.column))
}
