//! What an operation depends on and changes: whether two of them can change places.

use super::super::{Operation, check::mentions};
use crate::state::{Constraint, Field, Index};

/// Everything in small letters, because databases do not tell names apart by case everywhere.
#[derive(Debug, Default)]
pub(super) struct Footprint {
    /// It may do anything.
    anything: bool,
    /// The models that it is about, as `module.model`.
    models: Vec<String>,
    /// It makes, takes away or renames the model.
    whole: bool,
    /// It has to do with the primary key.
    key: bool,
    /// Columns that come, go or change.
    changes: Vec<String>,
    /// Columns of indexes and constraints.
    uses: Vec<String>,
    /// SQL that may name columns.
    conditions: Vec<String>,
    /// Names of tables, indexes and constraints, which a database has once.
    names: Vec<String>,
    /// The columns of a unique constraint, of which a table has one.
    unique: Option<Vec<String>>,
    /// Models and columns that it references.
    references: Vec<(String, String)>,
}

impl Footprint {
    pub(super) fn of(module: &str, operation: &Operation) -> Self {
        let mut print = Footprint::default();
        match operation {
            Operation::CreateModel(op) | Operation::DeleteModel(op) => {
                print.whole(module, &op.model);
                print.names.push(lower(&op.table));
                op.fields.iter().for_each(|field| print.reference(field));
                op.indexes.iter().for_each(|index| print.names.push(lower(&index.name)));
                op.constraints.iter().for_each(|constraint| print.names.push(lower(constraint.name())));
            }
            Operation::RenameModel(op) => {
                print.whole(module, &op.from);
                print.whole(module, &op.to);
                print.names.extend([lower(&op.from_table), lower(&op.to_table)]);
            }
            Operation::AlterTable(op) => {
                print.whole(module, &op.model);
                print.names.extend([lower(&op.old.table), lower(&op.new.table)]);
            }
            Operation::AddField(op) => print.field(module, &op.model, &op.field),
            Operation::RemoveField(op) => print.field(module, &op.model, &op.field),
            Operation::AlterField(op) => {
                print.field(module, &op.model, &op.old);
                print.field(module, &op.model, &op.new);
            }
            Operation::RenameField(op) => {
                print.model(module, &op.model);
                print.changes.extend([lower(&op.from), lower(&op.to)]);
            }
            Operation::AddIndex(op) => print.index(module, &op.model, &op.index),
            Operation::RemoveIndex(op) => print.index(module, &op.model, &op.index),
            Operation::RenameIndex(op) => {
                print.model(module, &op.model);
                print.names.extend([lower(&op.from), lower(&op.to)]);
            }
            Operation::AddConstraint(op) => print.constraint(module, &op.model, &op.constraint),
            Operation::RemoveConstraint(op) => print.constraint(module, &op.model, &op.constraint),
            Operation::AlterConstraint(op) => {
                print.constraint(module, &op.model, &op.old);
                print.constraint(module, &op.model, &op.new);
            }
            Operation::RunSql(_) | Operation::RunRust(_) => print.anything = true,
        }
        print
    }

    fn model(&mut self, module: &str, model: &str) {
        self.models.push(lower(&format!("{module}.{model}")));
    }

    fn whole(&mut self, module: &str, model: &str) {
        self.whole = true;
        self.model(module, model);
    }

    fn field(&mut self, module: &str, model: &str, field: &Field) {
        self.model(module, model);
        self.key |= field.primary_key || field.auto_increment;
        self.changes.push(lower(&field.name));
        self.reference(field);
    }

    fn reference(&mut self, field: &Field) {
        self.references.extend(field.references.iter().map(|to| (lower(&to.model), lower(&to.column))));
    }

    fn index(&mut self, module: &str, model: &str, index: &Index) {
        self.model(module, model);
        self.names.push(lower(&index.name));
        self.uses.extend(index.fields.iter().map(|field| lower(field)));
        self.conditions.extend(index.condition.as_deref().map(lower));
    }

    fn constraint(&mut self, module: &str, model: &str, constraint: &Constraint) {
        self.model(module, model);
        self.names.push(lower(constraint.name()));
        match constraint {
            Constraint::Unique { fields, .. } => {
                let fields: Vec<String> = fields.iter().map(|field| lower(field)).collect();
                self.uses.extend(fields.iter().cloned());
                self.unique = Some(fields);
            }
            Constraint::Check { condition, .. } => self.conditions.push(lower(condition)),
        }
    }

    /// Whether it makes no difference which of the two comes first. In doubt it does.
    pub(super) fn commutes(&self, other: &Footprint) -> bool {
        if self.anything || other.anything || overlap(&self.names, &other.names) {
            return false;
        }
        if self.unsettles_references(other) || other.unsettles_references(self) {
            return false;
        }
        if !overlap(&self.models, &other.models) {
            return true;
        }
        let close = self.whole || other.whole || (self.key && other.key);
        let same_unique = self.unique.is_some() && self.unique == other.unique;
        !close && !same_unique && !self.unsettles_columns(other) && !other.unsettles_columns(self)
    }

    /// Whether it has to do with what the other one references.
    fn unsettles_references(&self, other: &Footprint) -> bool {
        other.references.iter().any(|(model, column)| {
            self.models.contains(model) && (self.whole || self.key || self.changes.contains(column))
        })
    }

    /// Whether it changes a column that the other one is about; both are about the same model.
    fn unsettles_columns(&self, other: &Footprint) -> bool {
        let named = |column: &String| other.conditions.iter().any(|sql| mentions(sql, column));
        overlap(&self.changes, &other.changes) || overlap(&self.changes, &other.uses) || self.changes.iter().any(named)
    }
}

fn overlap(some: &[String], others: &[String]) -> bool {
    some.iter().any(|name| others.contains(name))
}

fn lower(name: &str) -> String {
    name.to_lowercase()
}
