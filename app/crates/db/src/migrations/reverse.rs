//! Undoing an operation is another operation.

use super::{
    AddConstraint, AddField, AddIndex, AlterConstraint, AlterField, AlterTable, Operation, RemoveConstraint,
    RemoveField, RemoveIndex, RenameField, RenameIndex, RenameModel, RunRust, RunSql,
};

impl Operation {
    /// The operation that undoes this one; `None` when nothing does.
    pub fn reversed(&self) -> Option<Operation> {
        Some(match self.clone() {
            Operation::CreateModel(op) => Operation::DeleteModel(op),
            Operation::DeleteModel(op) => Operation::CreateModel(op),
            Operation::RenameModel(op) => Operation::RenameModel(RenameModel {
                from: op.to,
                to: op.from,
                from_table: op.to_table,
                to_table: op.from_table,
            }),
            Operation::AlterTable(AlterTable { model, old, new }) => {
                Operation::AlterTable(AlterTable { model, old: new, new: old })
            }
            Operation::AddField(AddField { model, field, fill }) => {
                Operation::RemoveField(RemoveField { model, field, fill })
            }
            Operation::RemoveField(RemoveField { model, field, fill }) => {
                Operation::AddField(AddField { model, field, fill })
            }
            Operation::AlterField(AlterField { model, old, new, fill }) => {
                Operation::AlterField(AlterField { model, old: new, new: old, fill })
            }
            Operation::RenameField(RenameField { model, from, to }) => {
                Operation::RenameField(RenameField { model, from: to, to: from })
            }
            Operation::AddIndex(AddIndex { model, index, concurrently }) => {
                Operation::RemoveIndex(RemoveIndex { model, index, concurrently })
            }
            Operation::RemoveIndex(RemoveIndex { model, index, concurrently }) => {
                Operation::AddIndex(AddIndex { model, index, concurrently })
            }
            Operation::RenameIndex(RenameIndex { model, from, to }) => {
                Operation::RenameIndex(RenameIndex { model, from: to, to: from })
            }
            Operation::AddConstraint(AddConstraint { model, constraint }) => {
                Operation::RemoveConstraint(RemoveConstraint { model, constraint })
            }
            Operation::RemoveConstraint(RemoveConstraint { model, constraint }) => {
                Operation::AddConstraint(AddConstraint { model, constraint })
            }
            Operation::AlterConstraint(AlterConstraint { model, old, new }) => {
                Operation::AlterConstraint(AlterConstraint { model, old: new, new: old })
            }
            Operation::RunSql(RunSql { sql, reverse, elidable }) => {
                Operation::RunSql(RunSql { sql: reverse?, reverse: Some(sql), elidable })
            }
            Operation::RunRust(RunRust { function, reverse, elidable }) => {
                Operation::RunRust(RunRust { function: reverse?, reverse: Some(function), elidable })
            }
        })
    }
}
