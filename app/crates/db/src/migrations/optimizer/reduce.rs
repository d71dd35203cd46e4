//! Two operations that come to less than both.

use super::super::{
    AddConstraint, AddField, AddIndex, AlterConstraint, AlterField, AlterTable, ModelDefinition, Operation,
    RemoveConstraint, RemoveField, RenameField, RenameIndex, RenameModel,
};
use crate::state::{DefaultValue, Field, FieldType, ModelKey};

/// What can stand in place of `first` directly followed by `second`; `None` when nothing better can.
pub(super) fn reduce(module: &str, first: &Operation, second: &Operation) -> Option<Vec<Operation>> {
    use Operation as O;
    let one = |operation| Some(vec![operation]);
    match (first, second) {
        (O::CreateModel(create), second) => into_create(module, create, second),
        (O::AddField(add), O::AlterField(alter)) if at(&add.model, &add.field) == at(&alter.model, &alter.old) => {
            one(O::AddField(added(add, alter)?))
        }
        (O::AddField(add), O::RemoveField(remove))
            if at(&add.model, &add.field) == at(&remove.model, &remove.field) =>
        {
            Some(Vec::new())
        }
        (O::AddField(add), O::RenameField(rename)) if renames(rename, &add.model, &add.field) => {
            let field = renamed(module, rename, &add.field);
            one(O::AddField(AddField { field, ..add.clone() }))
        }
        (O::AlterField(a), O::AlterField(b)) if at(&a.model, &a.new) == at(&b.model, &b.old) => altered(a, b),
        (O::AlterField(alter), O::RemoveField(remove))
            if at(&alter.model, &alter.new) == at(&remove.model, &remove.field) =>
        {
            one(O::RemoveField(removed(alter, remove)?))
        }
        (O::AlterField(alter), O::RenameField(rename)) if renames(rename, &alter.model, &alter.new) => {
            let (old, new) = (renamed(module, rename, &alter.old), renamed(module, rename, &alter.new));
            Some(vec![second.clone(), O::AlterField(AlterField { old, new, ..alter.clone() })])
        }
        (O::RenameField(a), O::RenameField(b)) if a.model == b.model && a.to == b.from => {
            let (model, from, to) = (a.model.clone(), a.from.clone(), b.to.clone());
            Some(if from == to { Vec::new() } else { vec![O::RenameField(RenameField { model, from, to })] })
        }
        (O::RemoveField(remove), O::DeleteModel(delete)) if remove.model == delete.model => {
            let mut whole = delete.clone();
            whole.fields.push(remove.field.clone());
            one(O::DeleteModel(whole))
        }
        (O::AlterTable(alter), O::DeleteModel(delete)) if alter.model == delete.model => {
            let (table, comment) = (alter.old.table.clone(), alter.old.comment.clone());
            one(O::DeleteModel(ModelDefinition { table, comment, ..delete.clone() }))
        }
        (O::AlterTable(a), O::AlterTable(b)) if a.model == b.model => {
            let (model, old, new) = (a.model.clone(), a.old.clone(), b.new.clone());
            Some(if old == new { Vec::new() } else { vec![O::AlterTable(AlterTable { model, old, new })] })
        }
        (O::RenameModel(a), O::RenameModel(b)) if a.to == b.from => {
            let (from, to) = (a.from.clone(), b.to.clone());
            let (from_table, to_table) = (a.from_table.clone(), b.to_table.clone());
            let back = from == to && from_table == to_table;
            let rename = RenameModel { from, to, from_table, to_table };
            Some(if back { Vec::new() } else { vec![O::RenameModel(rename)] })
        }
        (O::AddIndex(add), O::RemoveIndex(remove))
            if (&add.model, &add.index.name) == (&remove.model, &remove.index.name) =>
        {
            Some(Vec::new())
        }
        (O::AddIndex(add), O::RenameIndex(rename))
            if (&add.model, &add.index.name) == (&rename.model, &rename.from) =>
        {
            let mut index = add.index.clone();
            index.name.clone_from(&rename.to);
            one(O::AddIndex(AddIndex { index, ..add.clone() }))
        }
        (O::RenameIndex(a), O::RenameIndex(b)) if (&a.model, &a.to) == (&b.model, &b.from) => {
            let (model, from, to) = (a.model.clone(), a.from.clone(), b.to.clone());
            Some(if from == to { Vec::new() } else { vec![O::RenameIndex(RenameIndex { model, from, to })] })
        }
        (O::AddConstraint(add), O::RemoveConstraint(remove))
            if (&add.model, add.constraint.name()) == (&remove.model, remove.constraint.name()) =>
        {
            Some(Vec::new())
        }
        (O::AddConstraint(add), O::AlterConstraint(alter))
            if (&add.model, add.constraint.name()) == (&alter.model, alter.old.name()) =>
        {
            let (model, constraint) = (add.model.clone(), alter.new.clone());
            one(O::AddConstraint(AddConstraint { model, constraint }))
        }
        (O::AlterConstraint(alter), O::RemoveConstraint(remove))
            if (&alter.model, alter.new.name()) == (&remove.model, remove.constraint.name()) =>
        {
            let (model, constraint) = (alter.model.clone(), alter.old.clone());
            one(O::RemoveConstraint(RemoveConstraint { model, constraint }))
        }
        (O::AlterConstraint(a), O::AlterConstraint(b)) if (&a.model, a.new.name()) == (&b.model, b.old.name()) => {
            let (model, old, new) = (a.model.clone(), a.old.clone(), b.new.clone());
            Some(if old == new { Vec::new() } else { vec![O::AlterConstraint(AlterConstraint { model, old, new })] })
        }
        _ => None,
    }
}

