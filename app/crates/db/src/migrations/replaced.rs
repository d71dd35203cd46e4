//! What goes together when a database is taken to a target: squashed migrations and what they replace.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{Applied, Loader, NodeKey, Target};
use crate::Error;

impl Loader {
    /// As [`Loader::for_applied`], with what the targets mean in that graph. A replaced migration that is named by a
    /// target, or `half` done, stays in the graph, and what would replace it is left out; a squashed one that is left
    /// out because it is partly applied means the last one that it replaces.
    pub(super) fn for_targets(
        &self,
        applied: &BTreeMap<NodeKey, Applied>,
        half: &[NodeKey],
        targets: &[Target],
    ) -> Result<(Loader, Vec<Target>), Error> {
        let build = |avoid: &_| Loader::build(self.labels.clone(), Arc::clone(&self.migrations), applied.keys(), avoid);
        let mut avoid: BTreeSet<NodeKey> = self.replacing(half).into_iter().collect();
        let mut loader = build(&avoid)?;
        let mut meant = Vec::new();
        for target in targets {
            let Target::Node(key) = target else {
                meant.push(target.clone());
                continue;
            };
            let mut key = key;
            let left_out = |key: &NodeKey| !loader.graph.contains(key) && loader.squashed_by(key).is_none();
            while let Some(last) = self.migration(key).filter(|_| left_out(key)).and_then(|of| of.replaces.last()) {
                key = last;
            }
            while let Some(standing) = loader.squashed_by(key) {
                avoid.insert(standing.clone());
                loader = build(&avoid)?;
            }
            meant.push(Target::Node(key.clone()));
        }
        Ok((loader, meant))
    }

    /// The same migrations with the graph of an empty database in which this one is, even if a squashed one could stand
    /// for it.
    ///
    /// # Errors
    /// As [`Loader::for_applied`].
    pub fn showing(&self, key: &NodeKey) -> Result<Loader, Error> {
        let target = [Target::Node(key.clone())];
        self.for_targets(&BTreeMap::new(), &[], &target).map(|(loader, _)| loader)
    }

    /// A migration and everything that it replaces.
    pub(super) fn with_replaced<'a>(&'a self, key: &'a NodeKey) -> impl Iterator<Item = &'a NodeKey> {
        let replaced = self.replacements.squashes.get(key).into_iter().flat_map(|squash| &squash.levels);
        std::iter::once(key).chain(replaced)
    }

    /// What is recorded when a migration is applied: itself and everything it replaces, each with its checksum (that
    /// of the squashed one where the file is gone).
    pub(super) fn records(&self, key: &NodeKey) -> Vec<(NodeKey, String)> {
        let own = self.migration(key).map_or("", |migration| &migration.checksum);
        let checksum = |key: &NodeKey| self.migration(key).map_or(own, |migration| &migration.checksum).to_owned();
        self.with_replaced(key).map(|key| (key.clone(), checksum(key))).collect()
    }

    /// Whose records go when a migration is undone: its own, those of everything it replaces, and those of what
    /// replaces it, because that is no longer applied as a whole.
    pub(super) fn forgotten(&self, key: &NodeKey) -> Vec<NodeKey> {
        let outer = self.replacing(std::slice::from_ref(key));
        self.with_replaced(key).cloned().chain(outer).collect()
    }

    /// The squashed migrations that replace one of these.
    pub(super) fn replacing(&self, replaced: &[NodeKey]) -> Vec<NodeKey> {
        let squashes = self.replacements.squashes.iter();
        let replacing = squashes.filter(|(_, squash)| replaced.iter().any(|key| squash.levels.contains(key)));
        replacing.map(|(key, _)| key.clone()).collect()
    }

    /// The squashed migrations that are not recorded although all they replace is, with their checksums.
    pub(super) fn completed(&self, recorded: &BTreeMap<NodeKey, Applied>) -> Vec<(NodeKey, String)> {
        let complete = self.replacements.squashes.iter().filter(|(key, squash)| {
            !recorded.contains_key(*key) && squash.covers.iter().all(|replaced| recorded.contains_key(replaced))
        });
        complete.flat_map(|(key, _)| self.records(key).into_iter().take(1)).collect()
    }
}
