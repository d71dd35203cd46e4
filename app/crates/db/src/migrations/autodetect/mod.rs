//! The autodetector: from two states, that of the migrations and that of the entities, to the migrations between.
//!
//! [`renames`] asks what is only called differently and carries that out on the old state; [`changes`] compares what
//! is left, one operation per change; [`waits`] notes which operation needs which; [`schedule`] cuts them into
//! migrations, splitting operations that wait for each other ([`circles`]); [`values`] asks for what existing rows get.

mod changes;
mod circles;
mod facts;
mod generated;
mod history;
mod items;
mod naming;
mod questioner;
mod renames;
mod schedule;
mod values;
mod waits;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

pub use naming::{auto_name, next_number};
pub use questioner::{Answer, NonInteractive, NullRows, Questioner, Scripted};

use self::{history::History, items::Item, schedule::Chunk};
use super::{Loader, Migration, NewMigration, NodeKey};
use crate::{Error, ProjectState, state::ModelKey};

/// What is wanted of [`autodetect`].
#[derive(Clone, Debug)]
pub struct DetectOptions {
    /// The labels of the modules to write migrations for, and for what those need; empty for all.
    pub modules: Vec<String>,
    /// What all new migrations are called after their number, in place of a name made of their operations.
    pub name: Option<String>,
    /// The time, for names that nothing better can be found for.
    pub now: DateTime<Utc>,
}

impl DetectOptions {
    /// All modules, names made of the operations.
    pub fn new(now: DateTime<Utc>) -> Self {
        DetectOptions { modules: Vec::new(), name: None, now }
    }
}

/// The migrations that lead from the state of the migrations so far (`from`, those of `loader`) to the state of the
/// entities (`to`), in an order in which they can be applied. Nothing is written.
///
/// # Errors
/// What the questioner fails with; [`Error::Model`] when a reference of `to` leads nowhere;
/// [`Error::CircularOperations`] when changes need each other in a way that no order satisfies (two tables that swap
/// their names).
pub fn autodetect(
    from: &ProjectState,
    to: &ProjectState,
    loader: &Loader,
    questioner: &mut dyn Questioner,
    options: &DetectOptions,
) -> Result<Vec<NewMigration>, Error> {
    check_references(to)?;
    let wanted = (!options.modules.is_empty()).then(|| reachable(&options.modules, [from, to]));
    let asks = |module: &str| wanted.as_ref().is_none_or(|wanted| wanted.contains(module));
    let renamed = renames::renames(from, to, &asks, questioner)?;
    let mut items = renamed.items;
    changes::changes(&renamed.state, to, &renamed.replaced, &mut items);
    if items.is_empty() {
        return Ok(Vec::new());
    }
    let history = History::new(loader);
    waits::link(&mut items, &renamed.state, &history);
    waits::separate_types(&mut items, &renamed.state);
    let chunks = schedule::schedule(&mut items)?;
    let mut new = place(chunks, items, from, loader, &history, options);
    if !options.modules.is_empty() {
        trim(&mut new, &options.modules);
    }
    values::ask(&mut new, questioner)?;
    let mut state = from.clone();
    for new in &new {
        new.migration.apply(&new.key, &mut state)?;
    }
    Ok(new)
}

fn check_references(state: &ProjectState) -> Result<(), Error> {
    for (key, model) in state.models() {
        for field in &model.fields {
            let Some(reference) = &field.references else { continue };
            let refuse = |reason| Error::Model { model: key.to_string(), reason };
            let target: ModelKey = reference.model.parse().map_err(refuse)?;
            if state.model(&target).and_then(|target| target.field(&reference.column)).is_none() {
                let reason =
                    format!("field {} references {target}.{}, which does not exist", field.name, reference.column);
                return Err(refuse(reason));
            }
        }
    }
    Ok(())
}

/// The modules that `labels` reference, directly or not, before or after.
fn reachable(labels: &[String], states: [&ProjectState; 2]) -> BTreeSet<String> {
    let mut edges: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (key, model) in states.iter().flat_map(|state| state.models()) {
        let references = model.fields.iter().filter_map(|field| field.references.as_ref());
        let modules = references.filter_map(|reference| Some(reference.model.split_once('.')?.0));
        edges.entry(&key.module).or_default().extend(modules);
    }
    closure(labels.iter().map(String::as_str), &edges)
}

/// Everything that can be reached from `starts`, themselves too.
fn closure<'a>(
    starts: impl Iterator<Item = &'a str>,
    edges: &BTreeMap<&'a str, BTreeSet<&'a str>>,
) -> BTreeSet<String> {
    let mut open: Vec<&str> = starts.collect();
    let mut found = BTreeSet::new();
    while let Some(label) = open.pop() {
        if found.insert(label.to_owned()) {
            open.extend(edges.get(label).into_iter().flatten());
        }
    }
    found
}

/// Drops the migrations of modules that were not asked for and that nothing asked for depends on.
fn trim(new: &mut Vec<NewMigration>, labels: &[String]) {
    let mut edges: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for new in new.iter() {
        let modules = new.migration.dependencies.iter().map(|dependency| dependency.module.as_str());
        edges.entry(&new.key.module).or_default().extend(modules);
    }
    let needed = closure(labels.iter().map(String::as_str), &edges);
    new.retain(|new| needed.contains(&new.key.module));
}

/// Gives each chunk its name and its dependencies.
fn place(
    chunks: Vec<Chunk>,
    items: Vec<Item>,
    from: &ProjectState,
    loader: &Loader,
    history: &History<'_>,
    options: &DetectOptions,
) -> Vec<NewMigration> {
    let existing: BTreeSet<&str> = from.models().map(|(key, _)| key.module.as_str()).collect();
    let mut items: Vec<Option<Item>> = items.into_iter().map(Some).collect();
    let mut placed: Vec<NewMigration> = Vec::new();
    for chunk in chunks {
        let earlier = placed.iter().rev().find(|new| new.key.module == chunk.module).map(|new| new.key.clone());
        let leaves = loader.graph().leaves(&chunk.module);
        let number = match &earlier {
            Some(earlier) => naming::number(&earlier.name) + 1,
            None => next_number(loader, &chunk.module),
        };
        let first = earlier.is_none() && leaves.is_empty();
        let mut dependencies: BTreeSet<NodeKey> = chunk.after.iter().map(|&other| placed[other].key.clone()).collect();
        match earlier {
            Some(earlier) => drop(dependencies.insert(earlier)),
            None => dependencies.extend(leaves),
        }
        let taken: Vec<Item> = chunk.items.iter().filter_map(|&at| items[at].take()).collect();
        let modules: BTreeSet<&String> = taken.iter().flat_map(|item| &item.modules).collect();
        for module in modules {
            // A new migration of that module comes after its last one by itself.
            if !dependencies.iter().any(|dependency| dependency.module == *module) {
                dependencies.extend(history.dependency(module));
            }
        }
        let migration = Migration {
            initial: !existing.contains(chunk.module.as_str()),
            atomic: true,
            dependencies: dependencies.into_iter().collect(),
            operations: taken.into_iter().map(|item| item.operation).collect(),
            replaces: Vec::new(),
            checksum: String::new(),
        };
        let name = match &options.name {
            Some(name) => name.clone(),
            None if first => "initial".to_owned(),
            None => migration.suggest_name(options.now),
        };
        placed.push(NewMigration { key: NodeKey::new(chunk.module, format!("{number:04}_{name}")), migration });
    }
    placed
}
