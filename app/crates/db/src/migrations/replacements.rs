//! Squashed migrations in the graph: which of them stand for the ones they replace, by what is applied.

use std::collections::{BTreeMap, BTreeSet};

use super::graph::cycle_list;
use super::{Graph, Migration, NodeKey};
use crate::Error;

/// How squashed migrations and what they replace can fail to go together.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplacementError {
    /// A migration depends on one that squashed ones would replace if they could be used, and that does not exist.
    #[error(
        "Migration {migration} depends on nonexistent node {dependency:?}. Tried to replace migration {dependency} with any of [{}] but wasn't able to because some of the replaced migrations are already applied.",
        tried.iter().map(NodeKey::to_string).collect::<Vec<_>>().join(", ")
    )]
    Partly {
        /// The migration that depends.
        migration: NodeKey,
        /// What it depends on.
        dependency: NodeKey,
        /// The squashed ones that replace that.
        tried: Vec<NodeKey>,
    },
    /// Some of what a squashed migration replaces is applied, and the files of the rest are gone.
    #[error(
        "the squashed migration {squashed} cannot be used, because some of the migrations that it replaces are applied and some are not, and the files of those are gone: {}\nhint: put these files back, and delete them when every database has them",
        gone.iter().map(NodeKey::to_string).collect::<Vec<_>>().join(", ")
    )]
    Gone {
        /// The squashed one.
        squashed: NodeKey,
        /// What is neither applied nor there.
        gone: Vec<NodeKey>,
    },
    /// Squashed migrations replace each other in a circle.
    #[error("squashed migrations replace each other in a circle: {}", cycle_list(.0))]
    Circular(Vec<NodeKey>),
    /// Two squashed migrations replace the same one, and neither contains the other.
    #[error("{first} and {second} replace some of the same migrations; delete one of the two, or squash them again")]
    Twice {
        /// One of the two.
        first: NodeKey,
        /// The other.
        second: NodeKey,
    },
}

/// All migrations by name, as their files say.
pub(super) type Files = BTreeMap<NodeKey, Migration>;

/// What a squashed migration replaces.
#[derive(Clone, Debug, Default)]
pub(super) struct Squash {
    /// The migrations that are not squashed ones themselves: those that say whether it is applied.
    pub covers: BTreeSet<NodeKey>,
    /// The same and the squashed ones between: everything that is recorded together with it.
    pub levels: BTreeSet<NodeKey>,
}

/// The squashed migrations, and which of them can be used.
#[derive(Clone, Debug, Default)]
pub(super) struct Replacements {
    /// Every squashed migration.
    pub squashes: BTreeMap<NodeKey, Squash>,
    /// Which squashed migration stands for a replaced one.
    pub stand_ins: BTreeMap<NodeKey, NodeKey>,
    /// The squashed ones that cannot be used, because some but not all of what they replace is applied.
    unusable: BTreeSet<NodeKey>,
    /// Everything that counts as applied: a squashed one by what it replaces, whether it is recorded itself or not.
    pub applied: BTreeSet<NodeKey>,
}

impl Replacements {
    /// Decides for every squashed migration. It can be used when all or none of what it replaces is applied; those in
    /// `avoid` are not.
    pub(super) fn decide(
        files: &Files,
        recorded: impl Iterator<Item = NodeKey>,
        avoid: &BTreeSet<NodeKey>,
    ) -> Result<Replacements, Error> {
        let mut decided = Replacements { applied: recorded.collect(), ..Replacements::default() };
        let order = decided.read_squashes(files)?;
        // One recorded without any of the others was applied when it replaced nothing yet.
        for key in order.iter().rev() {
            let covers = &decided.squashes[key].covers;
            if decided.applied.contains(key) && covers.is_disjoint(&decided.applied) {
                decided.applied.extend(covers.iter().cloned());
            }
        }
        let mut usable: Vec<(usize, usize, &NodeKey)> = Vec::new();
        for (at, key) in order.iter().enumerate() {
            let squash = &decided.squashes[key];
            let all = squash.covers.is_subset(&decided.applied);
            let none = squash.covers.is_disjoint(&decided.applied);
            if all {
                decided.applied.insert(key.clone());
            } else {
                decided.applied.remove(key);
            }
            if (all || none) && !avoid.contains(key) {
                usable.push((squash.covers.len(), at, key));
            } else {
                decided.unusable.insert(key.clone());
            }
        }
        // The largest first, and the outer one before an inner one that covers the same.
        usable.sort_by_key(|(size, at, _)| std::cmp::Reverse((*size, *at)));
        for (_, _, key) in usable {
            decided.stand_in(key)?;
        }
        Ok(decided)
    }

