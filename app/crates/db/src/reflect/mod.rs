//! From entities to state.

mod checks;
mod relations;

use std::collections::BTreeMap;

use sea_orm::sea_query::{
    ColumnDef, ColumnType, Expr, ForeignKeyAction, IndexCreateStatement, Keyword, StringLen, TableRef, Value,
};

use crate::{
    Error, Model, ModuleModels, ProjectState,
    backend::fit,
    state::{
        Action, Constraint, DefaultValue, Field, FieldType, Index, ModelKey, ModelState, Reference, RenamedFrom,
        SqlExpression,
    },
};

impl ProjectState {
    /// What the entities of `modules` say the tables look like.
    ///
    /// # Errors
    /// [`Error::DuplicateModule`], and [`Error::Model`] for what migrations cannot express: an unsupported column
    /// type, a reference to a table of no model, a composite foreign key, two models of one name or table, a model
    /// without primary key, names that a database cannot have or that would not stay apart in it.
    pub fn reflect(modules: &[ModuleModels]) -> Result<ProjectState, Error> {
        let mut tables: BTreeMap<String, ModelKey> = BTreeMap::new();
        let mut reflected = Vec::new();
        for (at, module) in modules.iter().enumerate() {
            if modules[..at].iter().any(|other| other.label == module.label) {
                return Err(Error::DuplicateModule { label: module.label.clone() });
            }
            for model in &module.models {
                let key = ModelKey::new(&module.label, model.name());
                let (create, indexes) = model.create_statements();
                let table = create.get_table_name().map(table_name).unwrap_or_default();
                if let Some(other) = tables.insert(table.clone(), key.clone()) {
                    return Err(refuse(&key, format!("its table `{table}` is already that of {other}")));
                }
                reflected.push((key, model, table, create, indexes));
            }
        }
        let mut state = ProjectState::default();
        for (key, model, table, create, indexes) in reflected {
            let mut fields = Vec::new();
            for column in create.get_columns() {
                fields.push(field(column).map_err(|reason| refuse(&key, reason))?);
            }
            for index in create.get_indexes().iter().filter(|index| index.is_primary_key()) {
                for name in index.get_index_spec().get_column_names() {
                    for field in fields.iter_mut().filter(|field| field.name == name) {
                        field.primary_key = true;
                        field.auto_increment = false;
                    }
                }
            }
            for foreign in create.get_foreign_key_create_stmts() {
                let foreign = foreign.get_foreign_key();
                let (columns, targets) = (foreign.get_columns(), foreign.get_ref_columns());
                let ([column], [target]) = (columns.as_slice(), targets.as_slice()) else {
                    let columns = columns.join(", ");
                    return Err(refuse(&key, format!("the foreign key over ({columns}) has several columns; use one")));
                };
                let parent = foreign.get_ref_table().map(table_name).unwrap_or_default();
                let Some(parent_key) = tables.get(&parent) else {
                    let reason = format!("field {column} references table `{parent}`, which is that of no model");
                    return Err(refuse(&key, reason));
                };
                let reference = Reference {
                    model: parent_key.to_string(),
                    column: target.clone(),
                    on_delete: foreign.get_on_delete().map_or(Action::NoAction, action),
                    on_update: foreign.get_on_update().map_or(Action::NoAction, action),
                };
                for field in fields.iter_mut().filter(|field| field.name == *column) {
                    if field.references.as_ref().is_some_and(|other| *other != reference) {
                        return Err(refuse(&key, format!("field {column} references two different things")));
                    }
                    field.references = Some(reference.clone());
                }
            }
            let mut reflected = ModelState {
                table,
                comment: create.get_comment().cloned(),
                fields,
                indexes: Vec::new(),
                constraints: Vec::new(),
            };
            add_indexes(&mut reflected, model, &indexes);
            if state.model(&key).is_some() {
                return Err(refuse(&key, "there are two models of this name".to_owned()));
            }
            if let Some(former) = model.renamed_from() {
                state.set_renamed_from(key.clone(), former);
            }
            state.insert(key, reflected);
        }
        for module in modules {
            for model in &module.models {
                let key = ModelKey::new(&module.label, model.name());
                for relation in model.many_to_many() {
                    relations::add(&mut state, &key, relation).map_err(|reason| refuse(&key, reason))?;
                }
            }
        }
        checks::check(&state)?;
        Ok(state)
    }
}

