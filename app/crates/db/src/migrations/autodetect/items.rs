//! Operations on their way into migrations, and what each must wait for.

use std::collections::BTreeSet;

use super::super::Operation;
use crate::state::ModelKey;

/// In which order a migration's operations come as far as they do not need one another. As in Django: what is new
/// comes before what goes, except for the parts (indexes, constraints) that a column needs to be rid of first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    RenameModel,
    RenameField,
    RemovePart,
    RenameIndex,
    CreateModel,
    RemoveField,
    AddField,
    AlterField,
    AddPart,
    AlterTable,
    DeleteModel,
}

/// An operation, the model it is about (by its new name), and what comes before it.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) key: ModelKey,
    pub(super) operation: Operation,
    /// Other items that must be in the same migration before it, or in an earlier one.
    pub(super) after: Vec<Edge>,
    /// Modules whose migrations as they are must come before it.
    pub(super) modules: BTreeSet<String>,
}

/// What an item waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Edge {
    /// The other item.
    pub(super) item: usize,
    pub(super) why: Why,
}

/// Why an item waits for another; a circle is broken by taking away the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// The column `field` references `column` of the model that the other one makes or changes.
    Reference { field: String, column: String },
    /// The other one rids the model of the reference that `field` of that one's model is.
    Release { field: String },
    /// The other one gives a name free (of a table, index or constraint).
    Name(String),
    /// It just comes first: another order would not apply.
    Order,
}

impl Item {
    pub(super) fn new(key: &ModelKey, operation: Operation) -> Self {
        Item { key: key.clone(), operation, after: Vec::new(), modules: BTreeSet::new() }
    }

    pub(super) fn rank(&self) -> Rank {
        match self.operation {
            Operation::RenameModel(_) => Rank::RenameModel,
            Operation::RenameField(_) => Rank::RenameField,
            Operation::RemoveIndex(_) | Operation::RemoveConstraint(_) => Rank::RemovePart,
            Operation::RenameIndex(_) => Rank::RenameIndex,
            Operation::CreateModel(_) => Rank::CreateModel,
            Operation::RemoveField(_) => Rank::RemoveField,
            Operation::AddField(_) => Rank::AddField,
            Operation::AlterField(_) => Rank::AlterField,
            Operation::AddIndex(_) | Operation::AddConstraint(_) | Operation::AlterConstraint(_) => Rank::AddPart,
            Operation::AlterTable(_) | Operation::RunSql(_) | Operation::RunRust(_) => Rank::AlterTable,
            Operation::DeleteModel(_) => Rank::DeleteModel,
        }
    }

    pub(super) fn wait(&mut self, item: usize, why: Why) {
        let edge = Edge { item, why };
        if !self.after.contains(&edge) {
            self.after.push(edge);
        }
    }
}
