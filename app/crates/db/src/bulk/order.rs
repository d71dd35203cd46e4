//! Putting things in an order in which each comes after what it needs.

use std::collections::HashSet;

use crate::{
    Error, ProjectState,
    state::{ModelKey, ModelState},
};

/// The positions `0..needs.len()`, each after those that it needs, otherwise in their own order. What needs itself needs
/// nothing.
///
/// # Errors
/// The positions of one circle, in its order.
pub(super) fn order(needs: &[Vec<usize>]) -> Result<Vec<usize>, Vec<usize>> {
    let mut ordered = Vec::with_capacity(needs.len());
    let mut done = vec![false; needs.len()];
    // Depth first without recursion: rows of one table may form chains of any length.
    let mut open = HashSet::new();
    for start in 0..needs.len() {
        let mut path = vec![(start, 0)];
        while let Some((at, next)) = path.last_mut() {
            let at = *at;
            if done[at] {
                path.pop();
                continue;
            }
            open.insert(at);
            match needs[at].get(*next).copied() {
                Some(need) if need == at || done[need] => *next += 1,
                Some(need) if open.contains(&need) => {
                    let from = path.iter().position(|(step, _)| *step == need).unwrap_or_default();
                    return Err(path[from..].iter().map(|(step, _)| *step).collect());
                }
                Some(need) => {
                    *next += 1;
                    path.push((need, 0));
                }
                None => {
                    done[at] = true;
                    open.remove(&at);
                    ordered.push(at);
                    path.pop();
                }
            }
        }
    }
    Ok(ordered)
}

impl ProjectState {
    /// All models, each after those that its foreign keys point at: the order in which rows can be created, and backwards
    /// that in which tables can be emptied. A model may point at itself.
    ///
    /// # Errors
    /// [`Error::CircularModels`].
    pub fn creation_order(&self) -> Result<Vec<&ModelKey>, Error> {
        let keys: Vec<&ModelKey> = self.models().map(|(key, _)| key).collect();
        let targets = |model: &ModelState| {
            let labels = model.fields.iter().filter_map(|field| Some(&field.references.as_ref()?.model));
            labels.filter_map(|label| keys.iter().position(|key| key.to_string() == *label)).collect::<Vec<_>>()
        };
        let needs: Vec<Vec<usize>> = self.models().map(|(_, model)| targets(model)).collect();
        match order(&needs) {
            Ok(ordered) => Ok(ordered.into_iter().map(|at| keys[at]).collect()),
            Err(circle) => Err(Error::CircularModels(circle.into_iter().map(|at| keys[at].to_string()).collect())),
        }
    }
}
