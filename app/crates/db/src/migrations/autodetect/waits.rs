//! Which operation must wait for which.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    circles::unreference_first,
    facts::Side,
    history::History,
    items::{Edge, Item, Rank, Why},
};
use crate::{
    ProjectState,
    migrations::Operation,
    state::{Field, ModelKey},
};

/// The items by what they do.
#[derive(Default)]
struct Index<'a> {
    created: BTreeMap<&'a ModelKey, usize>,
    deleted: BTreeMap<&'a ModelKey, usize>,
    renamed: BTreeMap<&'a ModelKey, usize>,
    /// Renamed columns by their new names, and columns added, removed, altered.
    renamed_fields: BTreeMap<&'a ModelKey, Vec<(&'a str, usize)>>,
    added: BTreeMap<(&'a ModelKey, &'a str), usize>,
    removed: BTreeMap<(&'a ModelKey, &'a str), usize>,
    altered: BTreeMap<(&'a ModelKey, &'a str), usize>,
    /// Names of tables, indexes and constraints that become free.
    freed: BTreeMap<&'a str, usize>,
    /// Per model: parts that go, columns, parts that come.
    stages: BTreeMap<&'a ModelKey, [Vec<usize>; 3]>,
    keys: BTreeMap<&'a ModelKey, KeyChanges>,
}

/// The columns of a model that leave the primary key, and that enter it.
#[derive(Default)]
struct KeyChanges {
    leaving: Vec<usize>,
    entering: Vec<usize>,
}

/// Notes on every item what it waits for. `state` is the old one, renames done.
pub(super) fn link(items: &mut [Item], state: &ProjectState, history: &History<'_>) {
    let index = Index::new(items);
    let mut edges: Vec<(Vec<Edge>, BTreeSet<String>)> = Vec::with_capacity(items.len());
    for (at, item) in items.iter().enumerate() {
        let mut found = Found { at, key: &item.key, edges: Vec::new(), modules: BTreeSet::new() };
        found.references(item, &index);
        found.releases(item, &index, items, state);
        found.order(item, &index);
        found.last_columns(item, &index, state);
        for name in item.operation.names_taken() {
            found.wait(index.freed.get(name), Why::Name(name.to_owned()));
        }
        found.history(item, history);
        edges.push((found.edges, found.modules));
    }
    for (item, (edges, modules)) in items.iter_mut().zip(edges) {
        item.after = edges;
        item.modules = modules;
    }
}

impl<'a> Index<'a> {
    fn new(items: &'a [Item]) -> Self {
        let mut index = Index::default();
        for (at, item) in items.iter().enumerate() {
            let key = &item.key;
            match &item.operation {
                Operation::CreateModel(_) => {
                    index.created.insert(key, at);
                }
                Operation::DeleteModel(_) => {
                    index.deleted.insert(key, at);
                }
                Operation::RenameModel(_) => {
                    index.renamed.insert(key, at);
                }
                Operation::RenameField(op) => index.renamed_fields.entry(key).or_default().push((&op.to, at)),
                Operation::AddField(op) => {
                    index.added.insert((key, &op.field.name), at);
                    if op.field.primary_key {
                        index.keys.entry(key).or_default().entering.push(at);
                    }
                }
                Operation::RemoveField(op) => {
                    index.removed.insert((key, &op.field.name), at);
                    if op.field.primary_key {
                        index.keys.entry(key).or_default().leaving.push(at);
                    }
                }
                Operation::AlterField(op) => {
                    index.altered.insert((key, &op.new.name), at);
                    // A key with another column in it cannot number rows: that ends before the other one comes.
                    let (old, new) = (&op.old, &op.new);
                    let leaves = (old.primary_key && !new.primary_key) || (old.auto_increment && !new.auto_increment);
                    let enters = (new.primary_key && !old.primary_key) || (new.auto_increment && !old.auto_increment);
                    if leaves {
                        index.keys.entry(key).or_default().leaving.push(at);
                    }
                    if enters {
                        index.keys.entry(key).or_default().entering.push(at);
                    }
                }
                _ => {}
            }
            let stage = match item.rank() {
                Rank::RemovePart => Some(0),
                Rank::RemoveField | Rank::AddField | Rank::AlterField => Some(1),
                Rank::AddPart => Some(2),
                _ => None,
            };
            if let Some(stage) = stage {
                index.stages.entry(key).or_default()[stage].push(at);
            }
            index.freed.extend(item.operation.names_freed().into_iter().map(|name| (name, at)));
        }
        index
    }
}

/// What one item waits for, while it is worked out.
struct Found<'a> {
    at: usize,
    key: &'a ModelKey,
    edges: Vec<Edge>,
    modules: BTreeSet<String>,
}

