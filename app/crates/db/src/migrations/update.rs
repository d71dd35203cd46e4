//! New operations in a module's last migration, for as long as nobody has it but oneself.

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

/// Puts the new migrations of a module into its last one, for a loader made by [`Loader::for_applied`]. The result is
/// called `name` after its number, or after its operations; `_updated` follows where it would keep its name.
///
/// # Errors
/// [`UpdateError::NothingToUpdate`]; [`UpdateError::Squashed`], [`UpdateError::Applied`], [`UpdateError::Needed`] when the
/// last migration cannot be changed any more; [`Error::Conflict`]; [`Error::NameTaken`].
pub fn update(
    loader: &Loader,
    module: &str,
    new: &[NewMigration],
    name: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Updated, Error> {
    let leaves = loader.graph().leaves(module);
    let [leaf] = leaves.as_slice() else {
        let names = leaves.into_iter().map(|leaf| leaf.name).collect::<Vec<_>>();
        return Err(match names.is_empty() {
            true => UpdateError::NothingToUpdate { module: module.to_owned() }.into(),
            false => Error::Conflict { conflicts: vec![(module.to_owned(), names)] },
        });
    };
    let leaf = leaf.clone();
    let previous = loader.migration(&leaf).ok_or_else(|| Error::UnknownNode(leaf.clone()))?;
    if !previous.replaces.is_empty() {
        return Err(UpdateError::Squashed { migration: leaf }.into());
    }
    if loader.is_applied(&leaf) {
        return Err(UpdateError::Applied { migration: leaf }.into());
    }
    let needs = loader
        .migrations()
        .filter(|(_, migration)| migration.dependencies.contains(&leaf) || migration.replaces.contains(&leaf));
    let dependents: Vec<NodeKey> = needs.map(|(key, _)| key.clone()).collect();
    if !dependents.is_empty() {
        return Err(UpdateError::Needed { migration: leaf, dependents }.into());
    }

    let mut migration = previous.clone();
    migration.checksum.clear();
    for new in new.iter().filter(|new| new.key.module == module) {
        migration.operations.extend(new.migration.operations.iter().cloned());
        for dependency in &new.migration.dependencies {
            if dependency.module != module && !migration.dependencies.contains(dependency) {
                migration.dependencies.push(dependency.clone());
            }
        }
    }
    migration.operations = optimize(module, migration.operations);
    let number = leaf.name.get(..4).unwrap_or(&leaf.name);
    let name = name.map_or_else(|| migration.suggest_name(now), str::to_owned);
    let mut key = NodeKey::new(module, format!("{number}_{name}"));
    if key == leaf {
        key.name.push_str("_updated");
    }
    if loader.migration(&key).is_some() {
        return Err(Error::NameTaken { migration: key });
    }
    Ok(Updated { previous: leaf, new: NewMigration { key, migration } })
}
