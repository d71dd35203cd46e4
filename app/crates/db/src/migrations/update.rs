//! New operations in a module's last migration, for as long as nobody has it but oneself.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::{Loader, NewMigration, NodeKey, optimize};
use crate::Error;

/// Why a module's last migration cannot be updated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UpdateError {
    /// There is no migration that could be updated.
    #[error("App {module} has no migration, cannot update last migration.")]
    NothingToUpdate {
        /// The module.
        module: String,
    },
    /// A squashed migration cannot be updated: it must do what it replaces.
    #[error("Cannot update squash migration '{migration}'.")]
    Squashed {
        /// The migration.
        migration: NodeKey,
    },
    /// An applied migration cannot be updated: it would not be applied again.
    #[error("Cannot update applied migration '{migration}'.")]
    Applied {
        /// The migration.
        migration: NodeKey,
    },
    /// A migration cannot be updated, and so renamed, because others name it.
    #[error("Cannot update migration '{migration}' that migrations {} depend on.", dependents.iter().map(|key| format!("'{key}'")).collect::<Vec<_>>().join(", "))]
    Needed {
        /// The migration.
        migration: NodeKey,
        /// Those that depend on it.
        dependents: Vec<NodeKey>,
    },
}

/// A migration that takes the place of a module's last one, not written yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Updated {
    /// The one whose file goes, once the new one is written.
    pub previous: NodeKey,
    /// Its operations and the new ones, optimized.
    pub new: NewMigration,
}

/// Puts the new migrations of `module` into its last one, for a loader made by [`Loader::for_applied`]. The result is
/// called `name` after its number, or after its operations; `_updated` follows where it would keep its name. `new` has
/// those of other modules too, which are updated together with this one: their names are known here.
///
/// # Errors
/// [`UpdateError::NothingToUpdate`]; [`UpdateError::Squashed`], [`UpdateError::Applied`], [`UpdateError::Needed`] when the
/// last migration cannot be changed any more; [`Error::Conflict`]; [`Error::NameTaken`]; [`Error::CircularDependency`]
/// when modules need each other's new operations.
pub fn update(
    loader: &Loader,
    module: &str,
    new: &[NewMigration],
    name: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Updated, Error> {
    let mut modules: BTreeSet<&str> = new.iter().map(|new| new.key.module.as_str()).collect();
    modules.insert(module);
    let mut updates = Vec::new();
    for module in modules {
        let of_module: Vec<&NewMigration> = new.iter().filter(|new| new.key.module == module).collect();
        updates.push(update_module(loader, module, &of_module, name, now)?);
    }
    // Neither the old names nor those of the new migrations will exist.
    let names: BTreeMap<NodeKey, NodeKey> =
        updates.iter().map(|one| (one.previous.clone(), one.new.key.clone())).collect();
    let renamed = |key: &NodeKey| match new.iter().any(|new| new.key == *key) {
        true => updates.iter().map(|one| &one.new.key).find(|updated| updated.module == key.module),
        false => names.get(key),
    };
    let mut dependencies: Vec<Vec<NodeKey>> = Vec::new();
    for Updated { new: NewMigration { key, migration }, .. } in &updates {
        let known = migration.dependencies.iter().map(|dependency| renamed(dependency).unwrap_or(dependency));
        let others: BTreeSet<&NodeKey> = known.filter(|dependency| *dependency != key).collect();
        dependencies.push(others.into_iter().cloned().collect());
    }
    for (one, dependencies) in updates.iter_mut().zip(dependencies) {
        one.new.migration.dependencies = dependencies;
    }
    let previous: Vec<NodeKey> = names.into_keys().collect();
    loader.changed(&previous, updates.iter().map(|one| &one.new))?;
    let own = updates.into_iter().find(|one| one.new.key.module == module);
    own.ok_or_else(|| UpdateError::NothingToUpdate { module: module.to_owned() }.into())
}

fn update_module(
    loader: &Loader,
    module: &str,
    new: &[&NewMigration],
    name: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Updated, Error> {
    let previous = last(loader, module)?;
    let mut migration = loader.migration(&previous).cloned().ok_or_else(|| Error::UnknownNode(previous.clone()))?;
    migration.checksum.clear();
    for new in new {
        migration.operations.extend(new.migration.operations.iter().cloned());
        let others = new.migration.dependencies.iter().filter(|dependency| dependency.module != module);
        migration.dependencies.extend(others.cloned());
    }
    migration.operations = optimize(module, migration.operations);
    let number = previous.name.split_once('_').map_or(previous.name.as_str(), |(number, _)| number);
    let name = name.map_or_else(|| migration.suggest_name(now), str::to_owned);
    let mut key = NodeKey::new(module, format!("{number}_{name}"));
    if key == previous {
        key.name.push_str("_updated");
    }
    if loader.migration(&key).is_some() {
        return Err(Error::NameTaken { migration: key });
    }
    Ok(Updated { previous, new: NewMigration { key, migration } })
}

/// The module's last migration, which nobody must have or name yet.
fn last(loader: &Loader, module: &str) -> Result<NodeKey, Error> {
    let mut leaves = loader.graph().leaves(module);
    let Some(migration) = leaves.pop() else {
        return Err(UpdateError::NothingToUpdate { module: module.to_owned() }.into());
    };
    if !leaves.is_empty() {
        leaves.push(migration);
        let names = leaves.into_iter().map(|leaf| leaf.name).collect();
        return Err(Error::Conflict { conflicts: vec![(module.to_owned(), names)] });
    }
    if loader.migration(&migration).is_some_and(|migration| !migration.replaces.is_empty()) {
        return Err(UpdateError::Squashed { migration }.into());
    }
    if loader.is_applied(&migration) {
        return Err(UpdateError::Applied { migration }.into());
    }
    let needs = loader
        .migrations()
        .filter(|(_, other)| [&other.dependencies, &other.replaces].iter().any(|keys| keys.contains(&migration)));
    let dependents: Vec<NodeKey> = needs.map(|(key, _)| key.clone()).collect();
    match dependents.is_empty() {
        true => Ok(migration),
        false => Err(UpdateError::Needed { migration, dependents }.into()),
    }
}
