//! What an operation does to the state, and what it refuses.

use super::{
    Operation,
    change::check_table,
    check::{check_model, check_referencing, mentions},
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
            Operation::RemoveField(op) => {
                let key = key(&op.model);
                let mut model = find(state, &key)?.clone();
                self.change_model(&key, &mut model)?;
                check_unused(state, &key, &op.field)?;
                state.insert(key.clone(), model);
                check_model(state, &key)
            }
            Operation::AlterField(op) => {
                let key = key(&op.model);
                self.change_model(&key, find_mut(state, &key)?)?;
                check_model(state, &key)?;
                check_referencing(state, &key)
            }
            Operation::RenameField(op) => {
                let key = key(&op.model);
                self.change_model(&key, find_mut(state, &key)?)?;
                state.update_references(&key, |reference| {
                    if reference.column == op.from {
                        reference.column.clone_from(&op.to);
                    }
                });
                Ok(())
            }
            Operation::RemoveIndex(_) | Operation::RemoveConstraint(_) => {
                let key = key(self.changed_model().unwrap_or_default());
                self.change_model(&key, find_mut(state, &key)?)
            }
            Operation::AddField(_)
            | Operation::AddIndex(_)
            | Operation::RenameIndex(_)
            | Operation::AddConstraint(_)
            | Operation::AlterConstraint(_) => {
                let key = key(self.changed_model().unwrap_or_default());
                self.change_model(&key, find_mut(state, &key)?)?;
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
    check_table(key, find(state, key)?, from)?;
    if from != to {
        check_table_free(state, to)?;
        state.set_table(key, to);
    }
    Ok(())
}
