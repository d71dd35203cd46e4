//! Branches of a module's migrations, brought together again.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::{Loader, Migration, NewMigration, NodeKey, Operation, next_number};
use crate::Error;

/// Joined names longer than this give way to the time.
const LONGEST: usize = 47;

/// One of several lines of migrations since the last common one.
#[derive(Clone, Debug, PartialEq)]
pub struct Branch {
    /// Its last migration.
    pub leaf: NodeKey,
    /// Its migrations, in order.
    pub migrations: Vec<NodeKey>,
    /// All their operations.
    pub operations: Vec<Operation>,
}

/// A merge, not written yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Merge {
    /// The branches, in alphabetical order.
    pub branches: Vec<Branch>,
    /// A migration without operations that depends on all of them.
    pub new: NewMigration,
}

/// The migration that brings the branches of `module` together; `None` when it has no more than one last migration.
/// It is called `name` after its number, otherwise `merge_` and the names of the last migrations, or the time where
/// that gets too long. Whether the branches get along is for a person to say.
///
/// # Errors
/// [`Error::NoCommonAncestor`]; [`Error::NameTaken`].
pub fn merge(loader: &Loader, module: &str, name: Option<&str>, now: DateTime<Utc>) -> Result<Option<Merge>, Error> {
    let leaves = loader.graph().leaves(module);
    if leaves.len() < 2 {
        return Ok(None);
    }
    let mut lines = Vec::new();
    for leaf in &leaves {
        let mut line = loader.graph().forwards_plan(leaf)?;
        line.retain(|key| key.module == module);
        lines.push(line);
    }
    let mut common: BTreeSet<NodeKey> = lines[0].iter().cloned().collect();
    for line in &lines {
        common.retain(|key| line.contains(key));
    }
    let names: Vec<String> = leaves.iter().map(|leaf| leaf.name.clone()).collect();
    if common.is_empty() {
        return Err(Error::NoCommonAncestor { module: module.to_owned(), names });
    }
    let branches = leaves.iter().zip(lines).map(|(leaf, line)| {
        let migrations: Vec<NodeKey> = line.into_iter().filter(|key| !common.contains(key)).collect();
        let operations = migrations.iter().filter_map(|key| loader.migration(key));
        let operations = operations.flat_map(|migration| migration.operations.iter().cloned()).collect();
        Branch { leaf: leaf.clone(), migrations, operations }
    });
    let joined = names.join("_");
    let name = match name {
        Some(name) => name.to_owned(),
        None if joined.chars().count() > LONGEST => format!("merge_{}", now.format("%Y%m%d_%H%M")),
        None => format!("merge_{joined}"),
    };
    let key = NodeKey::new(module, format!("{:04}_{name}", next_number(loader, module)));
    if loader.migration(&key).is_some() {
        return Err(Error::NameTaken { migration: key });
    }
    let branches = branches.collect();
    let migration = Migration {
        initial: false,
        atomic: true,
        dependencies: leaves,
        replaces: Vec::new(),
        operations: Vec::new(),
        checksum: String::new(),
    };
    Ok(Some(Merge { branches, new: NewMigration { key, migration } }))
}
