//! Which migration comes before which. No recursion: ten thousand in a row are no problem.

use std::collections::{BTreeMap, BTreeSet};

use super::NodeKey;
use crate::Error;

/// The dependency graph of migrations.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    nodes: BTreeMap<NodeKey, Node>,
}

#[derive(Clone, Debug, Default)]
struct Node {
    parents: BTreeSet<NodeKey>,
    children: BTreeSet<NodeKey>,
}

impl Graph {
    /// Builds the graph from every migration and what it depends on.
    ///
    /// # Errors
    /// [`Error::MissingDependency`], [`Error::CircularDependency`] naming the nodes of the circle.
    pub fn new(migrations: impl IntoIterator<Item = (NodeKey, Vec<NodeKey>)>) -> Result<Graph, Error> {
        let migrations: Vec<(NodeKey, Vec<NodeKey>)> = migrations.into_iter().collect();
        let mut nodes: BTreeMap<NodeKey, Node> =
            migrations.iter().map(|(key, _)| (key.clone(), Node::default())).collect();
        for (migration, dependencies) in migrations {
            for dependency in dependencies {
                let Some(parent) = nodes.get_mut(&dependency) else {
                    return Err(Error::MissingDependency { migration, dependency });
                };
                parent.children.insert(migration.clone());
                if let Some(node) = nodes.get_mut(&migration) {
                    node.parents.insert(dependency);
                }
            }
        }
        let graph = Graph { nodes };
        graph.check_no_cycle()?;
        Ok(graph)
    }

    /// All migrations, in alphabetical order.
    pub fn nodes(&self) -> impl Iterator<Item = &NodeKey> {
        self.nodes.keys()
    }

    /// Whether there is such a migration.
    pub fn contains(&self, key: &NodeKey) -> bool {
        self.nodes.contains_key(key)
    }

    /// What a migration depends on directly.
    pub fn parents(&self, key: &NodeKey) -> impl Iterator<Item = &NodeKey> {
        self.nodes.get(key).into_iter().flat_map(|node| &node.parents)
    }

    /// What depends on a migration directly.
    pub fn children(&self, key: &NodeKey) -> impl Iterator<Item = &NodeKey> {
        self.nodes.get(key).into_iter().flat_map(|node| &node.children)
    }

    /// A module's first migrations: those that depend on none of the module.
    pub fn roots(&self, module: &str) -> Vec<NodeKey> {
        self.ends(module, Graph::parents_within)
    }

    /// A module's last migrations: those that none of the module depends on. More than one is a conflict.
    pub fn leaves(&self, module: &str) -> Vec<NodeKey> {
        self.ends(module, Graph::children_within)
    }

    fn ends(&self, module: &str, neighbours: fn(&Graph, &NodeKey) -> usize) -> Vec<NodeKey> {
        let of_module = self.nodes.keys().filter(|key| key.module == module);
        of_module.filter(|key| neighbours(self, key) == 0).cloned().collect()
    }

    fn parents_within(&self, key: &NodeKey) -> usize {
        self.parents(key).filter(|parent| parent.module == key.module).count()
    }

    fn children_within(&self, key: &NodeKey) -> usize {
        self.children(key).filter(|child| child.module == key.module).count()
    }

    /// The modules that have migrations, in alphabetical order.
    pub fn modules(&self) -> BTreeSet<&str> {
        self.nodes.keys().map(|key| key.module.as_str()).collect()
    }

    /// The modules with several last migrations, and their names.
    pub fn conflicts(&self) -> Vec<(String, Vec<String>)> {
        let leaves = self.modules().into_iter().map(|module| (module.to_owned(), self.leaves(module)));
        leaves
            .filter(|(_, leaves)| leaves.len() > 1)
            .map(|(module, leaves)| (module, leaves.into_iter().map(|key| key.name).collect()))
            .collect()
    }

    /// Everything that must be applied to have `key`, itself last: dependencies first.
    ///
    /// # Errors
    /// [`Error::UnknownNode`].
    pub fn forwards_plan(&self, key: &NodeKey) -> Result<Vec<NodeKey>, Error> {
        self.walk([key], |node| &node.parents)
    }

    /// Everything that must be undone to undo `key`, itself last: dependents first.
    ///
    /// # Errors
    /// [`Error::UnknownNode`].
    pub fn backwards_plan(&self, key: &NodeKey) -> Result<Vec<NodeKey>, Error> {
        self.walk([key], |node| &node.children)
    }

    /// Every migration, dependencies first.
    pub fn full_plan(&self) -> Vec<NodeKey> {
        // Every start is a node of the graph, so the walk cannot fail.
        self.walk(self.nodes.keys(), |node| &node.parents).unwrap_or_default()
    }

    /// Depth-first, each node after all its neighbours; neighbours in alphabetical order, so the result is stable.
    fn walk<'a>(
        &'a self,
        starts: impl IntoIterator<Item = &'a NodeKey>,
        neighbours: fn(&Node) -> &BTreeSet<NodeKey>,
    ) -> Result<Vec<NodeKey>, Error> {
        let mut order = Vec::new();
        let mut done: BTreeSet<&NodeKey> = BTreeSet::new();
        for start in starts {
            let mut stack = vec![(start, false)];
            while let Some((key, finished)) = stack.pop() {
                if finished {
                    if done.insert(key) {
                        order.push(key.clone());
                    }
                    continue;
                }
                if done.contains(key) {
                    continue;
                }
                let node = self.nodes.get(key).ok_or_else(|| Error::UnknownNode(key.clone()))?;
                stack.push((key, true));
                stack.extend(
                    neighbours(node).iter().rev().filter(|next| !done.contains(next)).map(|next| (next, false)),
                );
            }
        }
        Ok(order)
    }

    /// Takes away nodes without open parents until none is left; what stays is in or behind a circle.
    fn check_no_cycle(&self) -> Result<(), Error> {
        let mut open: BTreeMap<&NodeKey, usize> =
            self.nodes.iter().map(|(key, node)| (key, node.parents.len())).collect();
        let mut ready: Vec<&NodeKey> = open.iter().filter(|(_, count)| **count == 0).map(|(key, _)| *key).collect();
        while let Some(key) = ready.pop() {
            open.remove(key);
            for child in self.children(key) {
                if let Some(count) = open.get_mut(child) {
                    *count -= 1;
                    if *count == 0 {
                        ready.push(child);
                    }
                }
            }
        }
        let Some((&start, _)) = open.first_key_value() else { return Ok(()) };
        // Every node left has a parent left: following them must come back to one already seen.
        let mut path: Vec<&NodeKey> = vec![start];
        loop {
            let last = path[path.len() - 1];
            let Some(parent) = self.parents(last).find(|parent| open.contains_key(parent)) else { return Ok(()) };
            if let Some(at) = path.iter().position(|seen| *seen == parent) {
                let mut cycle: Vec<NodeKey> = path[at..].iter().map(|key| (*key).clone()).collect();
                cycle.reverse();
                cycle.push(cycle[0].clone());
                return Err(Error::CircularDependency(cycle));
            }
            path.push(parent);
        }
    }
}

/// Modules and the names of their last migrations, as an error lists them.
pub(crate) fn conflict_list(conflicts: &[(String, Vec<String>)]) -> String {
    let parts: Vec<String> =
        conflicts.iter().map(|(module, names)| format!("{} in {module}", names.join(", "))).collect();
    parts.join("; ")
}

/// A circle of migrations, as an error shows it.
pub(crate) fn cycle_list(nodes: &[NodeKey]) -> String {
    let names: Vec<String> = nodes.iter().map(NodeKey::to_string).collect();
    names.join(" -> ")
}