    /// Collects what each squashed migration replaces; returns them, inner ones before those that replace them.
    fn read_squashes(&mut self, files: &Files) -> Result<Vec<NodeKey>, Error> {
        let squashes = || files.iter().filter(|(_, migration)| !migration.replaces.is_empty());
        let names: BTreeSet<&NodeKey> = squashes().map(|(key, _)| key).collect();
        let edges = squashes().map(|(key, migration)| {
            let inner = migration.replaces.iter().filter(|replaced| names.contains(replaced));
            (key.clone(), inner.cloned().collect())
        });
        let order = match Graph::new(edges) {
            Ok(graph) => graph.full_plan(),
            Err(Error::CircularDependency(nodes)) => return Err(ReplacementError::Circular(nodes).into()),
            Err(error) => return Err(error),
        };
        for key in &order {
            let mut squash = Squash::default();
            for replaced in files.get(key).into_iter().flat_map(|migration| &migration.replaces) {
                squash.levels.insert(replaced.clone());
                match self.squashes.get(replaced) {
                    Some(inner) => {
                        squash.covers.extend(inner.covers.iter().cloned());
                        squash.levels.extend(inner.levels.iter().cloned());
                    }
                    None => {
                        squash.covers.insert(replaced.clone());
                    }
                }
            }
            self.squashes.insert(key.clone(), squash);
        }
        Ok(order)
    }

    /// Lets `key` stand for what it replaces, unless one that replaces more does so already.
    fn stand_in(&mut self, key: &NodeKey) -> Result<(), Error> {
        let squash = self.squashes[key].clone();
        let standing: BTreeSet<Option<&NodeKey>> = squash.covers.iter().map(|key| self.stand_ins.get(key)).collect();
        match standing.iter().find_map(|standing| *standing).cloned() {
            None => {
                let replaced = squash.levels.into_iter();
                self.stand_ins.extend(replaced.map(|replaced| (replaced, key.clone())));
                Ok(())
            }
            Some(other) => {
                let larger = &self.squashes[&other];
                let inside = larger.levels.contains(key) || larger.covers.len() > squash.covers.len();
                if standing.len() == 1 && inside {
                    self.stand_ins.insert(key.clone(), other);
                    Ok(())
                } else {
                    Err(ReplacementError::Twice { first: other, second: key.clone() }.into())
                }
            }
        }
    }

    /// The graph in which squashed migrations stand for the others, with the dependencies of both.
    pub(super) fn graph(&self, files: &Files, labels: &[String]) -> Result<Graph, Error> {
        let mut links = Vec::new();
        let mut ends = Vec::new();
        let mut edges: BTreeMap<NodeKey, Vec<NodeKey>> = BTreeMap::new();
        for (key, migration) in files.iter().filter(|(key, _)| !self.unusable.contains(key)) {
            let node = self.stand_ins.get(key).unwrap_or(key);
            edges.entry(node.clone()).or_default();
            for dependency in &migration.dependencies {
                if !is_end(dependency) {
                    links.extend(self.resolve(files, dependency).into_iter().map(|target| (node, key, target)));
                } else if dependency.module != key.module {
                    ends.push((node, key, dependency));
                }
            }
        }
        for (node, origin, target) in links {
            self.link(&mut edges, node, origin, target)?;
        }
        let mut resolved = Vec::new();
        for (node, origin, end) in ends {
            if !labels.contains(&end.module) {
                let (migration, dependency) = (origin.clone(), end.clone());
                return Err(Error::MissingDependency { migration, dependency });
            }
            resolved.extend(find_ends(&edges, end).into_iter().map(|target| (node, origin, target)));
        }
        for (node, origin, target) in resolved {
            self.link(&mut edges, node, origin, target)?;
        }
        let graph = Graph::new(edges)?;
        self.check_files(files)?;
        Ok(graph)
    }

