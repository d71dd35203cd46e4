//! What the migrations written so far have to say about new ones.

use std::collections::{BTreeMap, BTreeSet};

use crate::migrations::{Loader, NodeKey, Operation};

/// Which modules' migrations speak of which models and tables. An operation that takes a model or its name away comes
/// after all of them, even when today's models no longer show it: on a fresh database they are applied too.
pub(super) struct History<'a> {
    loader: &'a Loader,
    /// By `module.Model`.
    references: BTreeMap<&'a str, BTreeSet<&'a str>>,
    /// By table name.
    tables: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

impl<'a> History<'a> {
    pub(super) fn new(loader: &'a Loader) -> Self {
        let mut history = History { loader, references: BTreeMap::new(), tables: BTreeMap::new() };
        for (key, migration) in loader.migrations() {
            for operation in &migration.operations {
                for (_, _, reference) in operation.references() {
                    history.references.entry(&reference.model).or_default().insert(&key.module);
                }
                let tables: &[&String] = match operation {
                    Operation::CreateModel(op) => &[&op.table],
                    Operation::RenameModel(op) => &[&op.from_table, &op.to_table],
                    Operation::AlterTable(op) => &[&op.old.table, &op.new.table],
                    _ => &[],
                };
                for table in tables {
                    history.tables.entry(table).or_default().insert(&key.module);
                }
            }
        }
        history
    }

    /// The modules that have ever referenced `label` (`module.Model`).
    pub(super) fn referencing(&self, label: &str) -> impl Iterator<Item = &'a str> {
        self.references.get(label).into_iter().flatten().copied()
    }

    /// The modules that have ever had a table of this name.
    pub(super) fn having_table(&self, table: &str) -> impl Iterator<Item = &'a str> {
        self.tables.get(table).into_iter().flatten().copied()
    }

    /// What a dependency on a module's migrations so far is: its last one, or `__first__` when it has none.
    pub(super) fn dependency(&self, module: &str) -> Vec<NodeKey> {
        let leaves = self.loader.graph().leaves(module);
        if leaves.is_empty() { vec![NodeKey::new(module, "__first__")] } else { leaves }
    }
}
