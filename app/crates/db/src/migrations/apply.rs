//! What an operation does to the state, and what it refuses.

use super::{
    Operation,
    check::{check_model, check_referencing, mentions, rename_identifier},
};
use crate::{
    ProjectState,
    state::{Constraint, Field, ModelKey, ModelState},
};

impl Operation {
    /// Carries the operation out on `state`, for a migration of `module`.
    ///
    /// # Errors
    /// A reason in words when the operation does not fit: the model is missing or there already, the old side differs
    /// from what the state says, a reference leads nowhere … The state is then half-changed and of no use.
    pub fn apply(&self, module: &str, state: &mut ProjectState) -> Result<(), String> {
        let key = |name: &str| ModelKey::new(module, name);
        match self {
            Operation::CreateModel(op) => {
                let key = key(&op.model);
                if state.model(&key).is_some() {
                    return Err(format!("model {key} exists already"));
                }
                check_table_free(state, &op.table)?;
                state.insert(key.clone(), op.to_state());
                check_model(state, &key)
            }
            Operation::DeleteModel(op) => {
                let key = key(&op.model);
                let model = find(state, &key)?;
                if model.table != op.table || sorted(&model.fields) != sorted(&op.fields) {
                    return Err(format!(
                        "model {key} is not as the operation says; its fields and table must be repeated"
                    ));
                }
                if let Some((other, field)) = state.references_to(&key).find(|(other, _)| **other != key) {
                    return Err(format!("{other}.{} still references {key}; remove that field first", field.name));
                }
                state.remove(&key);
                Ok(())
            }
            Operation::RenameModel(op) => {
                let (from, to) = (key(&op.from), key(&op.to));
                if from != to && state.model(&to).is_some() {
                    return Err(format!("model {to} exists already"));
                }
                rename_table(state, &from, &op.from_table, &op.to_table)?;
                let model = find(state, &from)?.clone();
                state.update_references(&from, |reference| reference.model = to.to_string());
                // A self-reference was just rewritten, so the model is read again.
                let model = state.remove(&from).map_or(model, |renamed| (*renamed).clone());
                state.insert(to, model);
                Ok(())
            }
            Operation::AlterTable(op) => {
                let key = key(&op.model);
                rename_table(state, &key, &op.old.table, &op.new.table)?;
                find_mut(state, &key)?.comment.clone_from(&op.new.comment);
                Ok(())
            }
            Operation::AddField(op) => {
                let key = key(&op.model);
                let model = find_mut(state, &key)?;
                if model.field(&op.field.name).is_some() {
                    return Err(format!("model {key} has a field {} already", op.field.name));
                }
                model.fields.push(op.field.clone());
                check_model(state, &key)
            }
            Operation::RemoveField(op) => {
                let key = key(&op.model);
                check_same_field(state, &key, &op.field)?;
                check_unused(state, &key, &op.field)?;
                find_mut(state, &key)?.fields.retain(|field| field.name != op.field.name);
                check_model(state, &key)
            }
            Operation::AlterField(op) => {
                let key = key(&op.model);
                if op.old.name != op.new.name {
                    return Err("alter_field cannot rename; use rename_field".to_owned());
                }
                check_same_field(state, &key, &op.old)?;
                for field in &mut find_mut(state, &key)?.fields {
                    if field.name == op.new.name {
                        *field = op.new.clone();
                    }
                }
                check_model(state, &key)?;
                check_referencing(state, &key)
            }
            Operation::RenameField(op) => rename_field(state, &key(&op.model), &op.from, &op.to),
            Operation::AddIndex(op) => {
                let key = key(&op.model);
                find_mut(state, &key)?.indexes.push(op.index.clone());
                check_model(state, &key)
            }
            Operation::RemoveIndex(op) => {
                take(&mut find_mut(state, &key(&op.model))?.indexes, &op.index, &op.index.name)
            }
            Operation::RenameIndex(op) => {
                let key = key(&op.model);
                let indexes = &mut find_mut(state, &key)?.indexes;
                match indexes.iter_mut().find(|index| index.name == op.from) {
                    Some(index) => index.name.clone_from(&op.to),
                    None => return Err(format!("model {key} has no index {}", op.from)),
                }
                check_model(state, &key)
            }
            Operation::AddConstraint(op) => {
                let key = key(&op.model);
                find_mut(state, &key)?.constraints.push(op.constraint.clone());
                check_model(state, &key)
            }
            Operation::RemoveConstraint(op) => {
                take(&mut find_mut(state, &key(&op.model))?.constraints, &op.constraint, op.constraint.name())
            }
            Operation::AlterConstraint(op) => {
                let key = key(&op.model);
                if op.old.name() != op.new.name() {
                    return Err("alter_constraint cannot rename; remove the old one and add the new one".to_owned());
                }
                let constraints = &mut find_mut(state, &key)?.constraints;
                match constraints.iter_mut().find(|constraint| **constraint == op.old) {
                    Some(constraint) => *constraint = op.new.clone(),
                    None => return Err(format!("{} is not as the operation says", op.old.name())),
                }
                check_model(state, &key)
            }
            Operation::RunSql(_) | Operation::RunRust(_) => Ok(()),
        }
    }
}

