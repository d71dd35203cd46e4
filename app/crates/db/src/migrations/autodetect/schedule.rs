//! Cutting the operations into migrations, as few as the references between modules allow.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    circles::break_circle,
    items::{Item, Rank},
};
use crate::Error;

/// One migration to be: items of one module, in order.
#[derive(Debug)]
pub(super) struct Chunk {
    pub(super) module: String,
    pub(super) items: Vec<usize>,
    /// Chunks of other modules that come before it.
    pub(super) after: BTreeSet<usize>,
}

struct Schedule {
    chunks: Vec<Chunk>,
    /// The chunk that each item is in.
    placed: Vec<Option<usize>>,
    /// What is not in a chunk yet.
    open: BTreeMap<String, BTreeSet<(Rank, usize)>>,
}

/// Cuts: a module whose operations can all be done gets a migration of them. When no module is so far, the first one
/// that can do anything gets a migration of that much. When none can, operations wait for each other in a circle, and
/// one of them is split.
pub(super) fn schedule(items: &mut Vec<Item>) -> Result<Vec<Chunk>, Error> {
    let mut schedule = Schedule { chunks: Vec::new(), placed: Vec::new(), open: BTreeMap::new() };
    schedule.open(items);
    while !schedule.open.is_empty() {
        if schedule.round(items, Cut::Whole) || schedule.round(items, Cut::Part) {
            continue;
        }
        let stuck: BTreeSet<usize> = schedule.open.values().flatten().map(|(_, at)| *at).collect();
        if !break_circle(items, &stuck) {
            let operations = stuck.iter().map(|&at| format!("{} ({})", items[at].operation.describe(), items[at].key));
            return Err(Error::CircularOperations { operations: operations.collect() });
        }
        schedule.open(items);
    }
    Ok(schedule.chunks)
}

/// How much of a module's operations a migration must take.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cut {
    Whole,
    Part,
}

impl Schedule {
    /// Takes in the items that are new.
    fn open(&mut self, items: &[Item]) {
        for (at, item) in items.iter().enumerate().skip(self.placed.len()) {
            self.open.entry(item.key.module.clone()).or_default().insert((item.rank(), at));
        }
        self.placed.resize(items.len(), None);
    }

    /// Goes through the modules; whether any got a migration. Only one at a time gets a part of its operations, for
    /// that may be all that the others wait for.
    fn round(&mut self, items: &[Item], cut: Cut) -> bool {
        let modules: Vec<String> = self.open.keys().cloned().collect();
        let mut any = false;
        for module in modules {
            let open = &self.open[&module];
            let ready = self.ready(items, open);
            if ready.is_empty() || (cut == Cut::Whole && ready.len() < open.len()) {
                continue;
            }
            self.close(items, module, ready);
            any = true;
            if cut == Cut::Part {
                break;
            }
        }
        any
    }

    /// What of a module's open items can be done now, in order.
    fn ready(&self, items: &[Item], open: &BTreeSet<(Rank, usize)>) -> Vec<usize> {
        let mut missing: BTreeMap<usize, usize> = BTreeMap::new();
        let mut followers: BTreeMap<usize, Vec<(Rank, usize)>> = BTreeMap::new();
        let mut ready = BTreeSet::new();
        for &(rank, at) in open {
            let waits: BTreeSet<usize> =
                items[at].after.iter().map(|edge| edge.item).filter(|item| self.placed[*item].is_none()).collect();
            if waits.is_empty() {
                ready.insert((rank, at));
            }
            for &other in &waits {
                followers.entry(other).or_default().push((rank, at));
            }
            missing.insert(at, waits.len());
        }
        let mut order = Vec::new();
        while let Some((_, at)) = ready.pop_first() {
            order.push(at);
            for &(rank, follower) in followers.get(&at).into_iter().flatten() {
                if let Some(count) = missing.get_mut(&follower) {
                    *count -= 1;
                    if *count == 0 {
                        ready.insert((rank, follower));
                    }
                }
            }
        }
        order
    }

    fn close(&mut self, items: &[Item], module: String, ready: Vec<usize>) {
        let chunk = self.chunks.len();
        for &at in &ready {
            self.placed[at] = Some(chunk);
            if let Some(open) = self.open.get_mut(&module) {
                open.remove(&(items[at].rank(), at));
            }
        }
        self.open.retain(|_, open| !open.is_empty());
        let before = ready.iter().flat_map(|at| &items[*at].after).filter_map(|edge| self.placed[edge.item]);
        let after =
            before.filter(|other| self.chunks.get(*other).is_some_and(|other| other.module != module)).collect();
        self.chunks.push(Chunk { module, items: ready, after });
    }
}
