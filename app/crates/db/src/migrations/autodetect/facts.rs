//! What an operation speaks of, for whoever orders operations.

use crate::{
    migrations::{ModelDefinition, Operation},
    state::{Field, Reference},
};

/// A reference that an operation speaks of, and whether it is there before the operation or after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Old,
    New,
}

impl Operation {
    /// The references it speaks of, with their columns and on which side of it they are.
    pub(super) fn references(&self) -> Vec<(Side, &Field, &Reference)> {
        let (old, new): (&[Field], &[Field]) = match self {
            Operation::CreateModel(op) => (&[], &op.fields),
            Operation::DeleteModel(op) => (&op.fields, &[]),
            Operation::AddField(op) => (&[], std::slice::from_ref(&op.field)),
            Operation::RemoveField(op) => (std::slice::from_ref(&op.field), &[]),
            Operation::AlterField(op) => (std::slice::from_ref(&op.old), std::slice::from_ref(&op.new)),
            _ => (&[], &[]),
        };
        let sides = old.iter().map(|field| (Side::Old, field)).chain(new.iter().map(|field| (Side::New, field)));
        sides.filter_map(|(side, field)| Some((side, field, field.references.as_ref()?))).collect()
    }

    /// The names of tables, indexes and constraints that it needs to be free.
    pub(super) fn names_taken(&self) -> Vec<&str> {
        match self {
            Operation::CreateModel(op) => names(op),
            Operation::RenameModel(op) if op.from_table != op.to_table => vec![&op.to_table],
            Operation::AlterTable(op) if op.old.table != op.new.table => vec![&op.new.table],
            Operation::AddIndex(op) => vec![&op.index.name],
            Operation::RenameIndex(op) => vec![&op.to],
            Operation::AddConstraint(op) => vec![op.constraint.name()],
            _ => Vec::new(),
        }
    }

    /// The names that are free after it.
    pub(super) fn names_freed(&self) -> Vec<&str> {
        match self {
            Operation::DeleteModel(op) => names(op),
            Operation::RenameModel(op) if op.from_table != op.to_table => vec![&op.from_table],
            Operation::AlterTable(op) if op.old.table != op.new.table => vec![&op.old.table],
            Operation::RemoveIndex(op) => vec![&op.index.name],
            Operation::RenameIndex(op) => vec![&op.from],
            Operation::RemoveConstraint(op) => vec![op.constraint.name()],
            _ => Vec::new(),
        }
    }
}

fn names(model: &ModelDefinition) -> Vec<&str> {
    let indexes = model.indexes.iter().map(|index| index.name.as_str());
    let constraints = model.constraints.iter().map(|constraint| constraint.name());
    std::iter::once(model.table.as_str()).chain(indexes).chain(constraints).collect()
}
