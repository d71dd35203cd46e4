//! The models by the names that code uses, and what connects them.

use std::collections::BTreeMap;

use db::ProjectState;
use db::rows::Table;
use db::state::{Field, ModelKey};

use crate::context::Context;
use crate::migrations::reflected;

/// The installed models.
pub(super) struct Models {
    state: ProjectState,
    /// What code calls them, in the order of the modules.
    names: Vec<(String, ModelKey)>,
    relations: BTreeMap<ModelKey, Vec<Relation>>,
}

/// What connects the rows of a model with those of another.
#[derive(Clone, Debug)]
pub(super) struct Relation {
    /// What it is called on a row: `message`, `mailing_set`, `recipients`.
    pub(super) name: String,
    /// What it is called in a lookup: `message`, `mailing`, `recipients`.
    pub(super) lookup: String,
    /// Whether there is one row at the other end, or any number.
    pub(super) end: End,
    /// The way there: one step, or two by a table of pairs.
    pub(super) steps: Vec<Step>,
}

/// How many rows are at the other end of a relation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    One,
    Many,
}

/// From a column of one table to the equal column of another.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) column: String,
    pub(super) model: ModelKey,
    pub(super) target: String,
}

impl Relation {
    /// The model at the other end.
    pub(super) fn target(&self) -> Option<&ModelKey> {
        self.steps.last().map(|step| &step.model)
    }
}

impl Models {
    /// Those of the installed modules. Of two with the same name the later one's gets its module's label in front.
    pub(super) fn installed(ctx: &Context) -> Result<Self, db::Error> {
        let state = reflected(ctx.modules())?;
        let listed = ctx
            .modules()
            .iter()
            .flat_map(|module| module.models.iter().map(|model| ModelKey::new(module.label(), model.name())));
        // Tables that no entity describes come last: they belong to a relation.
        let mut keys: Vec<ModelKey> = listed.collect();
        keys.extend(state.models().map(|(key, _)| key.clone()).filter(|key| !keys.contains(key)).collect::<Vec<_>>());
        let mut names: Vec<(String, ModelKey)> = Vec::new();
        for key in keys {
            let is_taken = names.iter().any(|(name, _)| *name == key.name);
            let name = if is_taken { format!("{}_{}", key.module, key.name) } else { key.name.clone() };
            names.push((name, key));
        }
        let mut models = Self { state, names, relations: BTreeMap::new() };
        models.relations = models.names.iter().map(|(_, key)| (key.clone(), models.connections(key))).collect();
        Ok(models)
    }

    /// Every model under the name that code uses.
    pub(super) fn names(&self) -> &[(String, ModelKey)] {
        &self.names
    }

    /// The model that code calls so.
    pub(super) fn find(&self, name: &str) -> Option<&ModelKey> {
        self.names.iter().find(|(known, _)| known == name).map(|(_, key)| key)
    }

    /// The table of a model.
    pub(super) fn table(&self, key: &ModelKey) -> Result<Table<'_>, db::Error> {
        self.state.table(&key.to_string())
    }

    /// What connects the model's rows with others.
    pub(super) fn relations(&self, key: &ModelKey) -> &[Relation] {
        self.relations.get(key).map_or(&[], Vec::as_slice)
    }

    fn fields(&self, key: &ModelKey) -> &[Field] {
        self.state.model(key).map_or(&[], |model| model.fields.as_slice())
    }

    /// All relations of a model; of several with one name the first.
    fn connections(&self, key: &ModelKey) -> Vec<Relation> {
        let mut found: Vec<Relation> = self.fields(key).iter().filter_map(|field| self.forwards(field)).collect();
        let pairs: Vec<Relation> = self.state.models().flat_map(|(link, _)| self.through(key, link)).collect();
        found.extend(pairs);
        found.extend(self.backwards(key));
        let mut relations: Vec<Relation> = Vec::new();
        for relation in found {
            let is_field = self.fields(key).iter().any(|field| field.name == relation.name);
            if !is_field && !relations.iter().any(|known| known.name == relation.name) {
                relations.push(relation);
            }
        }
        relations
    }

    /// `message_id` → `message`.
    fn forwards(&self, field: &Field) -> Option<Relation> {
        let name = field.name.strip_suffix("_id")?.to_owned();
        let step = self.step(&field.name, field)?;
        Some(Relation { lookup: name.clone(), name, end: End::One, steps: vec![step] })
    }

    fn step(&self, column: &str, field: &Field) -> Option<Step> {
        let reference = field.references.as_ref()?;
        Some(Step { column: column.to_owned(), model: reference.model.parse().ok()?, target: reference.column.clone() })
    }

    /// Every foreign key that points here: `mailing_set`; where a model has several, `mailing_owner_set`.
    fn backwards(&self, key: &ModelKey) -> Vec<Relation> {
        let pointing: Vec<(&ModelKey, &Field)> = self.state.references_to(key).collect();
        let named = |model: &ModelKey, field: &Field| {
            let base = model.name.to_lowercase();
            let several = pointing.iter().filter(|(other, _)| other.name.to_lowercase() == base).count() > 1;
            let twice = pointing.iter().filter(|(other, _)| *other == model).count() > 1;
            match (several, twice) {
                (false, _) => base,
                (true, true) => format!("{base}_{}", field.name.trim_end_matches("_id")),
                (true, false) => format!("{}_{base}", model.module),
            }
        };
        let relation = |(model, field): &(&ModelKey, &Field)| {
            let (lookup, reference) = (named(model, field), field.references.as_ref()?);
            let step = Step { column: reference.column.clone(), model: (*model).clone(), target: field.name.clone() };
            Some(Relation { name: format!("{lookup}_set"), lookup, end: End::Many, steps: vec![step] })
        };
        pointing.iter().filter_map(relation).collect()
    }

    /// A table of pairs, `<table>_<name>`: `recipients` on the one side, `mailing_set` on the other.
    fn through(&self, key: &ModelKey, link: &ModelKey) -> Vec<Relation> {
        let (Some(here), Some(pairs)) = (self.state.model(key), self.state.model(link)) else { return Vec::new() };
        let sides: Vec<&Field> = pairs.fields.iter().filter(|field| field.references.is_some()).collect();
        let [first, second] = sides[..] else { return Vec::new() };
        let only_pairs = pairs.fields.iter().all(|field| field.references.is_some() || field.primary_key);
        let target = |field: &Field| field.references.as_ref().and_then(|to| to.model.parse::<ModelKey>().ok());
        if !only_pairs || link == key {
            return Vec::new();
        }
        let owner = target(first).and_then(|owner| Some((self.state.model(&owner)?.table.clone(), owner)));
        let Some((owner_table, owner)) = owner else { return Vec::new() };
        let Some(name) = pairs.table.strip_prefix(&format!("{owner_table}_")) else { return Vec::new() };
        let relation = |near: &Field, far: &Field, name: String, lookup: String| {
            let column = near.references.as_ref()?.column.clone();
            let to_pair = Step { column, model: link.clone(), target: near.name.clone() };
            Some(Relation { name, lookup, end: End::Many, steps: vec![to_pair, self.step(&far.name, far)?] })
        };
        let mut found = Vec::new();
        if owner_table == here.table {
            found.extend(relation(first, second, name.to_owned(), name.to_owned()));
        }
        if target(second).as_ref() == Some(key) {
            let lookup = owner.name.to_lowercase();
            found.extend(relation(second, first, format!("{lookup}_set"), lookup));
        }
        found
    }
}
