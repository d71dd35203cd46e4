//! Operations in words.

use super::Operation;

impl Operation {
    /// What it does, in words, as shown by `migrate --plan` and `sqlmigrate`.
    pub fn describe(&self) -> String {
        // As in Django: written as declared where the model itself comes or goes, in lower case elsewhere.
        let model = |name: &str| name.to_lowercase();
        match self {
            Operation::CreateModel(op) => format!("Create model {}", op.model),
            Operation::DeleteModel(op) => format!("Delete model {}", op.model),
            Operation::RenameModel(op) => format!("Rename model {} to {}", op.from, op.to),
            Operation::AlterTable(op) if op.old.table != op.new.table => {
                format!("Rename table for {} to {}", model(&op.model), op.new.table)
            }
            Operation::AlterTable(op) => format!("Alter table comment of {}", model(&op.model)),
            Operation::AddField(op) => format!("Add field {} to {}", op.field.name, model(&op.model)),
            Operation::RemoveField(op) => format!("Remove field {} from {}", op.field.name, model(&op.model)),
            Operation::AlterField(op) => format!("Alter field {} on {}", op.new.name, model(&op.model)),
            Operation::RenameField(op) => format!("Rename field {} on {} to {}", op.from, model(&op.model), op.to),
            Operation::AddIndex(op) => format!(
                "{} index {} on field(s) {} of model {}",
                if op.concurrently { "Concurrently create" } else { "Create" },
                op.index.name,
                op.index.fields.join(", "),
                model(&op.model)
            ),
            Operation::RemoveIndex(op) => {
                let remove = if op.concurrently { "Concurrently remove" } else { "Remove" };
                format!("{remove} index {} from {}", op.index.name, model(&op.model))
            }
            Operation::RenameIndex(op) => format!("Rename index {} on {} to {}", op.from, model(&op.model), op.to),
            Operation::AddConstraint(op) => {
                format!("Create constraint {} on model {}", op.constraint.name(), model(&op.model))
            }
            Operation::RemoveConstraint(op) => {
                format!("Remove constraint {} from model {}", op.constraint.name(), model(&op.model))
            }
            Operation::AlterConstraint(op) => {
                format!("Alter constraint {} on model {}", op.new.name(), model(&op.model))
            }
            Operation::RunSql(_) => "Raw SQL operation".to_owned(),
            Operation::RunRust(op) => format!("Rust function {}", op.function),
        }
    }

    /// The sign before its line in `makemigrations`: `+` adds, `-` removes, `~` alters, `s` is SQL, `r` is Rust.
    pub fn symbol(&self) -> char {
        match self {
            Operation::CreateModel(_)
            | Operation::AddField(_)
            | Operation::AddIndex(_)
            | Operation::AddConstraint(_) => '+',
            Operation::DeleteModel(_)
            | Operation::RemoveField(_)
            | Operation::RemoveIndex(_)
            | Operation::RemoveConstraint(_) => '-',
            Operation::RunSql(_) => 's',
            Operation::RunRust(_) => 'r',
            _ => '~',
        }
    }
}
