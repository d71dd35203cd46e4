//! The differences between two states, in words.

use super::{Field, ModelState, ProjectState};

impl ProjectState {
    /// Says where `other` differs from `self`, one line each, in alphabetical order of the models: "model x.Y: field z
    /// was added". Empty when the two describe the same tables (the order of columns does not count).
    pub fn diff(&self, other: &ProjectState) -> Vec<String> {
        let mut lines = Vec::new();
        for (key, model) in self.models() {
            match other.model(key) {
                None => lines.push(format!("model {key} was removed")),
                Some(changed) => diff_model(&key.to_string(), model, changed, &mut lines),
            }
        }
        for (key, _) in other.models() {
            if self.model(key).is_none() {
                lines.push(format!("model {key} was added"));
            }
        }
        lines.sort();
        lines
    }
}

fn diff_model(key: &str, old: &ModelState, new: &ModelState, lines: &mut Vec<String>) {
    if old.table != new.table {
        lines.push(format!("model {key}: table {} is now {}", old.table, new.table));
    }
    if old.comment != new.comment {
        lines.push(format!("model {key}: the table's comment was changed"));
    }
    diff_parts(key, "field", &old.fields, &new.fields, |field| &field.name, lines, field_changes);
    let changed = |_: &_, _: &_| "changed".to_owned();
    diff_parts(key, "index", &old.indexes, &new.indexes, |index| &index.name, lines, changed);
    let changed = |_: &_, _: &_| "changed".to_owned();
    diff_parts(key, "constraint", &old.constraints, &new.constraints, |constraint| constraint.name(), lines, changed);
}

fn diff_parts<T: PartialEq>(
    key: &str,
    what: &str,
    old: &[T],
    new: &[T],
    name: impl Fn(&T) -> &str,
    lines: &mut Vec<String>,
    how: impl Fn(&T, &T) -> String,
) {
    for part in old {
        match new.iter().find(|other| name(other) == name(part)) {
            None => lines.push(format!("model {key}: {what} {} was removed", name(part))),
            Some(other) if other != part => {
                lines.push(format!("model {key}: {what} {} was {}", name(part), how(part, other)));
            }
            Some(_) => {}
        }
    }
    for part in new {
        if !old.iter().any(|other| name(other) == name(part)) {
            lines.push(format!("model {key}: {what} {} was added", name(part)));
        }
    }
}

fn field_changes(old: &Field, new: &Field) -> String {
    let mut changes = Vec::new();
    if old.kind != new.kind {
        changes.push(format!("type {} is now {}", old.kind, new.kind));
    }
    let mut flag = |name: &str, before: bool, after: bool| {
        if before != after {
            changes.push(format!("{name} is now {after}"));
        }
    };
    flag("null", old.null, new.null);
    flag("unique", old.unique, new.unique);
    flag("primary_key", old.primary_key, new.primary_key);
    flag("auto_increment", old.auto_increment, new.auto_increment);
    if old.default != new.default {
        changes.push("default is another".to_owned());
    }
    if old.references != new.references {
        changes.push("reference is another".to_owned());
    }
    format!("changed ({})", changes.join(", "))
}
