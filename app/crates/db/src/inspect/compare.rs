//! Two lists of tables, and where they differ, in words.

use super::{Column, Difference, Part, Side, Table, is_foreign};
use crate::ProjectState;

const EXTRA: &str = "is in the database, but not in the migrations";
const MISSING: &str = "is in the migrations, but not in the database";

/// Where the tables that were found differ from those that the migrations say.
pub(super) fn compare(found: &[Table], said: &[Table], state: &ProjectState) -> Vec<Difference> {
    let mut differences = Vec::new();
    for table in found {
        if !is_foreign(&table.name) && !said.iter().any(|other| other.name == table.name) {
            let mut lines = Lines::default();
            lines.add(Side::Database, &table.name, format!("table {} {EXTRA}", table.name));
            differences.extend(lines.of(table, state));
        }
    }
    for table in said {
        let mut lines = Lines::default();
        match found.iter().find(|other| other.name == table.name) {
            None => lines.add(Side::Migrations, &table.name, format!("table {} {MISSING}", table.name)),
            Some(other) => {
                columns(&other.columns, &table.columns, &mut lines);
                parts(&other.parts, &table.parts, &mut lines);
                if other.comment != table.comment {
                    let (found, said) = (quoted(other.comment.as_ref()), quoted(table.comment.as_ref()));
                    lines.add(
                        Side::Both,
                        "",
                        format!("the table's comment is {found} in the database, {said} in the migrations"),
                    );
                }
            }
        }
        differences.extend(lines.of(table, state));
    }
    differences.sort();
    differences
}

/// What is to be said about a table.
#[derive(Default)]
struct Lines(Vec<(Side, String, String)>);

impl Lines {
    fn add(&mut self, side: Side, name: &str, what: String) {
        self.0.push((side, name.to_owned(), what));
    }

    fn of(self, table: &Table, state: &ProjectState) -> impl Iterator<Item = Difference> {
        let model = state.by_table(&table.name).map(|(key, _)| key.clone());
        let table = table.name.clone();
        self.0.into_iter().map(move |(side, name, what)| Difference {
            model: model.clone(),
            table: table.clone(),
            name,
            side,
            what,
        })
    }
}

fn columns(found: &[Column], said: &[Column], lines: &mut Lines) {
    for column in found {
        if !said.iter().any(|other| other.name == column.name) {
            lines.add(Side::Database, &column.name, format!("column {} {EXTRA}", column.name));
        }
    }
    for column in said {
        let name = &column.name;
        let Some(other) = found.iter().find(|other| other.name == *name) else {
            lines.add(Side::Migrations, name, format!("column {name} {MISSING}"));
            continue;
        };
        let mut differs = |found: &str, said: &str| {
            lines.add(Side::Both, name, format!("column {name} {found} in the database, {said} in the migrations"));
        };
        if other.kind != column.kind {
            differs(&format!("is {}", other.kind), &column.kind);
        }
        if other.null != column.null {
            let say = |null| if null { "may be NULL" } else { "may not be NULL" };
            differs(say(other.null), say(column.null));
        }
        if other.default != column.default {
            let say = |default: &Option<String>| match default {
                Some(sql) => format!("has the default {sql}"),
                None => "has no default".to_owned(),
            };
            differs(&say(&other.default), &say(&column.default));
        }
        if other.numbered != column.numbered {
            let say = |numbered| if numbered { "numbers its rows" } else { "does not number its rows" };
            differs(say(other.numbered), say(column.numbered));
        }
        if other.generated != column.generated {
            let say = |generated| if generated { "is computed" } else { "is not computed" };
            differs(say(other.generated), say(column.generated));
        }
    }
}

/// Parts are the same when name and definition are. Of the others, those of one name were changed, those of one
/// definition were renamed, and the rest came or went.
fn parts(found: &[Part], said: &[Part], lines: &mut Lines) {
    let mut found: Vec<&Part> = found.iter().collect();
    let mut said: Vec<&Part> = said.iter().collect();
    found.retain(|part| !take(&mut said, part));
    let same_name = |a: &Part, b: &Part| a.kind == b.kind && a.name.is_some() && a.name == b.name;
    for (found, said) in pairs(&mut found, &mut said, same_name) {
        let label = label(said);
        let what = format!("{label} is {} in the database, {} in the migrations", found.definition, said.definition);
        lines.add(Side::Both, name(said), what);
    }
    let same_definition = |a: &Part, b: &Part| a.kind == b.kind && a.definition == b.definition;
    for (found, said) in pairs(&mut found, &mut said, same_definition) {
        let called = |part: &Part| part.name.clone().unwrap_or_else(|| "nothing".to_owned());
        let what = format!(
            "{} {} is called {} in the database, {} in the migrations",
            said.kind,
            said.definition,
            called(found),
            called(said)
        );
        lines.add(Side::Both, name(said), what);
    }
    for (parts, side, end) in [(found, Side::Database, EXTRA), (said, Side::Migrations, MISSING)] {
        for part in parts {
            lines.add(side, name(part), format!("{} {} {end}", label(part), part.definition));
        }
    }
}

/// Takes one that is equal out of the list, if there is one.
fn take(parts: &mut Vec<&Part>, part: &Part) -> bool {
    let at = parts.iter().position(|other| *other == part);
    at.map(|at| parts.remove(at)).is_some()
}

/// Takes what matches out of both lists.
fn pairs<'a>(
    found: &mut Vec<&'a Part>,
    said: &mut Vec<&'a Part>,
    matches: impl Fn(&Part, &Part) -> bool,
) -> Vec<(&'a Part, &'a Part)> {
    let mut pairs = Vec::new();
    found.retain(|part| match said.iter().position(|other| matches(part, other)) {
        Some(at) => {
            pairs.push((*part, said.remove(at)));
            false
        }
        None => true,
    });
    pairs
}

fn name(part: &Part) -> &str {
    part.name.as_deref().unwrap_or_default()
}

fn label(part: &Part) -> String {
    match &part.name {
        Some(name) => format!("{} {name}", part.kind),
        None => part.kind.to_string(),
    }
}

fn quoted(text: Option<&String>) -> String {
    text.map_or_else(|| "missing".to_owned(), |text| format!("`{text}`"))
}