fn find<'a>(state: &'a ProjectState, key: &ModelKey) -> Result<&'a ModelState, String> {
    state.model(key).ok_or_else(|| format!("there is no model {key}"))
}

fn find_mut<'a>(state: &'a mut ProjectState, key: &ModelKey) -> Result<&'a mut ModelState, String> {
    state.model_mut(key).ok_or_else(|| format!("there is no model {key}"))
}

fn take<T: PartialEq>(parts: &mut Vec<T>, part: &T, name: &str) -> Result<(), String> {
    match parts.iter().position(|other| other == part) {
        Some(at) => {
            parts.remove(at);
            Ok(())
        }
        None => Err(format!("{name} is missing, or is not as the operation says")),
    }
}

fn sorted(fields: &[Field]) -> Vec<&Field> {
    let mut fields: Vec<&Field> = fields.iter().collect();
    fields.sort_by(|a, b| a.name.cmp(&b.name));
    fields
}

fn check_table_free(state: &ProjectState, table: &str) -> Result<(), String> {
    match state.by_table(table) {
        Some((other, _)) => Err(format!("the table {table} is already that of {other}")),
        None => Ok(()),
    }
}

fn check_same_field(state: &ProjectState, key: &ModelKey, field: &Field) -> Result<(), String> {
    match find(state, key)?.field(&field.name) {
        None => Err(format!("model {key} has no field {}", field.name)),
        Some(current) if current != field => {
            Err(format!("field {} of {key} is not as the operation says it was before", field.name))
        }
        Some(_) => Ok(()),
    }
}

/// A column can only go when nothing else names it; on PostgreSQL it would silently take those things along.
fn check_unused(state: &ProjectState, key: &ModelKey, field: &Field) -> Result<(), String> {
    let model = find(state, key)?;
    let name = &field.name;
    let used = |by: &str| Err(format!("field {name} is used by {by}; remove that first"));
    for index in &model.indexes {
        if index.fields.contains(name) || index.condition.as_deref().is_some_and(|sql| mentions(sql, name)) {
            return used(&format!("index {}", index.name));
        }
    }
    for constraint in &model.constraints {
        let uses = match constraint {
            Constraint::Unique { fields, .. } => fields.contains(name),
            Constraint::Check { condition, .. } => mentions(condition, name),
        };
        if uses {
            return used(&format!("constraint {}", constraint.name()));
        }
    }
    let by = state
        .references_to(key)
        .find(|(other, pointing)| {
            pointing.references.as_ref().is_some_and(|to| to.column == *name)
                && !(*other == key && pointing.name == *name)
        })
        .map(|(other, pointing)| format!("the reference {other}.{}", pointing.name));
    by.map_or(Ok(()), |by| used(&by))
}

fn rename_table(state: &mut ProjectState, key: &ModelKey, from: &str, to: &str) -> Result<(), String> {
    let current = &find(state, key)?.table;
    if current != from {
        return Err(format!("the table of {key} is {current}, not {from}"));
    }
    if from != to {
        check_table_free(state, to)?;
        to.clone_into(&mut find_mut(state, key)?.table);
    }
    Ok(())
}

fn rename_field(state: &mut ProjectState, key: &ModelKey, from: &str, to: &str) -> Result<(), String> {
    let model = find_mut(state, key)?;
    if model.field(to).is_some() {
        return Err(format!("model {key} has a field {to} already"));
    }
    let Some(field) = model.fields.iter_mut().find(|field| field.name == from) else {
        return Err(format!("model {key} has no field {from}"));
    };
    to.clone_into(&mut field.name);
    let rename =
        |names: &mut Vec<String>| names.iter_mut().filter(|name| *name == from).for_each(|name| to.clone_into(name));
    for index in &mut model.indexes {
        rename(&mut index.fields);
        index.condition = index.condition.take().map(|sql| rename_identifier(&sql, from, to));
    }
    for constraint in &mut model.constraints {
        match constraint {
            Constraint::Unique { fields, .. } => rename(fields),
            // Both databases rewrite the condition themselves; the state must say the same.
            Constraint::Check { condition, .. } => *condition = rename_identifier(condition, from, to),
        }
    }
    state.update_references(key, |reference| {
        if reference.column == from {
            to.clone_into(&mut reference.column);
        }
    });
    Ok(())
}
