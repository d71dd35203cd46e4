//! Writing a migration file: deterministic, and laid out for people to read and edit.

use serde::Serialize;
use toml::{Table, Value};

use super::{
    Migration, NodeKey,
    operation::{Operation, for_each_operation},
};

/// Lists longer than this get a line per element.
const WIDTH: usize = 100;

impl Migration {
    /// The text of the file: what [`super::Loader`] reads back as the same migration.
    pub fn to_toml(&self) -> String {
        let mut text = String::new();
        if self.initial {
            text.push_str("initial = true\n");
        }
        if !self.atomic {
            text.push_str("atomic = false\n");
        }
        let names = |keys: &[NodeKey]| Value::Array(keys.iter().map(|key| Value::String(key.to_string())).collect());
        push_key(&mut text, "dependencies", &names(&self.dependencies));
        if !self.replaces.is_empty() {
            push_key(&mut text, "replaces", &names(&self.replaces));
        }
        for operation in &self.operations {
            text.push_str(&format!("\n[[operations]]\nop = \"{}\"\n", operation.name()));
            for (key, value) in &operation_table(operation) {
                push_key(&mut text, key, value);
            }
        }
        text
    }
}

fn push_key(text: &mut String, key: &str, value: &Value) {
    match value {
        Value::Array(items) if !items.is_empty() && too_long(key, items) => {
            text.push_str(&format!("{key} = [\n"));
            for item in items {
                text.push_str(&format!("  {item},\n"));
            }
            text.push_str("]\n");
        }
        Value::String(content) if is_readable_block(content) => {
            text.push_str(&format!("{key} = '''\n{content}'''\n"));
        }
        value => text.push_str(&format!("{key} = {value}\n")),
    }
}

/// Whether a text of several lines can stand between `'''` as it is.
fn is_readable_block(content: &str) -> bool {
    let plain = content.chars().all(|c| c == '\n' || c == '\t' || !c.is_control());
    plain && content.contains('\n') && !content.contains("'''") && !content.ends_with('\'')
}

fn too_long(key: &str, items: &[Value]) -> bool {
    let tables = items.iter().any(Value::is_table);
    tables || key.len() + items.iter().map(|item| item.to_string().len() + 2).sum::<usize>() > WIDTH
}

macro_rules! write_operation {
    ($($variant:ident $name:literal $type:ident,)*) => {
        fn operation_table(operation: &Operation) -> Table {
            match operation {
                $(Operation::$variant(op) => table(op),)*
            }
        }
    };
}
for_each_operation!(write_operation);

/// The structs hold nothing that TOML cannot (no maps with other keys than text, no unit values), so this cannot fail.
#[allow(clippy::expect_used, reason = "see above; the round trip of random operations is tested")]
fn table(op: &impl Serialize) -> Table {
    Table::try_from(op).expect("operations are plain data")
}
