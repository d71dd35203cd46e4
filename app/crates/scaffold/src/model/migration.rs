//! The initial migration of a new model: the very text that `makemigrations` would write. The crate `db`, which writes
//! them otherwise, is not asked: xtask uses this crate too, and must not wait for a database library to be built.

use std::collections::BTreeSet;

use super::{LONGEST_NAME, NewField, NewModel};

/// What happens to a row whose reference loses its target: it goes too, or its reference is emptied.
pub(crate) fn on_delete(field: &NewField) -> Action {
    if field.null {
        Action { entity: "SetNull", migration: "set_null" }
    } else {
        Action { entity: "Cascade", migration: "cascade" }
    }
}

/// The two spellings of what a foreign key does.
pub(crate) struct Action {
    pub(crate) entity: &'static str,
    pub(crate) migration: &'static str,
}

/// `db` gives a list of texts a line each when it is longer than this.
const WIDTH: usize = 100;

impl NewModel {
    /// The text of `0001_initial.toml`.
    pub fn migration(&self) -> String {
        let mut text = format!("initial = true\n{}\n[[operations]]\nop = \"create_model\"\n", self.dependencies());
        text.push_str(&format!("model = \"{}\"\ntable = \"{}\"\nfields = [\n", self.name, self.table));
        text.push_str("  { name = \"id\", type = \"big_integer\", primary_key = true, auto_increment = true },\n");
        for field in &self.fields {
            text.push_str(&format!("  {{ name = \"{}\", type = \"{}\"", field.column, field.kind.migration()));
            for (said, word) in [(field.null, "null"), (field.unique, "unique")] {
                if said {
                    text.push_str(&format!(", {word} = true"));
                }
            }
            if let Some(target) = &field.target {
                let (key, action) = (&target.key, on_delete(field).migration);
                text.push_str(&format!(
                    ", references = {{ model = \"{target}\", column = \"{key}\", on_delete = \"{action}\" }}"
                ));
            }
            text.push_str(" },\n");
        }
        text.push_str("]\n");
        let indexed: Vec<&NewField> = self.fields.iter().filter(|field| field.indexed).collect();
        if !indexed.is_empty() {
            text.push_str("indexes = [\n");
            for NewField { column, .. } in indexed {
                let name = fit(format!("{}_{column}_idx", self.table));
                text.push_str(&format!("  {{ name = \"{name}\", fields = [\"{column}\"] }},\n"));
            }
            text.push_str("]\n");
        }
        text
    }

    /// The line, or lines, of the migrations that come before: the last one of each module that is pointed at.
    fn dependencies(&self) -> String {
        let others = self.fields.iter().filter_map(|field| field.target.as_ref());
        let others = others.filter_map(|target| Some((&target.module, target.migration.as_ref()?)));
        // In the order of the modules, and not of the texts: `a.0001` comes before `a_b.0001`.
        let names: BTreeSet<_> = others.collect();
        let names: Vec<String> = names.iter().map(|(module, migration)| format!("\"{module}.{migration}\"")).collect();
        let width = "dependencies".len() + names.iter().map(|name| name.len() + 2).sum::<usize>();
        match names.as_slice() {
            names if width > WIDTH && !names.is_empty() => format!("dependencies = [\n  {},\n]\n", names.join(",\n  ")),
            names => format!("dependencies = [{}]\n", names.join(", ")),
        }
    }
}

/// As `db::backend` shortens names that PostgreSQL would cut.
fn fit(name: String) -> String {
    if name.len() <= LONGEST_NAME {
        return name;
    }
    let hash = name.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    format!("{}_{hash:08x}", &name[..LONGEST_NAME - 9])
}
