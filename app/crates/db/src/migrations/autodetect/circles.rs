//! Operations that wait for each other: one of them is split in two.

use std::collections::BTreeSet;

use super::items::{Edge, Item, Why};
use crate::{
    migrations::{AddConstraint, AddField, AddIndex, AlterField, ModelDefinition, Operation, RemoveField, mentions},
    state::{Constraint, Field},
};

/// Splits an item of a circle; `false` when it cannot be split this way.
type Way = fn(&mut Vec<Item>, usize, &BTreeSet<usize>) -> bool;

/// Splits one of the `stuck` items so that the circle is gone; `false` when nothing can be split.
pub(super) fn break_circle(items: &mut Vec<Item>, stuck: &BTreeSet<usize>) -> bool {
    let circle = without_followers(items, stuck);
    let ways: [Way; 5] = [postpone_fields, split_reference, release_first, postpone_parts, postpone_key_references];
    ways.iter().any(|way| circle.iter().any(|&at| way(items, at, &circle)))
}

/// Leaves out, again and again, what nothing waits for: it is not in the circle, only behind it.
fn without_followers(items: &[Item], stuck: &BTreeSet<usize>) -> BTreeSet<usize> {
    let mut circle = stuck.clone();
    loop {
        let needed: BTreeSet<usize> = circle.iter().flat_map(|&at| &items[at].after).map(|edge| edge.item).collect();
        let smaller: BTreeSet<usize> = circle.intersection(&needed).copied().collect();
        if smaller.len() == circle.len() {
            return circle;
        }
        circle = smaller;
    }
}

/// The columns of an item whose references wait for the circle.
fn blocked(item: &Item, circle: &BTreeSet<usize>) -> BTreeSet<String> {
    let waits = item.after.iter().filter(|edge| circle.contains(&edge.item));
    let fields = waits.filter_map(|edge| match &edge.why {
        Why::Reference { field, .. } => Some(field.clone()),
        _ => None,
    });
    fields.collect()
}

/// Takes the edges that `moved` accepts away from an item.
fn take_edges(item: &mut Item, moved: impl Fn(&Edge) -> bool) -> Vec<Edge> {
    let (taken, kept) = std::mem::take(&mut item.after).into_iter().partition(moved);
    item.after = kept;
    taken
}

/// Adds an item that waits for `edges`; returns its number.
fn push(items: &mut Vec<Item>, like: usize, operation: Operation, edges: Vec<Edge>) -> usize {
    items.push(Item { after: edges, operation, ..items[like].clone() });
    items.len() - 1
}

/// A new model goes without the columns whose references must wait, and gets them afterwards, with the indexes and
/// constraints over them.
fn postpone_fields(items: &mut Vec<Item>, at: usize, circle: &BTreeSet<usize>) -> bool {
    let waiting = blocked(&items[at], circle);
    let Operation::CreateModel(definition) = &mut items[at].operation else { return false };
    let moves = |field: &Field| waiting.contains(&field.name) && !field.primary_key;
    let (moved, kept): (Vec<Field>, Vec<Field>) = std::mem::take(&mut definition.fields).into_iter().partition(moves);
    definition.fields = kept;
    if moved.is_empty() {
        return false;
    }
    let names: Vec<String> = moved.iter().map(|field| field.name.clone()).collect();
    let parts = take_parts(definition, &names);
    let model = definition.model.clone();
    let mut added = Vec::new();
    for field in moved {
        let name = field.name.clone();
        let mut edges =
            take_edges(&mut items[at], |edge| matches!(&edge.why, Why::Reference { field, .. } if *field == name));
        edges.push(Edge { item: at, why: Why::Order });
        let operation = Operation::AddField(AddField { model: model.clone(), field, fill: None });
        let new = push(items, at, operation, edges);
        // Whoever references that very column waits for it now.
        let wants =
            |edge: &Edge| edge.item == at && matches!(&edge.why, Why::Reference { column, .. } if *column == name);
        redirect(items, new, wants);
        added.push(new);
    }
    for part in parts {
        let edges = added.iter().map(|&item| Edge { item, why: Why::Order }).collect();
        push(items, at, part, edges);
    }
    true
}

/// Makes the edges that `wanted` accepts lead to `to`.
fn redirect(items: &mut [Item], to: usize, wanted: impl Fn(&Edge) -> bool) {
    for edge in items.iter_mut().enumerate().filter(|(at, _)| *at != to).flat_map(|(_, item)| &mut item.after) {
        if wanted(edge) {
            edge.item = to;
        }
    }
}

