//! The merged settings before they get their types: a tree whose every part knows where it comes from.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::rc::Rc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A table of the tree.
pub(super) type Table = BTreeMap<String, Node>;

/// A value and where it comes from.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) origin: Origin,
}

/// A value without its final type.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Table(Table),
    List(Vec<Node>),
    Text(String),
    /// Text from the environment: becomes whatever type is asked for.
    Raw(String),
    Integer(i128),
    Float(f64),
    Boolean(bool),
    Date,
}

/// Where a value comes from.
#[derive(Clone, Debug)]
pub(super) enum Origin {
    /// The defaults of an environment, in code.
    Code,
    /// A settings file.
    File { path: Rc<str>, line: usize, column: usize },
    /// The process's environment, or a line of `.env` (`file` is then its place).
    Variable { name: Rc<str>, file: Option<Rc<str>> },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code => f.write_str("the defaults"),
            Self::File { path, line, column } => write!(f, "{path}:{line}:{column}"),
            Self::Variable { name, file: None } => write!(f, "`{name}`"),
            Self::Variable { name, file: Some(file) } => write!(f, "{file}: `{name}`"),
        }
    }
}

/// Lays `upper` over `lower`: tables are merged, everything else is replaced.
pub(super) fn merge(lower: &mut Table, upper: Table) {
    for (key, node) in upper {
        match (lower.entry(key), node) {
            (Entry::Occupied(mut below), Node { value: Value::Table(above), origin }) => {
                match &mut below.get_mut().value {
                    Value::Table(below) => merge(below, above),
                    _ => drop(below.insert(Node { value: Value::Table(above), origin })),
                }
            }
            (Entry::Occupied(mut below), node) => drop(below.insert(node)),
            (Entry::Vacant(free), node) => drop(free.insert(node)),
        }
    }
}

/// A tree that holds one value at this path.
pub(super) fn branch(path: &[&str], leaf: Node) -> Table {
    let Some((key, rest)) = path.split_first() else { return Table::new() };
    let origin = leaf.origin.clone();
    let node = if rest.is_empty() { leaf } else { Node { value: Value::Table(branch(rest, leaf)), origin } };
    Table::from([((*key).to_owned(), node)])
}

/// Takes out what is at this path. False when nothing is.
pub(super) fn remove(table: &mut Table, path: &[String]) -> bool {
    match path {
        [] => false,
        [key] => table.remove(key).is_some(),
        [key, rest @ ..] => match table.get_mut(key) {
            Some(Node { value: Value::Table(inner), .. }) => remove(inner, rest),
            _ => false,
        },
    }
}

/// Calls `visit` with the dotted key and the origin of every value that is not a table.
pub(super) fn leaves(table: &Table, prefix: &str, visit: &mut impl FnMut(String, &Origin)) {
    for (key, node) in table {
        let key = format!("{prefix}{key}");
        match &node.value {
            Value::Table(inner) => leaves(inner, &format!("{key}."), visit),
            _ => visit(key, &node.origin),
        }
    }
}

/// The 1-based line and column (in characters) of a byte offset.
pub(super) fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset.min(text.len())).unwrap_or(text);
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (before.matches('\n').count() + 1, column)
}

/// A parsed file as a tree. A key's origin is where the key stands.
pub(super) fn from_toml(parsed: DeTable<'_>, path: &Rc<str>, text: &str) -> Table {
    let entries = parsed.into_iter().map(|(key, value)| {
        let origin = origin(path, text, key.span().start);
        (key.into_inner().into_owned(), Node { value: toml_value(value.into_inner(), path, text), origin })
    });
    entries.collect()
}

fn origin(path: &Rc<str>, text: &str, offset: usize) -> Origin {
    let (line, column) = position(text, offset);
    Origin::File { path: path.clone(), line, column }
}

fn toml_value(value: DeValue<'_>, path: &Rc<str>, text: &str) -> Value {
    let element = |element: Spanned<DeValue<'_>>| {
        let origin = origin(path, text, element.span().start);
        Node { value: toml_value(element.into_inner(), path, text), origin }
    };
    match value {
        DeValue::String(value) => Value::Text(value.into_owned()),
        DeValue::Integer(value) => {
            // No setting needs more than 128 bits; what does not fit is out of every range anyway.
            Value::Integer(i128::from_str_radix(value.as_str(), value.radix()).unwrap_or(i128::MAX))
        }
        DeValue::Float(value) => Value::Float(value.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(value) => Value::Boolean(value),
        DeValue::Datetime(_) => Value::Date,
        DeValue::Array(values) => Value::List(values.into_iter().map(element).collect()),
        DeValue::Table(table) => Value::Table(from_toml(table, path, text)),
    }
}
