//! What must hold for a model, and how conditions in SQL name its columns.

use super::{Migration, NodeKey, Operation};
use crate::{
    Error, ProjectState,
    state::{Constraint, Field, ModelKey},
};

/// What must hold for a model after it was touched.
pub(crate) fn check_model(state: &ProjectState, key: &ModelKey) -> Result<(), String> {
    let model = state.model(key).ok_or_else(|| format!("there is no model {key}"))?;
    let mut names: Vec<&str> = Vec::new();
    for field in &model.fields {
        if names.contains(&field.name.as_str()) {
            return Err(format!("model {key} has two fields {}", field.name));
        }
        names.push(&field.name);
        if field.auto_increment && !(field.primary_key && field.kind.is_integer() && model.primary_key().len() == 1) {
            return Err(format!(
                "field {} of {key}: only an integer that is the whole primary key can be auto_increment",
                field.name
            ));
        }
        if field.primary_key && field.null {
            return Err(format!("field {} of {key}: a primary key cannot be null", field.name));
        }
        check_reference(state, key, field)?;
    }
    // PostgreSQL silently makes one of two equal keys, but only while it creates the table.
    let uniques: Vec<&Vec<String>> = model.constraints.iter().filter_map(unique_fields).collect();
    if let Some((_, fields)) = uniques.iter().enumerate().find(|(at, fields)| uniques[..*at].contains(fields)) {
        return Err(format!("model {key} has two unique constraints over {}; one is enough", fields.join(", ")));
    }
    let mut parts: Vec<&str> = Vec::new();
    let indexed = model.indexes.iter().map(|index| (&index.name, index.fields.as_slice()));
    let constrained = model.constraints.iter().map(|constraint| match constraint {
        Constraint::Unique { name, fields } => (name, fields.as_slice()),
        Constraint::Check { name, .. } => (name, &[][..]),
    });
    for (name, fields) in indexed.chain(constrained) {
        if parts.contains(&name.as_str()) {
            return Err(format!("model {key} has two indexes or constraints named {name}"));
        }
        parts.push(name);
        if let Some(twice) = fields.iter().enumerate().find(|(at, field)| fields[..*at].contains(field)) {
            return Err(format!("{name} names the field {} twice", twice.1));
        }
        if let Some(field) = fields.iter().find(|field| model.field(field).is_none()) {
            return Err(format!("{name} is over the field {field}, which model {key} does not have"));
        }
    }
    Ok(())
}

/// That a model has a primary key. Between two operations it may lack one: one key goes before the next comes.
pub(crate) fn check_key(state: &ProjectState, key: &ModelKey) -> Result<(), String> {
    match state.model(key) {
        Some(model) if !model.fields.iter().any(|field| field.primary_key) => {
            Err(format!("model {key} has no primary key; mark a field with primary_key = true"))
        }
        _ => Ok(()),
    }
}

impl Migration {
    /// That the models it makes or changes have primary keys when it is done.
    pub(super) fn check_keys(&self, key: &NodeKey, state: &ProjectState) -> Result<(), Error> {
        for (at, operation) in self.operations.iter().enumerate() {
            let model = match operation {
                Operation::CreateModel(op) => &op.model,
                Operation::RenameModel(op) => &op.to,
                Operation::AddField(op) => &op.model,
                Operation::RemoveField(op) => &op.model,
                Operation::AlterField(op) => &op.model,
                _ => continue,
            };
            check_key(state, &ModelKey::new(&key.module, model)).map_err(|reason| Error::Operation {
                migration: key.to_string(),
                number: at + 1,
                what: operation.describe(),
                reason,
            })?;
        }
        Ok(())
    }
}

fn unique_fields(constraint: &Constraint) -> Option<&Vec<String>> {
    match constraint {
        Constraint::Unique { fields, .. } => Some(fields),
        Constraint::Check { .. } => None,
    }
}

fn check_reference(state: &ProjectState, key: &ModelKey, field: &Field) -> Result<(), String> {
    let Some(reference) = &field.references else { return Ok(()) };
    let target: ModelKey = reference.model.parse()?;
    let at = format!("field {} of {key} references {target}", field.name);
    let Some(model) = state.model(&target) else {
        return Err(format!("{at}, which does not exist here; create it before, or add a dependency on its migration"));
    };
    match model.field(&reference.column) {
        None => Err(format!("{at}.{}, which it does not have", reference.column)),
        Some(column) if column.unique || (column.primary_key && model.primary_key().len() == 1) => Ok(()),
        Some(_) => Err(format!("{at}.{}, which is neither its primary key nor unique", reference.column)),
    }
}

pub(super) fn check_referencing(state: &ProjectState, key: &ModelKey) -> Result<(), String> {
    state.references_to(key).try_for_each(|(other, field)| check_reference(state, other, field))
}

/// Whether a piece of SQL names a column.
pub(crate) fn mentions(sql: &str, name: &str) -> bool {
    rename_identifier(sql, name, "") != sql
}

/// Renames a column in a piece of SQL; texts in quotes are left alone.
pub(super) fn rename_identifier(sql: &str, from: &str, to: &str) -> String {
    let mut renamed = String::with_capacity(sql.len());
    let mut rest = sql;
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\'' | '"' => rest[1..].find(first).map_or(rest.len(), |end| end + 2),
            c if is_word(c) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            c => c.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        // Without quotes, a name is the same in any case.
        if token.eq_ignore_ascii_case(from) {
            renamed.push_str(to);
        } else if token.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')) == Some(from) {
            renamed.push_str(&format!("\"{to}\""));
        } else {
            renamed.push_str(token);
        }
        rest = after;
    }
    renamed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_renamed_in_conditions_but_texts_are_not() {
        for (sql, renamed) in [
            ("status <> 'status' AND \"status\" > 1", "state <> 'status' AND \"state\" > 1"),
            ("status_code = 1 or länge(status)>0", "status_code = 1 or länge(state)>0"),
            ("a = 'it''s status'", "a = 'it''s status'"),
            ("STATUS > 0 and \"STATUS\" > 0", "state > 0 and \"STATUS\" > 0"),
        ] {
            assert_eq!(rename_identifier(sql, "status", "state"), renamed);
        }
    }
}
