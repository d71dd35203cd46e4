//! Tables of many-to-many relations that no entity describes: recognised by how they are made.

use std::collections::BTreeMap;

use crate::{
    ProjectState,
    model::link_columns,
    state::{ModelKey, ModelState},
};

/// The table behind a many-to-many relation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Link {
    /// The model that has the relation.
    pub(super) owner: ModelKey,
    /// The relation's name.
    pub(super) name: String,
    /// The column that references the owner, and the one that references the target.
    pub(super) columns: [String; 2],
}

/// The generated models of a state.
pub(super) fn links(state: &ProjectState) -> BTreeMap<ModelKey, Link> {
    state.models().filter_map(|(key, model)| Some((key.clone(), link(state, key, model)?))).collect()
}

/// `Mailing_recipients` with the table of `Mailing` and `_recipients`, and nothing but the two references.
fn link(state: &ProjectState, key: &ModelKey, model: &ModelState) -> Option<Link> {
    let references: Vec<&str> =
        model.fields.iter().filter_map(|field| field.references.as_ref()).map(|to| to.model.as_str()).collect();
    if model.fields.len() != 3 || references.len() != 2 {
        return None;
    }
    key.name.match_indices('_').find_map(|(at, _)| {
        let (owner, name) = (ModelKey::new(&key.module, &key.name[..at]), &key.name[at + 1..]);
        let table = &state.model(&owner)?.table;
        if model.table.strip_prefix(table.as_str())?.strip_prefix('_')? != name {
            return None;
        }
        let label = owner.to_string();
        let target = references.iter().find(|target| **target != label).unwrap_or(&references[0]);
        let columns = link_columns(&owner, &target.parse().ok()?);
        let has_both = columns.iter().all(|column| model.field(column).is_some());
        has_both.then(|| Link { owner, name: name.to_owned(), columns })
    })
}
