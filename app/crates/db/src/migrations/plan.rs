//! From targets to the list of migrations to apply or to undo.

use std::collections::BTreeSet;

use super::{Loader, NodeKey};
use crate::Error;

/// Where to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Everything applied.
    Latest,
    /// Everything of one module applied, and what that needs.
    Module(String),
    /// Exactly up to this migration: what it needs is applied, what comes after it in its module is undone.
    Node(NodeKey),
    /// Nothing of this module applied.
    Zero(String),
}

/// Which way a migration goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// It is applied.
    Forwards,
    /// It is undone.
    Backwards,
}

/// One migration of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Which.
    pub key: NodeKey,
    /// Which way.
    pub direction: Direction,
}

/// What to do, in order. All steps go the same way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The steps.
    pub steps: Vec<Step>,
}

impl Plan {
    /// The plan that leads from what is `applied` to the targets, taken in order.
    ///
    /// # Errors
    /// [`Error::UnknownModule`], [`Error::NoMigrations`], [`Error::UnknownNode`], [`Error::MixedPlan`].
    pub fn new(loader: &Loader, applied: &BTreeSet<NodeKey>, targets: &[Target]) -> Result<Plan, Error> {
        let graph = loader.graph();
        let mut applied = applied.clone();
        let mut steps = Vec::new();
        let forwards = |steps: &mut Vec<Step>, applied: &mut BTreeSet<NodeKey>, key: &NodeKey| {
            for key in graph.forwards_plan(key)? {
                if applied.insert(key.clone()) {
                    steps.push(Step { key, direction: Direction::Forwards });
                }
            }
            Ok::<(), Error>(())
        };
        let backwards = |steps: &mut Vec<Step>, applied: &mut BTreeSet<NodeKey>, key: &NodeKey| {
            for key in graph.backwards_plan(key)? {
                if applied.remove(&key) {
                    steps.push(Step { key, direction: Direction::Backwards });
                }
            }
            Ok::<(), Error>(())
        };
        for target in targets {
            match target {
                Target::Latest => {
                    for leaf in graph.modules().into_iter().flat_map(|module| graph.leaves(module)) {
                        forwards(&mut steps, &mut applied, &leaf)?;
                    }
                }
                Target::Module(label) => {
                    loader.check_module(label)?;
                    for leaf in graph.leaves(label) {
                        forwards(&mut steps, &mut applied, &leaf)?;
                    }
                }
                Target::Zero(label) => {
                    loader.check_module(label)?;
                    for root in graph.roots(label) {
                        backwards(&mut steps, &mut applied, &root)?;
                    }
                }
                Target::Node(key) if applied.contains(key) => {
                    let next = graph.children(key).filter(|child| child.module == key.module);
                    for child in next {
                        backwards(&mut steps, &mut applied, child)?;
                    }
                }
                Target::Node(key) => forwards(&mut steps, &mut applied, key)?,
            }
        }
        let plan = Plan { steps };
        match plan.direction() {
            Some(direction) if plan.steps.iter().any(|step| step.direction != direction) => Err(Error::MixedPlan),
            _ => Ok(plan),
        }
    }

    /// Which way it goes; `None` when there is nothing to do.
    pub fn direction(&self) -> Option<Direction> {
        self.steps.first().map(|step| step.direction)
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }
}
