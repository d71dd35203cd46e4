//! Columns and constraints as SQL, for both backends.

use crate::{
    Backend, ProjectState,
    backend::{literal, quote, quote_list},
    state::{Constraint, DefaultValue, Field, FieldType, ModelKey, Reference},
};

/// The type's name on a backend, the same as sea-query's: SeaORM and sqlx read values back by it.
pub fn type_name(kind: FieldType, backend: Backend) -> String {
    let (sqlite, postgres) = match kind {
        FieldType::SmallInteger => ("smallint", "smallint"),
        FieldType::Integer => ("integer", "integer"),
        FieldType::BigInteger => ("integer", "bigint"),
        FieldType::String(None) => ("varchar", "varchar"),
        FieldType::String(Some(length)) => return format!("varchar({length})"),
        FieldType::Char(length) => return format!("char({length})"),
        FieldType::Text => ("text", "text"),
        FieldType::Boolean => ("boolean", "bool"),
        FieldType::DateTime => ("timestamp_with_timezone_text", "timestamp with time zone"),
        FieldType::NaiveDateTime => ("datetime_text", "timestamp without time zone"),
        FieldType::Date => ("date_text", "date"),
        FieldType::Time => ("time_text", "time"),
        FieldType::Decimal(None) => ("real_decimal", "decimal"),
        FieldType::Decimal(Some((precision, scale))) => {
            let name = match backend {
                Backend::Sqlite => "real",
                Backend::Postgres => "decimal",
            };
            return format!("{name}({precision}, {scale})");
        }
        FieldType::Float => ("float", "real"),
        FieldType::Double => ("double", "double precision"),
        FieldType::Json => ("json_text", "json"),
        FieldType::JsonBinary => ("jsonb_text", "jsonb"),
        FieldType::Uuid => ("uuid_text", "uuid"),
        FieldType::Binary => ("blob", "bytea"),
    };
    match backend {
        Backend::Sqlite => sqlite.to_owned(),
        Backend::Postgres => postgres.to_owned(),
    }
}

/// A default as it stands after `DEFAULT`, and wherever else an expression may stand.
pub(crate) fn default_sql(value: &DefaultValue) -> String {
    match value {
        DefaultValue::Boolean(true) => "TRUE".to_owned(),
        DefaultValue::Boolean(false) => "FALSE".to_owned(),
        DefaultValue::Integer(number) => number.to_string(),
        DefaultValue::Double(number) if number.is_finite() => format!("{number:?}"),
        DefaultValue::Double(number) => literal(&number.to_string()),
        DefaultValue::Text(text) => literal(text),
        DefaultValue::Sql(expression) => match expression.sql.as_str() {
            keyword @ ("CURRENT_TIMESTAMP" | "CURRENT_DATE" | "CURRENT_TIME") => keyword.to_owned(),
            sql => format!("({sql})"),
        },
    }
}

/// `REFERENCES "table" ("column") ON DELETE …`. Checked at each statement, but a transaction can ask to have it
/// checked at its end (`SET CONSTRAINTS ALL DEFERRED`, `PRAGMA defer_foreign_keys`), as loading rows in any order needs.
pub(super) fn references(reference: &Reference, state: &ProjectState) -> Result<String, String> {
    let key: ModelKey = reference.model.parse()?;
    let target = state.model(&key).ok_or_else(|| format!("there is no model {key} to reference"))?;
    let mut sql = format!("REFERENCES {} ({})", quote(&target.table), quote(&reference.column));
    for (when, action) in [("DELETE", reference.on_delete), ("UPDATE", reference.on_update)] {
        if action != crate::state::Action::NoAction {
            sql.push_str(&format!(" ON {when} {}", action.sql()));
        }
    }
    sql.push_str(" DEFERRABLE INITIALLY IMMEDIATE");
    Ok(sql)
}

/// `CONSTRAINT "name" UNIQUE (…)` and the like.
pub(super) fn constraint(constraint: &Constraint) -> String {
    match constraint {
        Constraint::Unique { name, fields } => format!("CONSTRAINT {} UNIQUE ({})", quote(name), quote_list(fields)),
        Constraint::Check { name, condition } => format!("CONSTRAINT {} CHECK ({condition})", quote(name)),
    }
}

/// `"name" type`, with ` NOT NULL` where it belongs.
pub(super) fn name_and_type(field: &Field, type_sql: &str) -> String {
    let null = if field.null { "" } else { " NOT NULL" };
    format!("{} {type_sql}{null}", quote(&field.name))
}
