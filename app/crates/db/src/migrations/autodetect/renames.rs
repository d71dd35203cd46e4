//! What has another name now: models and columns, as their code says or as the person answers.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    generated::{Link, links},
    items::Item,
    questioner::Questioner,
};
use crate::{
    Error, ProjectState,
    migrations::{Operation, RenameField, RenameModel},
    state::{Field, ModelKey, ModelState},
};

/// The renames, and the old state with them carried out: what is left to compare has the same name on both sides.
pub(super) struct Renamed {
    pub(super) items: Vec<Item>,
    pub(super) state: ProjectState,
    /// Generated models whose columns are not those of before: another target, to be made anew.
    pub(super) replaced: BTreeSet<ModelKey>,
}

struct Search<'a> {
    from: &'a ProjectState,
    to: &'a ProjectState,
    /// Whether people are asked about a module.
    asks: &'a dyn Fn(&str) -> bool,
    questioner: &'a mut dyn Questioner,
    found: Renamed,
    /// Models that are only in the old state, and only in the new one.
    removed: BTreeSet<ModelKey>,
    added: BTreeSet<ModelKey>,
    /// The generated models of the old state, under the names that they have now.
    links: BTreeMap<ModelKey, Link>,
}

/// Finds the renames between two states.
pub(super) fn renames(
    from: &ProjectState,
    to: &ProjectState,
    asks: &dyn Fn(&str) -> bool,
    questioner: &mut dyn Questioner,
) -> Result<Renamed, Error> {
    let only_in = |one: &ProjectState, other: &ProjectState| {
        one.models().map(|(key, _)| key).filter(|key| other.model(key).is_none()).cloned().collect()
    };
    let found = Renamed { items: Vec::new(), state: from.clone(), replaced: BTreeSet::new() };
    let (removed, added) = (only_in(from, to), only_in(to, from));
    let mut search = Search { from, to, asks, questioner, found, removed, added, links: links(from) };
    search.models()?;
    search.fields()?;
    Ok(search.found)
}

