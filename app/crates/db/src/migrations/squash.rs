//! Many migrations into one.

use std::collections::BTreeSet;

use super::{Loader, Migration, NewMigration, NodeKey, Operation, optimize};
use crate::Error;

/// Why migrations cannot be squashed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SquashError {
    /// The first migration to squash is not before the last one.
    #[error("The migration '{start}' cannot be found. Maybe it comes after the migration '{end}'?")]
    NotBefore {
        /// Where squashing should start.
        start: NodeKey,
        /// Where it should end.
        end: NodeKey,
    },
    /// A squashed migration stands for the one asked for.
    #[error("the migration {migration} is already replaced by {by}; name that one instead")]
    AlreadyReplaced {
        /// The one asked for.
        migration: NodeKey,
        /// The one that stands for it.
        by: NodeKey,
    },
}

/// Whether operations are reduced to fewer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Optimize {
    /// They are; see [`optimize`].
    #[default]
    Yes,
    /// They are taken as they stand.
    No,
}

/// What is wanted of [`squash`].
#[derive(Clone, Debug, Default)]
pub struct SquashOptions {
    /// Whether operations are reduced to fewer.
    pub optimize: Optimize,
    /// What the new migration is called after its number; otherwise it is named after the first and the last one.
    pub name: Option<String>,
}

/// A squashed migration, not written yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Squashed {
    /// The new migration.
    pub new: NewMigration,
    /// The migrations it was made of, in order.
    pub squashed: Vec<NodeKey>,
    /// How many operations these had; [`Squashed::new`] says how many are left.
    pub before: usize,
    /// What was written by hand, SQL and functions that are not `elidable`: the migration, and the operation in words.
    /// Nothing needs to be copied, because functions are called by name, but somebody should look whether it still
    /// makes sense on an empty database.
    pub by_hand: Vec<(NodeKey, String)>,
}

/// Squashes the migrations of `module` from `start`, or the first, up to and including `end` into a new one that
/// replaces them. Nothing is written. Squashed migrations can be squashed again. The loader should be one without a
/// database ([`Loader::load`]): what is applied somewhere does not matter.
///
/// # Errors
/// [`Error::UnknownNode`] and [`SquashError::AlreadyReplaced`] for `start` and `end`; [`SquashError::NotBefore`],
/// [`Error::NameTaken`]; [`Error::CircularDependency`] when a migration of another module comes between.
pub fn squash(
    loader: &Loader,
    module: &str,
    start: Option<&NodeKey>,
    end: &NodeKey,
    options: &SquashOptions,
) -> Result<Squashed, Error> {
    for key in start.into_iter().chain([end]) {
        if let Some(by) = loader.squashed_by(key) {
            return Err(SquashError::AlreadyReplaced { migration: key.clone(), by: by.clone() }.into());
        }
    }
    let mut squashed = loader.graph().forwards_plan(end)?;
    squashed.retain(|key| key.module == module);
    if let Some(start) = start {
        let not_before = || SquashError::NotBefore { start: start.clone(), end: end.clone() };
        let at = squashed.iter().position(|key| key == start).ok_or_else(not_before)?;
        squashed.drain(..at);
    }
    let migrations: Vec<(&NodeKey, &Migration)> =
        squashed.iter().filter_map(|key| Some((key, loader.migration(key)?))).collect();

    let inside: BTreeSet<&NodeKey> = squashed.iter().flat_map(|key| loader.with_replaced(key)).collect();
    let dependencies = migrations.iter().flat_map(|(_, migration)| &migration.dependencies);
    let dependencies: BTreeSet<NodeKey> = dependencies.filter(|key| !inside.contains(key)).cloned().collect();
    let operations: Vec<Operation> =
        migrations.iter().flat_map(|(_, migration)| migration.operations.iter().cloned()).collect();
    let before = operations.len();
    let by_hand = |operation: &&Operation| {
        matches!(operation, Operation::RunSql(_) | Operation::RunRust(_)) && !operation.is_elidable()
    };
    let by_hand = migrations.iter().flat_map(|(key, migration)| {
        migration.operations.iter().filter(by_hand).map(|operation| ((*key).clone(), operation.describe()))
    });
    let by_hand = by_hand.collect();
    let operations = match options.optimize {
        Optimize::Yes => optimize(module, operations),
        Optimize::No => operations,
    };
    // An index that was built concurrently may have become part of a new table, which needs no such thing.
    let needs = |operation: &Operation| {
        operation.is_concurrent() || matches!(operation, Operation::RunSql(_) | Operation::RunRust(_))
    };
    let new = NewMigration {
        key: NodeKey::new(module, name(start, end, options)),
        migration: Migration {
            initial: migrations.iter().any(|(_, migration)| migration.initial),
            atomic: !operations.iter().any(needs) || migrations.iter().all(|(_, migration)| migration.atomic),
            dependencies: dependencies.into_iter().collect(),
            replaces: squashed.clone(),
            operations,
            checksum: String::new(),
        },
    };
    if loader.migration(&new.key).is_some() {
        return Err(Error::NameTaken { migration: new.key });
    }
    // A migration of another module that depends on one of these while another of these depends on it.
    loader.with(&new)?;
    Ok(Squashed { new, squashed, before, by_hand })
}

fn name(start: Option<&NodeKey>, end: &NodeKey, options: &SquashOptions) -> String {
    match (start, &options.name) {
        (None, None) => format!("0001_squashed_{}", end.name),
        (None, Some(name)) => format!("0001_{name}"),
        (Some(start), None) => format!("{}_squashed_{}", start.name, end.name),
        (Some(start), Some(name)) => {
            let number = start.name.split_once('_').map_or(start.name.as_str(), |(number, _)| number);
            format!("{number}_{name}")
        }
    }
}
