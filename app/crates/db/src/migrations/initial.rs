//! First migrations for modules that have none.

use std::collections::{BTreeMap, BTreeSet};

use super::{AddField, Migration, ModelDefinition, NodeKey, Operation};
use crate::{
    Error, ProjectState,
    state::{Field, ModelKey},
};

/// A migration that is not written yet.
#[derive(Clone, Debug, PartialEq)]
pub struct NewMigration {
    /// Its name: the file is `<module's migrations>/<name>.toml`.
    pub key: NodeKey,
    /// Its content; [`Migration::to_toml`] is the file's.
    pub migration: Migration,
}

/// Writes `0001_initial` for every module of `to` of which `from` has no model: one `create_model` each, in an order
/// in which every reference finds its model; two models that reference each other get the missing field afterwards.
/// `latest` names the last migration of the modules that have migrations, for dependencies on them.
///
/// # Errors
/// [`Error::CircularModules`] when new modules reference each other in a circle; [`Error::Model`] when a reference
/// names no model.
pub fn initial_migrations(
    from: &ProjectState,
    to: &ProjectState,
    latest: &BTreeMap<String, NodeKey>,
) -> Result<Vec<NewMigration>, Error> {
    let old: BTreeSet<&str> = from.models().map(|(key, _)| key.module.as_str()).collect();
    let new: BTreeSet<&str> = to.models().map(|(key, _)| key.module.as_str()).collect();
    let new: BTreeSet<&str> = new.into_iter().filter(|module| !old.contains(module)).collect();
    let mut written = Vec::new();
    for module in &new {
        let mut needed = BTreeSet::new();
        for (key, model) in to.models().filter(|(key, _)| key.module == *module) {
            for field in &model.fields {
                let Some(target) = target(key, field)? else { continue };
                if to.model(&target).is_none() {
                    let reason = format!("field {} references {target}, which does not exist", field.name);
                    return Err(Error::Model { model: key.to_string(), reason });
                }
                if target.module != **module {
                    needed.insert(target.module);
                }
            }
        }
        let dependencies = needed.into_iter().map(|module| match latest.get(&module) {
            Some(key) if !new.contains(module.as_str()) => key.clone(),
            _ => NodeKey::new(module, "0001_initial"),
        });
        let migration = Migration {
            initial: true,
            atomic: true,
            dependencies: dependencies.collect(),
            operations: operations(to, module)?,
            checksum: String::new(),
        };
        written.push(NewMigration { key: NodeKey::new(*module, "0001_initial"), migration });
    }
    check_no_cycle(&written)?;
    Ok(written)
}

fn target(key: &ModelKey, field: &Field) -> Result<Option<ModelKey>, Error> {
    let parsed = field.references.as_ref().map(|reference| reference.model.parse()).transpose();
    parsed.map_err(|reason| Error::Model { model: key.to_string(), reason })
}

fn operations(state: &ProjectState, module: &str) -> Result<Vec<Operation>, Error> {
    let mut open: Vec<(&ModelKey, ModelDefinition)> = state
        .models()
        .filter(|(key, _)| key.module == module)
        .map(|(key, model)| (key, ModelDefinition::from_state(&key.name, model)))
        .collect();
    let mut operations = Vec::new();
    let mut later = Vec::new();
    while !open.is_empty() {
        let waiting: BTreeSet<ModelKey> = open.iter().map(|(key, _)| (*key).clone()).collect();
        let waits = |key: &ModelKey, field: &Field| {
            Ok::<bool, Error>(target(key, field)?.is_some_and(|target| target != *key && waiting.contains(&target)))
        };
        let mut ready = None;
        for (at, (key, model)) in open.iter().enumerate() {
            let mut free = true;
            for field in &model.fields {
                free &= !waits(key, field)?;
            }
            if free {
                ready = Some(at);
                break;
            }
        }
        // A circle: the first model goes without the fields that would have to wait, and gets them at the end. What
        // needs those fields (indexes, constraints) waits with them only if no other model can break the circle.
        let at = ready.unwrap_or(0);
        let (key, mut model) = open.remove(at);
        if ready.is_none() {
            let mut kept = Vec::new();
            for field in std::mem::take(&mut model.fields) {
                if waits(key, &field)? && !field.primary_key {
                    later.push(Operation::AddField(AddField { model: model.model.clone(), field, fill: None }));
                } else {
                    kept.push(field);
                }
            }
            model.fields = kept;
            postpone_parts(&mut model, &mut later);
        }
        operations.push(Operation::CreateModel(model));
    }
    operations.extend(later);
    Ok(operations)
}

/// Indexes and constraints over fields that come later come after them.
fn postpone_parts(model: &mut ModelDefinition, later: &mut Vec<Operation>) {
    use super::{AddConstraint, AddIndex};
    use crate::state::Constraint;

    let fields: BTreeSet<String> = model.fields.iter().map(|field| field.name.clone()).collect();
    let has_all = |names: &[String]| names.iter().all(|name| fields.contains(name));
    let (now, after) = std::mem::take(&mut model.indexes).into_iter().partition(|index| has_all(&index.fields));
    model.indexes = now;
    let after: Vec<crate::state::Index> = after;
    later.extend(
        after
            .into_iter()
            .map(|index| Operation::AddIndex(AddIndex { model: model.model.clone(), index, concurrently: false })),
    );
    // A condition may name any field, so every check waits.
    let (now, after): (Vec<_>, Vec<_>) = std::mem::take(&mut model.constraints)
        .into_iter()
        .partition(|constraint| matches!(constraint, Constraint::Unique { fields, .. } if has_all(fields)));
    model.constraints = now;
    later.extend(
        after
            .into_iter()
            .map(|constraint| Operation::AddConstraint(AddConstraint { model: model.model.clone(), constraint })),
    );
}

fn check_no_cycle(written: &[NewMigration]) -> Result<(), Error> {
    let inside: BTreeSet<&NodeKey> = written.iter().map(|new| &new.key).collect();
    let edges = written.iter().map(|new| {
        let within = new.migration.dependencies.iter().filter(|dependency| inside.contains(dependency));
        (new.key.clone(), within.cloned().collect())
    });
    match super::Graph::new(edges) {
        Err(Error::CircularDependency(nodes)) => {
            let modules: BTreeSet<String> = nodes.into_iter().map(|node| node.module).collect();
            Err(Error::CircularModules { modules: modules.into_iter().collect() })
        }
        other => other.map(drop),
    }
}