impl Search<'_> {
    fn models(&mut self) -> Result<(), Error> {
        if self.removed.is_empty() || self.added.is_empty() {
            return Ok(());
        }
        for to in self.added.clone() {
            let former = self.to.renamed_from(&to).map(|name| ModelKey::new(&to.module, name));
            if let Some(from) = former.filter(|from| self.removed.contains(from)) {
                self.rename_model(&from, &to)?;
            }
        }
        // Names here differ in case like any others, but nobody has to be asked whether such a model is the same.
        for to in self.added.clone() {
            let same = |from: &&ModelKey| from.module == to.module && from.name.eq_ignore_ascii_case(&to.name);
            if let Some(from) = self.removed.iter().find(same).cloned() {
                self.rename_model(&from, &to)?;
            }
        }
        for to in self.added.clone() {
            if !(self.asks)(&to.module) || !self.added.contains(&to) {
                continue;
            }
            for from in self.removed.clone().into_iter().filter(|from| from.module == to.module) {
                let alike = match (self.from.model(&from), self.to.model(&to)) {
                    (Some(old), Some(new)) => shape(old) == shape(new),
                    _ => false,
                };
                if alike && self.questioner.renamed_model(&from.name, &to)? {
                    self.rename_model(&from, &to)?;
                    break;
                }
            }
        }
        Ok(())
    }

    /// Notes a rename, and those of the model's generated models.
    fn rename_model(&mut self, from: &ModelKey, to: &ModelKey) -> Result<(), Error> {
        if !self.added.remove(to) || !self.removed.remove(from) {
            return Ok(());
        }
        let (Some(old), Some(new)) = (self.found.state.model(from), self.to.model(to)) else { return Ok(()) };
        let from_table = old.table.clone();
        // Somebody else's table still has the name: another operation takes it later.
        let free = self.found.state.by_table(&new.table).is_none();
        let to_table = if free { new.table.clone() } else { from_table.clone() };
        let operation = RenameModel { from: from.name.clone(), to: to.name.clone(), from_table, to_table };
        self.note(to, Operation::RenameModel(operation))?;
        if let Some(link) = self.links.remove(from) {
            self.links.insert(to.clone(), link);
        }
        let followers: Vec<(ModelKey, ModelKey)> = self
            .links
            .iter()
            .filter(|(_, link)| link.owner == *from)
            .map(|(key, link)| (key.clone(), ModelKey::new(&to.module, format!("{}_{}", to.name, link.name))))
            .collect();
        for (from, to) in followers {
            self.rename_model(&from, &to)?;
        }
        Ok(())
    }

    fn fields(&mut self) -> Result<(), Error> {
        let to = self.to;
        let mut new_links = None;
        for (key, new) in to.models() {
            let Some(old) = self.found.state.model(key) else { continue };
            let without = |one: &ModelState, other: &ModelState| -> Vec<Field> {
                let mut fields: Vec<Field> =
                    one.fields.iter().filter(|field| other.field(&field.name).is_none()).cloned().collect();
                fields.sort_by(|a, b| a.name.cmp(&b.name));
                fields
            };
            let (mut added, mut removed) = (without(new, old), without(old, new));
            if let Some(before) = self.links.get(key).cloned()
                && !(added.is_empty() && removed.is_empty())
            {
                let new_links = new_links.get_or_insert_with(|| links(to));
                self.generated_fields(key, &before, new_links.get(key))?;
                continue;
            }
            let mut pairs = Vec::new();
            added.retain(|new| {
                let hint = new.renamed_from.0.as_deref();
                let at = removed.iter().position(|old| hint == Some(&*old.name));
                let at = at.or_else(|| removed.iter().position(|old| old.name.eq_ignore_ascii_case(&new.name)));
                pairs.extend(at.map(|at| (removed.remove(at).name, new.name.clone())));
                at.is_none()
            });
            if (self.asks)(&key.module) {
                for new in added {
                    for at in 0..removed.len() {
                        let same = Field { name: removed[at].name.clone(), ..new.clone() } == removed[at];
                        if same && self.questioner.renamed_field(key, &removed[at].name, &new)? {
                            pairs.push((removed.remove(at).name, new.name));
                            break;
                        }
                    }
                }
            }
            for (from, to) in pairs {
                self.rename_field(key, from, to)?;
            }
        }
        Ok(())
    }

    /// The columns of a generated model are called after the models they reference, and follow them unasked.
    fn generated_fields(&mut self, key: &ModelKey, old: &Link, new: Option<&Link>) -> Result<(), Error> {
        let target = |state: &ProjectState, column: &str| {
            let field = state.model(key).and_then(|model| model.field(column));
            field.and_then(|field| field.references.as_ref()).map(|reference| reference.model.clone())
        };
        let same = |new: &&Link| {
            (0..2).all(|at| target(&self.found.state, &old.columns[at]) == target(self.to, &new.columns[at]))
        };
        let Some(new) = new.filter(same) else {
            self.found.replaced.insert(key.clone());
            return Ok(());
        };
        for (from, to) in old.columns.iter().zip(&new.columns).filter(|(from, to)| from != to) {
            self.rename_field(key, from.clone(), to.clone())?;
        }
        Ok(())
    }

    fn rename_field(&mut self, key: &ModelKey, from: String, to: String) -> Result<(), Error> {
        self.note(key, Operation::RenameField(RenameField { model: key.name.clone(), from, to }))
    }

    /// Carries the operation out, so that the rest is compared under the new names.
    fn note(&mut self, key: &ModelKey, operation: Operation) -> Result<(), Error> {
        let done = operation.apply(&key.module, &mut self.found.state);
        done.map_err(|reason| Error::Model { model: key.to_string(), reason })?;
        self.found.items.push(Item::new(key, operation));
        Ok(())
    }
}

/// What two models of different names must have in common for somebody to be asked whether they are the same: their
/// columns but for the names, and but for what they reference (which may have been renamed too).
fn shape(model: &ModelState) -> Vec<String> {
    let definition = |field: &Field| {
        let mut field = Field { name: String::new(), ..field.clone() };
        field.renamed_from.0 = None;
        if let Some(reference) = &mut field.references {
            reference.model.clear();
            reference.column.clear();
        }
        format!("{field:?}")
    };
    let mut shape: Vec<String> = model.fields.iter().map(definition).collect();
    shape.sort();
    shape
}