fn refuse(key: &ModelKey, reason: String) -> Error {
    Error::Model { model: key.to_string(), reason }
}

fn table_name(table: &TableRef) -> String {
    match table {
        TableRef::Table(name, _) => name.1.to_string(),
        _ => String::new(),
    }
}

fn action(action: ForeignKeyAction) -> Action {
    match action {
        ForeignKeyAction::Restrict => Action::Restrict,
        ForeignKeyAction::Cascade => Action::Cascade,
        ForeignKeyAction::SetNull => Action::SetNull,
        ForeignKeyAction::SetDefault => Action::SetDefault,
        _ => Action::NoAction,
    }
}

/// SeaORM's own names contain `-` and repeat nothing of PostgreSQL's habits: ours are `<table>_<columns>_idx` and
/// `<table>_<key>_uniq`.
fn add_indexes(state: &mut ModelState, model: &Model, indexes: &[IndexCreateStatement]) {
    let seaorm_prefix = format!("idx-{}-", state.table);
    for index in indexes {
        let spec = index.get_index_spec();
        let fields = spec.get_column_names();
        let joined = fields.join("_");
        if index.is_unique_key() {
            let key = spec.get_name().and_then(|name| name.strip_prefix(&seaorm_prefix)).unwrap_or(&joined);
            let name = fit(format!("{}_{key}_uniq", state.table));
            state.constraints.push(Constraint::Unique { name, fields });
        } else {
            let name = fit(format!("{}_{joined}_idx", state.table));
            state.indexes.push(Index { name, fields, condition: None });
        }
    }
    state.indexes.extend(model.indexes().iter().map(|index| Index {
        name: index.name.to_owned(),
        fields: index.fields.iter().map(|&field| field.to_owned()).collect(),
        condition: index.condition.map(str::to_owned),
    }));
    state.constraints.extend(
        model
            .checks()
            .iter()
            .map(|check| Constraint::Check { name: check.name.to_owned(), condition: check.condition.to_owned() }),
    );
}

fn field(column: &ColumnDef) -> Result<Field, String> {
    let name = column.get_column_name();
    let spec = column.get_column_spec();
    let kind = match column.get_column_type() {
        Some(kind) => field_type(kind).map_err(|reason| format!("field {name} {reason}"))?,
        None => return Err(format!("field {name} has no type")),
    };
    if let Some(extra) = &spec.extra {
        return Err(format!("field {name} has `extra = \"{extra}\"`, which migrations cannot express; use a check"));
    }
    Ok(Field {
        null: spec.nullable != Some(false) && !spec.primary_key,
        unique: spec.unique && !spec.primary_key,
        primary_key: spec.primary_key,
        auto_increment: spec.auto_increment && kind.is_integer(),
        default: match &spec.default {
            Some(default) => default_value(default).map_err(|reason| format!("field {name} {reason}"))?,
            None => None,
        },
        renamed_from: RenamedFrom(spec.comment.as_deref().and_then(renamed_from)),
        ..Field::new(name, kind)
    })
}

/// SeaORM hands `renamed_from` on at the end of the column's comment.
fn renamed_from(comment: &str) -> Option<String> {
    let (_, rest) = comment.rsplit_once("renamed_from \"")?;
    rest.strip_suffix('"').map(str::to_owned)
}

