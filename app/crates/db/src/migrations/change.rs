//! What an operation does to the model that it is about, others left aside.

use super::{Operation, check::rename_identifier};
use crate::state::{Constraint, Field, ModelKey, ModelState};

impl Operation {
    /// The model that [`Operation::change_model`] changes; `None` for those that make, take away or rename models, and
    /// for SQL and functions.
    pub(super) fn changed_model(&self) -> Option<&str> {
        match self {
            Operation::AlterTable(op) => Some(&op.model),
            Operation::AddField(op) => Some(&op.model),
            Operation::RemoveField(op) => Some(&op.model),
            Operation::AlterField(op) => Some(&op.model),
            Operation::RenameField(op) => Some(&op.model),
            Operation::AddIndex(op) => Some(&op.model),
            Operation::RemoveIndex(op) => Some(&op.model),
            Operation::RenameIndex(op) => Some(&op.model),
            Operation::AddConstraint(op) => Some(&op.model),
            Operation::RemoveConstraint(op) => Some(&op.model),
            Operation::AlterConstraint(op) => Some(&op.model),
            Operation::CreateModel(_)
            | Operation::DeleteModel(_)
            | Operation::RenameModel(_)
            | Operation::RunSql(_)
            | Operation::RunRust(_) => None,
        }
    }

    /// Carries the operation out on the one model. References to a renamed field stay as they are, and so does what a
    /// state knows about tables: within one, that is for [`Operation::apply`].
    ///
    /// # Errors
    /// A reason in words when the old side differs from what the model says; what other models have to say is not
    /// looked at.
    pub(super) fn change_model(&self, key: &ModelKey, model: &mut ModelState) -> Result<(), String> {
        match self {
            Operation::AlterTable(op) => {
                check_table(key, model, &op.old.table)?;
                model.table.clone_from(&op.new.table);
                model.comment.clone_from(&op.new.comment);
            }
            Operation::AddField(op) => {
                if model.field(&op.field.name).is_some() {
                    return Err(format!("model {key} has a field {} already", op.field.name));
                }
                model.fields.push(op.field.clone());
            }
            Operation::RemoveField(op) => {
                same_field(key, model, &op.field)?;
                model.fields.retain(|field| field.name != op.field.name);
            }
            Operation::AlterField(op) => {
                if op.old.name != op.new.name {
                    return Err("alter_field cannot rename; use rename_field".to_owned());
                }
                *same_field(key, model, &op.old)? = op.new.clone();
            }
            Operation::RenameField(op) => rename_field(key, model, &op.from, &op.to)?,
            Operation::AddIndex(op) => model.indexes.push(op.index.clone()),
            Operation::RemoveIndex(op) => take(&mut model.indexes, &op.index, &op.index.name)?,
            Operation::RenameIndex(op) => match model.indexes.iter_mut().find(|index| index.name == op.from) {
                Some(index) => index.name.clone_from(&op.to),
                None => return Err(format!("model {key} has no index {}", op.from)),
            },
            Operation::AddConstraint(op) => model.constraints.push(op.constraint.clone()),
            Operation::RemoveConstraint(op) => take(&mut model.constraints, &op.constraint, op.constraint.name())?,
            Operation::AlterConstraint(op) => {
                if op.old.name() != op.new.name() {
                    return Err("alter_constraint cannot rename; remove the old one and add the new one".to_owned());
                }
                match model.constraints.iter_mut().find(|constraint| **constraint == op.old) {
                    Some(constraint) => *constraint = op.new.clone(),
                    None => return Err(format!("{} is not as the operation says", op.old.name())),
                }
            }
            Operation::CreateModel(_)
            | Operation::DeleteModel(_)
            | Operation::RenameModel(_)
            | Operation::RunSql(_)
            | Operation::RunRust(_) => {}
        }
        Ok(())
    }
}

/// That the model's table is the one an operation says.
pub(super) fn check_table(key: &ModelKey, model: &ModelState, table: &str) -> Result<(), String> {
    match model.table == table {
        true => Ok(()),
        false => Err(format!("the table of {key} is {}, not {table}", model.table)),
    }
}

/// The model's field, which must be as an operation says it was before.
fn same_field<'a>(key: &ModelKey, model: &'a mut ModelState, field: &Field) -> Result<&'a mut Field, String> {
    match model.fields.iter_mut().find(|current| current.name == field.name) {
        None => Err(format!("model {key} has no field {}", field.name)),
        Some(current) if current != field => {
            Err(format!("field {} of {key} is not as the operation says it was before", field.name))
        }
        Some(current) => Ok(current),
    }
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

/// Indexes and constraints follow.
fn rename_field(key: &ModelKey, model: &mut ModelState, from: &str, to: &str) -> Result<(), String> {
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
    Ok(())
}
