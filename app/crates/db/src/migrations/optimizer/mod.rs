//! Fewer operations that come to the same.

mod footprint;
mod reduce;

use self::{footprint::Footprint, reduce::reduce};
use super::Operation;

/// Writes a list of operations of `module` with fewer, if there are any that do the same to the tables: a field added
/// to a model that the list creates becomes part of that, an index that is added and removed disappears. Operations
/// are only moved past others that have nothing to do with them, and never past SQL or functions. Those marked
/// `elidable` are left out unless there is nothing else. Where rows would come out with other values, operations stay
/// apart.
pub fn optimize(module: &str, operations: Vec<Operation>) -> Vec<Operation> {
    let needed: Vec<Operation> = operations.iter().filter(|operation| !operation.is_elidable()).cloned().collect();
    let operations = if needed.is_empty() { operations } else { needed };
    let mut items: Vec<Item> = operations.into_iter().map(|operation| Item::new(module, operation)).collect();
    loop {
        let mut changed = false;
        let mut at = 0;
        while at < items.len() {
            match find(module, &items, at) {
                Some(found) => {
                    found.carry_out(module, &mut items, at);
                    changed = true;
                }
                None => at += 1,
            }
        }
        if !changed {
            return items.into_iter().map(|item| item.operation).collect();
        }
    }
}

struct Item {
    operation: Operation,
    footprint: Footprint,
}

impl Item {
    fn new(module: &str, operation: Operation) -> Self {
        Item { footprint: Footprint::of(module, &operation), operation }
    }
}

/// Two operations that can become others.
struct Found {
    /// Where the second one stands.
    other: usize,
    /// Whether the result stands after those between, because the first one can be moved past them; else before.
    after: bool,
    result: Vec<Operation>,
}

impl Found {
    fn carry_out(self, module: &str, items: &mut Vec<Item>, at: usize) {
        items.remove(self.other);
        items.remove(at);
        let place = if self.after { self.other - 1 } else { at };
        items.splice(place..place, self.result.into_iter().map(|operation| Item::new(module, operation)));
    }
}

/// The next operation that the one at `at` can be reduced with: it is moved right to it when everything between lets
/// it pass, else that one is moved left.
fn find(module: &str, items: &[Item], at: usize) -> Option<Found> {
    let item = &items[at];
    let mut after = true;
    for (other, second) in items.iter().enumerate().skip(at + 1) {
        if let Some(result) = reduce(module, &item.operation, &second.operation) {
            let between = &items[at + 1..other];
            let possible = after || between.iter().all(|between| between.footprint.commutes(&second.footprint));
            return possible.then_some(Found { other, after, result });
        }
        after = after && item.footprint.commutes(&second.footprint);
    }
    None
}
