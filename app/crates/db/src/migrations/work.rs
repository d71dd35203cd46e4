//! The operations of a migration in the direction they go, each between two states: what is run, and what is shown.

use std::ops::Range;

use super::{Direction, Migration, NodeKey, Operation};
use crate::{Error, ProjectState, schema::Change};

/// One operation in the direction it goes.
#[derive(Debug)]
pub struct Work {
    /// Its number in the file, from 1.
    pub number: usize,
    /// What is done: on the way back the reverse of what the file says.
    pub operation: Operation,
    /// The state before it.
    pub before: ProjectState,
    /// The state after it.
    pub after: ProjectState,
}

impl Work {
    /// The change that it makes, for a migration of `module`.
    pub fn change<'a>(&'a self, module: &'a str) -> Change<'a> {
        Change { operation: &self.operation, module, before: &self.before, after: &self.after }
    }
}

impl Migration {
    /// Works out the operations with these numbers, in the order in which they are carried out. `state` is how the tables
    /// are without the migration; afterwards it is how they are with it, whichever way it goes.
    ///
    /// # Errors
    /// [`Error::Operation`] for one that does not fit; [`Error::Irreversible`].
    pub fn work(
        &self,
        key: &NodeKey,
        direction: Direction,
        numbers: Range<usize>,
        state: &mut ProjectState,
    ) -> Result<Vec<Work>, Error> {
        let mut work = Vec::new();
        for (number, operation) in (1..).zip(&self.operations) {
            let before = state.clone();
            operation.apply(&key.module, state).map_err(|reason| Error::Operation {
                migration: key.to_string(),
                number,
                what: operation.describe(),
                reason,
            })?;
            if !numbers.contains(&number) {
                continue;
            }
            work.push(match direction {
                Direction::Forwards => Work { number, operation: operation.clone(), before, after: state.clone() },
                Direction::Backwards => {
                    let irreversible = || Error::Irreversible { migration: key.clone(), what: operation.describe() };
                    let operation = operation.reversed().ok_or_else(irreversible)?;
                    Work { number, operation, before: state.clone(), after: before }
                }
            });
        }
        if direction == Direction::Backwards {
            work.reverse();
        }
        Ok(work)
    }
}