fn at<'a>(model: &'a str, field: &'a Field) -> (&'a str, &'a str) {
    (model, &field.name)
}

fn renames(rename: &RenameField, model: &str, field: &Field) -> bool {
    rename.model == model && rename.from == field.name
}

/// The field under its other name; it may reference itself.
fn renamed(module: &str, rename: &RenameField, field: &Field) -> Field {
    let mut field = Field { name: rename.to.clone(), ..field.clone() };
    let own = ModelKey::new(module, &rename.model).to_string();
    if let Some(reference) = field.references.as_mut().filter(|to| to.model == own && to.column == rename.from) {
        reference.column.clone_from(&rename.to);
    }
    field
}

/// A model that is created is there at once as a later operation makes it.
fn into_create(module: &str, create: &ModelDefinition, second: &Operation) -> Option<Vec<Operation>> {
    let key = ModelKey::new(module, &create.model);
    let own = key.to_string();
    match second {
        Operation::DeleteModel(delete) if delete.model == create.model => return Some(Vec::new()),
        Operation::RenameModel(rename) if rename.from == create.model => {
            let (model, table) = (rename.to.clone(), rename.to_table.clone());
            let mut whole = ModelDefinition { model, table, ..create.clone() };
            let itself = ModelKey::new(module, &rename.to).to_string();
            for reference in whole.fields.iter_mut().filter_map(|field| field.references.as_mut()) {
                if reference.model == own {
                    reference.model.clone_from(&itself);
                }
            }
            return Some(vec![Operation::CreateModel(whole)]);
        }
        part if part.changed_model() == Some(create.model.as_str()) => {}
        _ => return None,
    }
    let mut model = create.to_state();
    second.change_model(&key, &mut model).ok()?;
    if let Operation::RenameField(rename) = second {
        for reference in model.fields.iter_mut().filter_map(|field| field.references.as_mut()) {
            if reference.model == own && reference.column == rename.from {
                reference.column.clone_from(&rename.to);
            }
        }
    }
    Some(vec![Operation::CreateModel(ModelDefinition::from_state(&create.model, &model))])
}

/// The field is added as it is after the alteration, and rows get what they had then; `None` when that cannot be said.
fn added(add: &AddField, alter: &AlterField) -> Option<AddField> {
    let (old, new) = (&add.field, &alter.new);
    let value = match add.fill.as_ref().or(old.default.as_ref()) {
        Some(value) if old.kind != new.kind && !fits(value, new.kind) => return None,
        Some(value) => Some(value.clone()),
        None if !new.null => alter.fill.clone(),
        // The rows have NULL, and would get the default.
        None if new.default.is_some() => return None,
        None => None,
    };
    let fill = value.filter(|value| new.default.as_ref() != Some(value));
    Some(AddField { model: add.model.clone(), field: new.clone(), fill })
}

/// Whether a value means the same for a column of that type as for the one it was meant for.
fn fits(value: &DefaultValue, kind: FieldType) -> bool {
    use FieldType as T;
    let is_text = matches!(kind, T::String(_) | T::Char(_) | T::Text);
    let is_fraction = matches!(kind, T::Decimal(_) | T::Float | T::Double);
    match value {
        DefaultValue::Integer(_) => kind.is_integer() || is_fraction || is_text,
        DefaultValue::Double(_) => is_fraction,
        DefaultValue::Text(_) => is_text,
        DefaultValue::Boolean(_) | DefaultValue::Sql(_) => false,
    }
}

/// Both alterations at once; `None` when rows would not come out the same.
fn altered(a: &AlterField, b: &AlterField) -> Option<Vec<Operation>> {
    let retyped_twice = a.old.kind != a.new.kind && b.old.kind != b.new.kind;
    let filled_between = a.old.null && !a.new.null && b.new.null;
    if retyped_twice || filled_between {
        return None;
    }
    let (old, new) = (a.old.clone(), b.new.clone());
    if old == new {
        return Some(Vec::new());
    }
    // Which of the two replaces NULL, forwards or backwards.
    let fill = match (old.null, new.null) {
        (true, false) => {
            if a.new.null {
                &b.fill
            } else {
                &a.fill
            }
        }
        (false, true) => {
            if a.new.null {
                &a.fill
            } else {
                &b.fill
            }
        }
        _ => &None,
    };
    let (model, fill) = (a.model.clone(), fill.clone());
    Some(vec![Operation::AlterField(AlterField { model, old, new, fill })])
}

/// The field as it was before the alteration is removed: the opposite of [`added`].
fn removed(alter: &AlterField, remove: &RemoveField) -> Option<RemoveField> {
    let RemoveField { model, field, fill } = remove.clone();
    let (old, new) = (alter.new.clone(), alter.old.clone());
    let back = AlterField { model: model.clone(), old, new, fill: alter.fill.clone() };
    let AddField { model, field, fill } = added(&AddField { model, field, fill }, &back)?;
    Some(RemoveField { model, field, fill })
}