/// Takes the indexes and constraints that need any of these columns out of a definition, as operations.
fn take_parts(definition: &mut ModelDefinition, fields: &[String]) -> Vec<Operation> {
    let model = definition.model.clone();
    let named = |sql: Option<&str>| sql.is_some_and(|sql| fields.iter().any(|field| mentions(sql, field)));
    let over = |names: &[String]| names.iter().any(|name| fields.contains(name));
    let (indexes, kept) = std::mem::take(&mut definition.indexes)
        .into_iter()
        .partition(|index| over(&index.fields) || named(index.condition.as_deref()));
    definition.indexes = kept;
    let (constraints, kept) =
        std::mem::take(&mut definition.constraints).into_iter().partition(|constraint| match constraint {
            Constraint::Unique { fields, .. } => over(fields),
            Constraint::Check { condition, .. } => named(Some(condition)),
        });
    definition.constraints = kept;
    let indexes: Vec<_> = indexes;
    let constraints: Vec<_> = constraints;
    let indexes = indexes
        .into_iter()
        .map(|index| Operation::AddIndex(AddIndex { model: model.clone(), index, concurrently: false }));
    let constraints = constraints
        .into_iter()
        .map(|constraint| Operation::AddConstraint(AddConstraint { model: model.clone(), constraint }));
    indexes.chain(constraints).collect()
}

/// A column that changes from one reference to another first has none.
fn split_reference(items: &mut Vec<Item>, at: usize, circle: &BTreeSet<usize>) -> bool {
    !blocked(&items[at], circle).is_empty() && unreference_first(items, at)
}

/// Puts an operation before an alteration that takes only the old reference away.
pub(super) fn unreference_first(items: &mut Vec<Item>, at: usize) -> bool {
    let Operation::AlterField(op) = &mut items[at].operation else { return false };
    if op.old.references.is_none() || op.new.references.is_none() {
        return false;
    }
    let plain = Field { references: None, ..op.old.clone() };
    let old = std::mem::replace(&mut op.old, plain.clone());
    let first = Operation::AlterField(AlterField { model: op.model.clone(), old, new: plain, fill: None });
    let edges = items[at].after.iter().filter(|edge| edge.why == Why::Order).cloned().collect();
    let first = push(items, at, first, edges);
    items[at].wait(first, Why::Order);
    redirect(items, first, |edge| edge.item == at && matches!(edge.why, Why::Release { .. }));
    true
}

/// A model that waits for another to be deleted, because that one references it: the other one first loses the column.
fn release_first(items: &mut Vec<Item>, at: usize, circle: &BTreeSet<usize>) -> bool {
    let released = items[at].after.iter().find_map(|edge| match &edge.why {
        Why::Release { field } if circle.contains(&edge.item) => Some((edge.item, field.clone())),
        _ => None,
    });
    let Some((other, name)) = released else { return false };
    let Operation::DeleteModel(definition) = &mut items[other].operation else { return false };
    let Some(place) = definition.fields.iter().position(|field| field.name == name) else { return false };
    let model = definition.model.clone();
    let old = definition.fields[place].clone();
    let in_parts = !take_parts(&mut definition.clone(), std::slice::from_ref(&name)).is_empty();
    let first = if old.primary_key || old.unique || in_parts {
        let new = Field { references: None, ..old.clone() };
        definition.fields[place] = new.clone();
        Operation::AlterField(AlterField { model, old, new, fill: None })
    } else {
        definition.fields.remove(place);
        Operation::RemoveField(RemoveField { model, field: old, fill: None })
    };
    let edges = items[other].after.iter().filter(|edge| edge.why == Why::Order).cloned().collect();
    let first = push(items, other, first, edges);
    items[other].wait(first, Why::Order);
    let wanted = Why::Release { field: name };
    redirect(items, first, |edge| edge.item == other && edge.why == wanted);
    true
}

/// A new model goes without the indexes and constraints whose names are not free yet.
fn postpone_parts(items: &mut Vec<Item>, at: usize, circle: &BTreeSet<usize>) -> bool {
    let Operation::CreateModel(definition) = &mut items[at].operation else { return false };
    let table = definition.table.clone();
    let is_blocked =
        |edge: &Edge| circle.contains(&edge.item) && matches!(&edge.why, Why::Name(name) if *name != table);
    if !items[at].after.iter().any(is_blocked) {
        return false;
    }
    let Operation::CreateModel(definition) = &mut items[at].operation else { return false };
    let all: Vec<String> = definition.fields.iter().map(|field| field.name.clone()).collect();
    let parts = take_parts(definition, &all);
    let mut edges = take_edges(&mut items[at], is_blocked);
    edges.push(Edge { item: at, why: Why::Order });
    for part in parts {
        push(items, at, part, edges.clone());
    }
    true
}

/// The last way for a new model: a column of the key cannot come later, but its reference can.
fn postpone_key_references(items: &mut Vec<Item>, at: usize, circle: &BTreeSet<usize>) -> bool {
    let waiting = blocked(&items[at], circle);
    let Operation::CreateModel(definition) = &mut items[at].operation else { return false };
    let model = definition.model.clone();
    let mut altered = Vec::new();
    for field in definition.fields.iter_mut().filter(|field| waiting.contains(&field.name)) {
        let new = field.clone();
        field.references = None;
        altered.push(AlterField { model: model.clone(), old: field.clone(), new, fill: None });
    }
    let any = !altered.is_empty();
    for op in altered {
        let name = op.new.name.clone();
        let mut edges =
            take_edges(&mut items[at], |edge| matches!(&edge.why, Why::Reference { field, .. } if *field == name));
        edges.push(Edge { item: at, why: Why::Order });
        push(items, at, Operation::AlterField(op), edges);
    }
    any
}
