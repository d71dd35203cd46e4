//! What has changed between two states in which everything has the same names.

use std::collections::BTreeSet;

use super::items::Item;
use crate::{
    ProjectState,
    migrations::{
        AddConstraint, AddField, AddIndex, AlterField, AlterTable, ModelDefinition, Operation, RemoveConstraint,
        RemoveField, RemoveIndex, RenameIndex, TableOptions,
    },
    state::{Index, ModelKey, ModelState},
};

/// Adds an item for every change; models in `replaced` are deleted and created anew.
pub(super) fn changes(old: &ProjectState, new: &ProjectState, replaced: &BTreeSet<ModelKey>, items: &mut Vec<Item>) {
    for (key, model) in new.models() {
        match old.model(key).filter(|_| !replaced.contains(key)) {
            None => {
                let definition = ModelDefinition::from_state(&key.name, model);
                items.push(Item::new(key, Operation::CreateModel(definition)));
            }
            Some(before) if before == model => {}
            Some(before) => Changes { key, old: before, new: model, items }.all(old, new),
        }
    }
    for (key, model) in old.models() {
        if new.model(key).is_none() || replaced.contains(key) {
            let definition = ModelDefinition::from_state(&key.name, model);
            items.push(Item::new(key, Operation::DeleteModel(definition)));
        }
    }
}

/// The changes of one model.
struct Changes<'a> {
    key: &'a ModelKey,
    old: &'a ModelState,
    new: &'a ModelState,
    items: &'a mut Vec<Item>,
}

impl Changes<'_> {
    fn all(mut self, old: &ProjectState, new: &ProjectState) {
        self.fields();
        self.indexes(old, new);
        self.constraints();
        let options = |model: &ModelState| TableOptions { table: model.table.clone(), comment: model.comment.clone() };
        let (old, new) = (options(self.old), options(self.new));
        if old != new {
            self.push(Operation::AlterTable(AlterTable { model: self.model(), old, new }));
        }
    }

    fn model(&self) -> String {
        self.key.name.clone()
    }

    fn push(&mut self, operation: Operation) {
        self.items.push(Item::new(self.key, operation));
    }

    fn fields(&mut self) {
        let (old, new) = (self.old, self.new);
        let removed = old.fields.iter().filter(|field| new.field(&field.name).is_none());
        // A table cannot be without columns: when none stays, the last key stops being one, and goes after the others
        // have come.
        let none_stays = removed.clone().count() == old.fields.len();
        for field in removed {
            let (model, mut field) = (self.model(), field.clone());
            if none_stays && field.primary_key {
                let old = field.clone();
                (field.primary_key, field.auto_increment) = (false, false);
                let new = field.clone();
                self.push(Operation::AlterField(AlterField { model: model.clone(), old, new, fill: None }));
            }
            self.push(Operation::RemoveField(RemoveField { model, field, fill: None }));
        }
        for field in &new.fields {
            let (model, new) = (self.model(), field.clone());
            match self.old.field(&field.name) {
                None => self.push(Operation::AddField(AddField { model, field: new, fill: None })),
                Some(old) if old == field => {}
                Some(old) => {
                    let old = old.clone();
                    self.push(Operation::AlterField(AlterField { model, old, new, fill: None }));
                }
            }
        }
    }

    /// An index is what it is over; only a name that nobody else has or had is simply another name.
    fn indexes(&mut self, old_state: &ProjectState, new_state: &ProjectState) {
        let mut removed: Vec<&Index> = self.old.indexes.iter().filter(|it| !self.new.indexes.contains(it)).collect();
        let added = self.new.indexes.iter().filter(|index| !self.old.indexes.contains(index));
        let used = |state: &ProjectState, name: &str| state.models().any(|(_, model)| has_part(model, name));
        for index in added {
            let same = removed.iter().position(|old| {
                old.fields == index.fields
                    && old.condition == index.condition
                    && !used(old_state, &index.name)
                    && !used(new_state, &old.name)
            });
            let model = self.model();
            match same {
                Some(at) => {
                    let (from, to) = (removed.remove(at).name.clone(), index.name.clone());
                    self.push(Operation::RenameIndex(RenameIndex { model, from, to }));
                }
                None => self.push(Operation::AddIndex(AddIndex { model, index: index.clone(), concurrently: false })),
            }
        }
        for index in removed {
            self.push(Operation::RemoveIndex(RemoveIndex {
                model: self.model(),
                index: index.clone(),
                concurrently: false,
            }));
        }
    }

    /// A constraint has nothing that could change without it being checked anew, so it goes and comes.
    fn constraints(&mut self) {
        let (old, new) = (&self.old.constraints, &self.new.constraints);
        for constraint in old.iter().filter(|constraint| !new.contains(constraint)) {
            let (model, constraint) = (self.model(), constraint.clone());
            self.push(Operation::RemoveConstraint(RemoveConstraint { model, constraint }));
        }
        for constraint in new.iter().filter(|constraint| !old.contains(constraint)) {
            let (model, constraint) = (self.model(), constraint.clone());
            self.push(Operation::AddConstraint(AddConstraint { model, constraint }));
        }
    }
}

fn has_part(model: &ModelState, name: &str) -> bool {
    model.indexes.iter().any(|index| index.name == name)
        || model.constraints.iter().any(|constraint| constraint.name() == name)
}
