//! What no database, or not both of them, could hold.

use std::collections::BTreeMap;

use super::refuse;
use crate::{
    Error, ProjectState,
    backend::LONGEST_NAME,
    migrations::{check_key, check_model, is_own_table},
    state::{Constraint, Field, ModelKey},
};

/// Refuses a state that migrations could not bring about: clearly and now, not by a database's error later.
pub(super) fn check(state: &ProjectState) -> Result<(), Error> {
    // SQLite does not tell upper from lower case, and both keep tables and indexes under one set of names.
    let mut names: BTreeMap<String, (&str, &ModelKey)> = BTreeMap::new();
    for (key, model) in state.models() {
        let refuse = |reason: String| refuse(key, reason);
        for (what, name) in [("module's label", &key.module), ("model's name", &key.name)] {
            check_characters(what, name).map_err(refuse)?;
            if name.contains(['.', '/', '\\']) {
                return Err(refuse(format!(
                    "the {what} `{name}` has a character that names of migrations cannot have"
                )));
            }
        }
        check_table(&model.table).map_err(refuse)?;
        let mut columns: Vec<String> = Vec::new();
        for field in &model.fields {
            check_name("field", &field.name).map_err(refuse)?;
            let lower = field.name.to_lowercase();
            if columns.contains(&lower) {
                let reason =
                    format!("there are two fields `{}`; SQLite does not tell upper from lower case", field.name);
                return Err(refuse(reason));
            }
            columns.push(lower);
            check_reference(state, field).map_err(refuse)?;
        }
        check_model(state, key).map_err(refuse)?;
        check_key(state, key).map_err(refuse)?;
        let indexes = model.indexes.iter().map(|index| ("index", index.name.as_str()));
        let constraints = model.constraints.iter().map(|constraint| ("constraint", constraint.name()));
        for (what, name) in std::iter::once(("table", model.table.as_str())).chain(indexes).chain(constraints) {
            check_name(what, name).map_err(refuse)?;
            if let Some((other, of)) = names.insert(name.to_lowercase(), (what, key)) {
                let reason = format!(
                    "its {what} `{name}` is called like the {other} of {of}; names must be unique in a database"
                );
                return Err(refuse(reason));
            }
        }
        let empty = model.indexes.iter().find(|index| index.fields.is_empty()).map(|index| index.name.as_str());
        let empty = empty.or_else(|| {
            let over_nothing = |constraint: &&Constraint| match constraint {
                Constraint::Unique { fields, .. } => fields.is_empty(),
                Constraint::Check { condition, .. } => condition.trim().is_empty(),
            };
            model.constraints.iter().find(over_nothing).map(Constraint::name)
        });
        if let Some(name) = empty {
            return Err(refuse(format!("{name} is over nothing: name its fields, or its condition")));
        }
    }
    Ok(())
}

fn check_characters(what: &str, name: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err(format!("a {what} is empty"));
    }
    if let Some(bad) = name.chars().find(|c| c.is_control() || matches!(c, '"' | '\'' | '`' | ';')) {
        return Err(format!("the {what} {name:?} has the character {bad:?}, which names cannot have"));
    }
    Ok(())
}

fn check_name(what: &str, name: &str) -> Result<(), String> {
    check_characters(what, name)?;
    if name.len() > LONGEST_NAME {
        return Err(format!(
            "the {what} `{name}` is longer than the {LONGEST_NAME} bytes that PostgreSQL keeps of a name"
        ));
    }
    Ok(())
}

fn check_table(table: &str) -> Result<(), String> {
    let lower = table.to_lowercase();
    if is_own_table(&lower) {
        return Err(format!("the table `{table}` is the migrations' own; choose another name"));
    }
    // `new__` begins the names of the copies that a rebuilt table passes through.
    match ["sqlite_", "pg_", "new__"].into_iter().find(|reserved| lower.starts_with(reserved)) {
        Some(reserved) => {
            Err(format!("the table `{table}` begins with `{reserved}`, which is reserved; choose another name"))
        }
        None => Ok(()),
    }
}

/// PostgreSQL refuses a reference between types that it cannot compare, SQLite finds no row.
fn check_reference(state: &ProjectState, field: &Field) -> Result<(), String> {
    let Some(reference) = &field.references else { return Ok(()) };
    let target: ModelKey = reference.model.parse()?;
    let Some(column) = state.model(&target).and_then(|model| model.field(&reference.column)) else { return Ok(()) };
    if !field.kind.compares_with(column.kind) {
        return Err(format!(
            "field {} is {} but references {target}.{}, which is {}; give both the same type",
            field.name, field.kind, reference.column, column.kind
        ));
    }
    Ok(())
}