impl Found<'_> {
    fn wait(&mut self, item: Option<&usize>, why: Why) {
        if let Some(&item) = item.filter(|item| **item != self.at) {
            let edge = Edge { item, why };
            if !self.edges.contains(&edge) {
                self.edges.push(edge);
            }
        }
    }

    fn module(&mut self, module: &str) {
        if module != self.key.module {
            self.modules.insert(module.to_owned());
        }
    }

    /// What it says about other models is true only after their renames; what it newly references must be there.
    fn references(&mut self, item: &Item, index: &Index<'_>) {
        for (side, field, reference) in item.operation.references() {
            let Ok(target) = reference.model.parse::<ModelKey>() else { continue };
            self.wait(index.renamed.get(&target), Why::Order);
            for (_, at) in
                index.renamed_fields.get(&target).into_iter().flatten().filter(|(to, _)| *to == reference.column)
            {
                self.wait(Some(at), Why::Order);
            }
            let why = || Why::Reference { field: field.name.clone(), column: reference.column.clone() };
            if side == Side::New {
                let column = (&target, reference.column.as_str());
                let made = index.created.get(&target).or_else(|| index.added.get(&column));
                self.wait(made.or_else(|| index.altered.get(&column)), why());
            }
            if !index.created.contains_key(&target) {
                self.module(&target.module);
            }
        }
    }

    /// A model, a column or a key only goes when nothing references it any more.
    fn releases(&mut self, item: &Item, index: &Index<'_>, items: &[Item], state: &ProjectState) {
        let gone = |reference_to: &str| match &item.operation {
            Operation::DeleteModel(_) => true,
            Operation::RemoveField(op) => op.field.name == reference_to,
            Operation::AlterField(op) => op.old.name == reference_to && is_key(&op.old) && !is_key(&op.new),
            _ => false,
        };
        if !matches!(item.rank(), Rank::DeleteModel | Rank::RemoveField | Rank::AlterField) {
            return;
        }
        let pointing = state.references_to(self.key);
        for (other, field) in pointing.filter(|(_, field)| field.references.as_ref().is_some_and(|to| gone(&to.column)))
        {
            if other == self.key && item.rank() == Rank::DeleteModel {
                continue;
            }
            let column = (other, field.name.as_str());
            let altered = index.altered.get(&column).filter(|at| match &items[**at].operation {
                Operation::AlterField(op) => op.old.references != op.new.references,
                _ => false,
            });
            let by = index.deleted.get(other).or_else(|| index.removed.get(&column)).or(altered);
            self.wait(by, Why::Release { field: field.name.clone() });
        }
    }

    /// Within a model: renames, then parts that go, columns, parts that come; one key goes before the next comes.
    fn order(&mut self, item: &Item, index: &Index<'_>) {
        let rank = item.rank();
        if matches!(rank, Rank::CreateModel | Rank::RenameModel) {
            return;
        }
        self.wait(index.renamed.get(self.key), Why::Order);
        if rank == Rank::RenameField {
            return;
        }
        for (_, at) in index.renamed_fields.get(self.key).into_iter().flatten() {
            self.wait(Some(at), Why::Order);
        }
        if let Some(stages) = index.stages.get(self.key) {
            let mine = stages.iter().position(|stage| stage.contains(&self.at)).unwrap_or_default();
            for at in stages[..mine].iter().flatten() {
                self.wait(Some(at), Why::Order);
            }
        }
        if let Some(KeyChanges { leaving, entering }) = index.keys.get(self.key)
            && entering.contains(&self.at)
            && !leaving.contains(&self.at)
        {
            for at in leaving.iter() {
                self.wait(Some(at), Why::Order);
            }
        }
    }

    /// Where no column stays, the old ones go after the new ones came, and after the old key stopped being one.
    fn last_columns(&mut self, item: &Item, index: &Index<'_>, state: &ProjectState) {
        let Operation::RemoveField(op) = &item.operation else { return };
        let key = self.key;
        let Some(model) = state.model(key) else { return };
        self.wait(index.altered.get(&(self.key, op.field.name.as_str())), Why::Order);
        if model.fields.iter().all(|field| index.removed.contains_key(&(self.key, field.name.as_str()))) {
            for (_, at) in index.added.iter().filter(|((model, _), _)| *model == key) {
                self.wait(Some(at), Why::Order);
            }
        }
    }

    fn history(&mut self, item: &Item, history: &History<'_>) {
        let label = match &item.operation {
            Operation::RenameModel(op) => ModelKey::new(&self.key.module, &op.from).to_string(),
            Operation::DeleteModel(_) | Operation::RemoveField(_) | Operation::RenameField(_) => self.key.to_string(),
            Operation::AlterField(op) if is_key(&op.old) => self.key.to_string(),
            _ => String::new(),
        };
        for module in history.referencing(&label) {
            self.module(module);
        }
        let table = match &item.operation {
            Operation::CreateModel(op) => &op.table,
            Operation::RenameModel(op) => &op.to_table,
            Operation::AlterTable(op) => &op.new.table,
            _ => return,
        };
        for module in history.having_table(table) {
            self.module(module);
        }
    }
}

/// A key and the columns that reference it change their types in the same run. Where a database would refuse the two
/// types in between, the reference goes before and comes back after.
pub(super) fn separate_types(items: &mut Vec<Item>, state: &ProjectState) {
    let mut pairs = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let Operation::AlterField(op) = &item.operation else { continue };
        if op.old.kind == op.new.kind || !is_key(&op.old) {
            continue;
        }
        for (other, field) in state.references_to(&item.key) {
            let points = field.references.as_ref().is_some_and(|to| to.column == op.old.name);
            if !points || op.new.kind.compares_with(field.kind) {
                continue;
            }
            let of_other = items.iter().enumerate().filter(|(_, item)| item.key == *other);
            let ends = of_other.filter_map(|(at, item)| match &item.operation {
                Operation::AlterField(op) if op.old.name == field.name => Some(End::Altered(at)),
                Operation::RemoveField(op) if op.field.name == field.name => Some(End::Gone(at)),
                Operation::DeleteModel(_) => Some(End::Gone(at)),
                _ => None,
            });
            pairs.extend(ends.map(|end| (at, end, field.name.clone())));
        }
    }
    for (key, end, field) in pairs {
        let released = match end {
            End::Gone(at) => at,
            End::Altered(at) => {
                let first = items.len();
                if !unreference_first(items, at) {
                    continue;
                }
                items[at].wait(key, Why::Order);
                first
            }
        };
        items[key].wait(released, Why::Release { field });
    }
}

/// What becomes of a column that references a key of another type.
enum End {
    Altered(usize),
    Gone(usize),
}

/// Whether other models can reference the column.
fn is_key(field: &Field) -> bool {
    field.primary_key || field.unique
}
