//! What new migrations are called, and where they stand in the graph.

use chrono::{DateTime, Utc};

use super::super::{Loader, Migration, Operation};

/// A name made of operations grows no longer than this.
const LONGEST: usize = 52;

impl Migration {
    /// A name, without the number, that says what it does: `person`, `person_delete_animal`, `initial`; `auto_` and
    /// the time when an operation says nothing of itself.
    pub fn suggest_name(&self, now: DateTime<Utc>) -> String {
        if self.initial {
            return "initial".to_owned();
        }
        let fragments: Vec<String> = self.operations.iter().filter_map(name_fragment).map(|name| word(&name)).collect();
        let [first, rest @ ..] = fragments.as_slice() else { return auto_name(now) };
        if fragments.len() != self.operations.len() {
            return auto_name(now);
        }
        let mut name = first.clone();
        for fragment in rest {
            if name.len() + 1 + fragment.len() > LONGEST {
                return name + "_and_more";
            }
            name = format!("{name}_{fragment}");
        }
        name
    }
}

/// The name of a migration that has nothing better: `auto_` and the time.
pub fn auto_name(now: DateTime<Utc>) -> String {
    format!("auto_{}", now.format("%Y%m%d_%H%M"))
}

/// The number after the last of `label`'s migrations; 1 when there is none.
pub fn next_number(loader: &Loader, label: &str) -> u32 {
    let leaves = loader.graph().leaves(label);
    leaves.iter().map(|leaf| number(&leaf.name)).max().map_or(1, |last| last + 1)
}

/// A migration's number; of `0001_squashed_0004_x` the last that it squashes.
pub(super) fn number(name: &str) -> u32 {
    let digits = |text: &str| {
        let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        text[..end].parse().ok()
    };
    let squashed = name.rsplit_once("_squashed_").and_then(|(_, last)| digits(last));
    squashed.or_else(|| digits(name)).unwrap_or_default()
}

/// Runs of characters that do not belong into a name become one `_`.
fn word(name: &str) -> String {
    let mut word = String::with_capacity(name.len());
    for c in name.chars() {
        match c.is_alphanumeric() || c == '_' {
            true => word.push(c),
            false if word.ends_with('\0') => {}
            false => word.push('\0'),
        }
    }
    word.replace('\0', "_")
}

fn name_fragment(operation: &Operation) -> Option<String> {
    let name = match operation {
        Operation::CreateModel(op) => op.model.clone(),
        Operation::DeleteModel(op) => format!("delete_{}", op.model),
        Operation::RenameModel(op) => format!("rename_{}_{}", op.from, op.to),
        Operation::AlterTable(op) if op.old.table != op.new.table => format!("alter_{}_table", op.model),
        Operation::AlterTable(op) => format!("alter_{}_table_comment", op.model),
        Operation::AddField(op) => format!("{}_{}", op.model, op.field.name),
        Operation::RemoveField(op) => format!("remove_{}_{}", op.model, op.field.name),
        Operation::AlterField(op) => format!("alter_{}_{}", op.model, op.new.name),
        Operation::RenameField(op) => format!("rename_{}_{}_{}", op.from, op.model, op.to),
        Operation::AddIndex(op) => format!("{}_{}", op.model, op.index.name),
        Operation::RemoveIndex(op) => format!("remove_{}_{}", op.model, op.index.name),
        Operation::RenameIndex(op) => format!("rename_{}_{}", op.from, op.to),
        Operation::AddConstraint(op) => format!("{}_{}", op.model, op.constraint.name()),
        Operation::RemoveConstraint(op) => format!("remove_{}_{}", op.model, op.constraint.name()),
        Operation::AlterConstraint(op) => format!("alter_{}_{}", op.model, op.new.name()),
        Operation::RunSql(_) | Operation::RunRust(_) => return None,
    };
    Some(name.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_from_names() {
        for (name, expected) in [
            ("0001_initial", 1),
            ("0041_x_7", 41),
            ("0001_squashed_0004_x", 4),
            ("12", 12),
            ("initial", 0),
            ("0002_squashed_things", 2),
            ("99999999999_x", 0),
        ] {
            assert_eq!(number(name), expected, "{name}");
        }
        assert_eq!(word("a - b\"c__d-é"), "a_b_c__d_é");
    }
}
