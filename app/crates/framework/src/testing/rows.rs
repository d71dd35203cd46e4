//! Rows that must be there, whatever is in them.

use std::pin::Pin;

use chrono::{Days, TimeDelta};
use db::ProjectState;
use db::rows::Row;
use db::state::{Field, FieldType};
use sea_orm::Value;

use crate::context::Context;
use crate::migrations;

/// Makes a row of a model (`users.User`), and gives back its key. Columns that need a value get one that no other row
/// of the table has; the rows that it refers to are made too.
///
/// # Panics
/// When there is no such model, its key is no number, or a constraint refuses the values.
pub async fn row(ctx: &Context, model: &str) -> i64 {
    let state = migrations::reflected(ctx.modules()).expect("models that can be reflected");
    insert(ctx, &state, model).await
}

fn insert<'a>(ctx: &'a Context, state: &'a ProjectState, model: &'a str) -> Pin<Box<dyn Future<Output = i64> + 'a>> {
    Box::pin(async move {
        let db = ctx.db().await.expect("a database");
        let table = state.table(model).expect("a model of the project");
        let [key] = table.primary_key()[..] else { panic!("{model} has no primary key of one column") };
        let rows = table.select().all(&db).await.expect("the rows that are there");
        let number = 1 + rows.iter().filter_map(|row| row.get::<i64>(&key.name).ok()).max().unwrap_or_default();
        let mut row = Row::new();
        for field in table.fields().iter().filter(|field| needs_value(field)) {
            let value = match &field.references {
                Some(reference) => Value::from(insert(ctx, state, &reference.model).await),
                None => value(ctx, field, number),
            };
            row.set(&field.name, value);
        }
        let made = table.create(&db, row).await.unwrap_or_else(|error| panic!("no row of {model}: {error}"));
        made.get(&key.name).expect("a key that is a number")
    })
}

/// Whether the database puts nothing in by itself that will do.
fn needs_value(field: &Field) -> bool {
    !field.auto_increment && !field.null && (field.default.is_none() || field.unique)
}

/// A value for this column that differs with the number.
fn value(ctx: &Context, field: &Field, number: i64) -> Value {
    let digits = number.to_string();
    let offset = u64::try_from(number).unwrap_or_default();
    match field.kind {
        FieldType::SmallInteger | FieldType::Integer | FieldType::BigInteger => number.into(),
        FieldType::Float | FieldType::Double => Value::Double(Some(number as f64)),
        FieldType::String(Some(length)) if length < 32 => digits.into(),
        FieldType::Char(length) => format!("{number:0>width$}", width = length as usize).into(),
        FieldType::String(_) | FieldType::Text => format!("{} {digits}", field.name).into(),
        FieldType::Decimal(_) => digits.into(),
        FieldType::Boolean => false.into(),
        FieldType::DateTime => (ctx.now() + TimeDelta::seconds(number)).into(),
        FieldType::NaiveDateTime => (ctx.now() + TimeDelta::seconds(number)).naive_utc().into(),
        FieldType::Date => (ctx.now().date_naive() + Days::new(offset)).into(),
        FieldType::Time => (ctx.now() + TimeDelta::seconds(number)).time().into(),
        FieldType::Json | FieldType::JsonBinary => Value::Json(Some(Box::new(serde_json::json!({ "number": number })))),
        FieldType::Uuid => format!("00000000-0000-0000-0000-{number:012x}").into(),
        FieldType::Binary => digits.into_bytes().into(),
    }
}
