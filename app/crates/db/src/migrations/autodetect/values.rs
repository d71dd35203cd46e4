//! What existing rows get in columns that do not allow NULL.

use std::collections::BTreeSet;

use super::questioner::{NullRows, Questioner};
use crate::{
    Error,
    migrations::{AddField, AlterField, NewMigration, Operation},
    state::{FieldType, ModelKey},
};

/// Asks for the values that new required columns need, and puts them into the operations.
pub(super) fn ask(new: &mut [NewMigration], questioner: &mut dyn Questioner) -> Result<(), Error> {
    let mut empty: BTreeSet<ModelKey> = BTreeSet::new();
    for NewMigration { key, migration } in new {
        for operation in &mut migration.operations {
            let model = |name: &str| ModelKey::new(&key.module, name);
            match operation {
                Operation::CreateModel(op) => drop(empty.insert(model(&op.model))),
                Operation::AddField(op) => {
                    let model = model(&op.model);
                    if !empty.contains(&model) {
                        add(op, &model, questioner)?;
                    }
                }
                Operation::AlterField(op) if op.old.null && !op.new.null => {
                    let model = model(&op.model);
                    if !empty.contains(&model) {
                        alter(op, &model, questioner)?;
                    }
                }
                _ => {}
            }
        }
    }
    Ok(())
}

fn add(op: &mut AddField, model: &ModelKey, questioner: &mut dyn Questioner) -> Result<(), Error> {
    let field = &op.field;
    if field.null || field.default.is_some() || field.auto_increment {
        return Ok(());
    }
    let moment =
        matches!(field.kind, FieldType::DateTime | FieldType::NaiveDateTime | FieldType::Date | FieldType::Time);
    op.fill = Some(match moment {
        true => questioner.moment_addition(model, field)?,
        false => questioner.not_null_addition(model, field)?,
    });
    Ok(())
}

fn alter(op: &mut AlterField, model: &ModelKey, questioner: &mut dyn Questioner) -> Result<(), Error> {
    op.fill = match &op.new.default {
        Some(default) => Some(default.clone()),
        None => match questioner.not_null_alteration(model, &op.new)? {
            NullRows::Fill(value) => Some(value),
            NullRows::Ignore => None,
        },
    };
    Ok(())
}