    /// That no database is left half-way: what a squashed migration that cannot be used replaces must be applied or there.
    fn check_files(&self, files: &Files) -> Result<(), Error> {
        for squashed in &self.unusable {
            let is_gone = |key: &&NodeKey| {
                !self.applied.contains(*key) && !files.contains_key(*key) && !self.stand_ins.contains_key(*key)
            };
            let covers = &self.squashes[squashed].covers;
            let gone: Vec<NodeKey> = covers.iter().filter(is_gone).cloned().collect();
            if !gone.is_empty() && !covers.is_disjoint(&self.applied) {
                return Err(ReplacementError::Gone { squashed: squashed.clone(), gone }.into());
            }
        }
        Ok(())
    }

    fn link(
        &self,
        edges: &mut BTreeMap<NodeKey, Vec<NodeKey>>,
        node: &NodeKey,
        origin: &NodeKey,
        target: NodeKey,
    ) -> Result<(), Error> {
        if !edges.contains_key(&target) {
            let tried = self.squashes.iter().filter(|(_, squash)| squash.levels.contains(&target));
            let tried: Vec<NodeKey> = tried.map(|(key, _)| key.clone()).collect();
            let (migration, dependency) = (origin.clone(), target);
            return Err(match tried.is_empty() {
                true => Error::MissingDependency { migration, dependency },
                false => ReplacementError::Partly { migration, dependency, tried }.into(),
            });
        }
        if *node != target
            && let Some(parents) = edges.get_mut(node)
        {
            parents.push(target);
        }
        Ok(())
    }

    /// Where a dependency leads: to the one that stands for it, or to the last ones of a squash that cannot be used.
    fn resolve(&self, files: &Files, key: &NodeKey) -> Vec<NodeKey> {
        if let Some(standing) = self.stand_ins.get(key) {
            return vec![standing.clone()];
        }
        let Some(migration) = files.get(key).filter(|_| self.unusable.contains(key)) else { return vec![key.clone()] };
        let replaced: BTreeSet<NodeKey> =
            migration.replaces.iter().flat_map(|replaced| self.resolve(files, replaced)).collect();
        let before: BTreeSet<&NodeKey> = replaced
            .iter()
            .filter_map(|replaced| files.get(replaced))
            .flat_map(|replaced| &replaced.dependencies)
            .map(|dependency| self.stand_ins.get(dependency).unwrap_or(dependency))
            .collect();
        // One whose file is gone although it is not applied cannot be done without: it stays, and is reported.
        let needed = |key: &&NodeKey| files.contains_key(*key) || !self.applied.contains(*key);
        replaced.iter().filter(needed).filter(|key| !before.contains(*key)).cloned().collect()
    }
}

fn is_end(dependency: &NodeKey) -> bool {
    matches!(dependency.name.as_str(), "__first__" | "__latest__")
}

/// The migrations that `module.__first__` or `module.__latest__` means. A module without migrations has neither, and
/// nothing to wait for.
fn find_ends(edges: &BTreeMap<NodeKey, Vec<NodeKey>>, end: &NodeKey) -> Vec<NodeKey> {
    let of_module = || edges.iter().filter(|(key, _)| key.module == end.module);
    let inside = |key: &&NodeKey| key.module == end.module;
    if end.name == "__first__" {
        let first = of_module().filter(|(_, parents)| !parents.iter().any(|parent| inside(&parent)));
        return first.map(|(key, _)| key.clone()).collect();
    }
    let before: BTreeSet<&NodeKey> = of_module().flat_map(|(_, parents)| parents).filter(inside).collect();
    of_module().map(|(key, _)| key).filter(|key| !before.contains(key)).cloned().collect()
}