/// The type that migrations know a column by; else why they cannot.
pub(crate) fn field_type(kind: &ColumnType) -> Result<FieldType, String> {
    Ok(match kind {
        ColumnType::Char(length) => FieldType::Char(length.unwrap_or(1)),
        ColumnType::String(StringLen::N(length)) => FieldType::String(Some(*length)),
        ColumnType::String(_) => FieldType::String(None),
        ColumnType::Text => FieldType::Text,
        ColumnType::SmallInteger => FieldType::SmallInteger,
        ColumnType::Integer | ColumnType::SmallUnsigned => FieldType::Integer,
        ColumnType::BigInteger | ColumnType::Unsigned | ColumnType::BigUnsigned => FieldType::BigInteger,
        ColumnType::Float => FieldType::Float,
        ColumnType::Double => FieldType::Double,
        ColumnType::Decimal(Some((precision, scale))) if scale > precision || *precision == 0 => {
            return Err(format!("has {scale} of its {precision} digits after the point, which no migration can say"));
        }
        ColumnType::Decimal(parameters) => FieldType::Decimal(*parameters),
        ColumnType::DateTime | ColumnType::Timestamp => FieldType::NaiveDateTime,
        ColumnType::TimestampWithTimeZone => FieldType::DateTime,
        ColumnType::Time => FieldType::Time,
        ColumnType::Date => FieldType::Date,
        ColumnType::Blob | ColumnType::Binary(_) | ColumnType::VarBinary(_) => FieldType::Binary,
        ColumnType::Boolean => FieldType::Boolean,
        ColumnType::Json => FieldType::Json,
        ColumnType::JsonBinary => FieldType::JsonBinary,
        ColumnType::Uuid => FieldType::Uuid,
        ColumnType::Enum { name, .. } => {
            return Err(format!(
                "has the native enum type `{}`; store it as text: `db_type = \"String(StringLen::N(16))\"`",
                name
            ));
        }
        other => return Err(format!("has the type {other:?}, which not both backends have; use another")),
    })
}

fn default_value(default: &Expr) -> Result<Option<DefaultValue>, String> {
    let sql = |text: &str| Some(DefaultValue::Sql(SqlExpression { sql: text.to_owned() }));
    let unsupported = || format!("has the default {default:?}; use a number, a text, true, false or an SQL expression");
    Ok(match default {
        Expr::Keyword(Keyword::CurrentTimestamp) => sql("CURRENT_TIMESTAMP"),
        Expr::Keyword(Keyword::CurrentDate) => sql("CURRENT_DATE"),
        Expr::Keyword(Keyword::CurrentTime) => sql("CURRENT_TIME"),
        Expr::Keyword(Keyword::Null) => None,
        Expr::Custom(text) => sql(text),
        Expr::Value(value) | Expr::Constant(value) => match value {
            Value::Bool(value) => value.map(DefaultValue::Boolean),
            Value::TinyInt(value) => value.map(|value| DefaultValue::Integer(value.into())),
            Value::SmallInt(value) => value.map(|value| DefaultValue::Integer(value.into())),
            Value::Int(value) => value.map(|value| DefaultValue::Integer(value.into())),
            Value::BigInt(value) => value.map(DefaultValue::Integer),
            Value::TinyUnsigned(value) => value.map(|value| DefaultValue::Integer(value.into())),
            Value::SmallUnsigned(value) => value.map(|value| DefaultValue::Integer(value.into())),
            Value::Unsigned(value) => value.map(|value| DefaultValue::Integer(value.into())),
            Value::BigUnsigned(value) => match value {
                Some(value) => Some(DefaultValue::Integer(i64::try_from(*value).map_err(|_| unsupported())?)),
                None => None,
            },
            Value::Float(value) => value.map(|value| DefaultValue::Double(value.into())),
            // What is not equal to itself would be a change for ever.
            Value::Double(Some(value)) if value.is_nan() => return Err(unsupported()),
            Value::Double(value) => value.map(DefaultValue::Double),
            Value::String(value) => value.as_ref().map(|text| DefaultValue::Text(text.to_string())),
            Value::Char(value) => value.map(|value| DefaultValue::Text(value.to_string())),
            _ => return Err(unsupported()),
        },
        _ => return Err(unsupported()),
    })
}
