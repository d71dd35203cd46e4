//! Reading a migration file: unknown keys, unknown operations and wrong types are errors with line and column.

use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::{
    Spanned,
    de::{DeTable, DeValue, ValueDeserializer},
};

use super::{NodeKey, Operation, operation::for_each_operation};
use crate::Error;

/// What a migration file says.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct MigrationFile {
    /// `initial = true`: it creates the module's first tables.
    pub initial: bool,
    /// `atomic = false`: not inside one transaction.
    pub atomic: bool,
    /// Migrations that must be applied before; `__first__` and `__latest__` stand for a module's ends.
    pub dependencies: Vec<NodeKey>,
    /// The migrations that it was squashed from.
    pub replaces: Vec<NodeKey>,
    /// What it does.
    pub operations: Vec<Operation>,
}

/// A message and where in the text it belongs.
struct Problem {
    span: Option<Range<usize>>,
    message: String,
}

impl Problem {
    fn at(span: Range<usize>, message: impl Into<String>) -> Self {
        Problem { span: Some(span), message: message.into() }
    }
}

impl From<toml::de::Error> for Problem {
    fn from(error: toml::de::Error) -> Self {
        Problem { span: error.span(), message: error.message().replace('\n', ", ") }
    }
}

impl MigrationFile {
    /// Reads `text`; `file` is what errors call it.
    pub(super) fn parse(text: &str, file: &str) -> Result<MigrationFile, Error> {
        read(text).map_err(|problem| {
            let (line, column) = position(text, problem.span.map_or(0, |span| span.start));
            Error::File { file: file.to_owned(), line, column, message: problem.message }
        })
    }
}

fn read(text: &str) -> Result<MigrationFile, Problem> {
    let mut file = MigrationFile { atomic: true, ..MigrationFile::default() };
    let mut concurrent = None;
    for (key, value) in DeTable::parse(text)?.into_inner() {
        match key.get_ref().as_ref() {
            "initial" => file.initial = convert(value)?,
            "atomic" => file.atomic = convert(value)?,
            "dependencies" => file.dependencies = nodes(value)?,
            "replaces" => file.replaces = nodes(value)?,
            "operations" => {
                let span = value.span();
                let DeValue::Array(operations) = value.into_inner() else {
                    return Err(Problem::at(span, "`operations` must be a list, write [[operations]]"));
                };
                for value in operations {
                    let span = value.span();
                    let operation = operation(value)?;
                    if concurrent.is_none() && operation.is_concurrent() {
                        concurrent = Some(span);
                    }
                    file.operations.push(operation);
                }
            }
            other => {
                let message = format!(
                    "unknown key `{other}`, expected one of initial, atomic, dependencies, replaces, operations"
                );
                return Err(Problem::at(key.span(), message));
            }
        }
    }
    match concurrent {
        // PostgreSQL would refuse it, SQLite would not: found out before either is asked.
        Some(span) if file.atomic => {
            let message =
                "`concurrently` does not work inside a transaction, write `atomic = false` at the top of the file";
            Err(Problem::at(span, message))
        }
        _ => Ok(file),
    }
}

fn nodes(value: Spanned<DeValue<'_>>) -> Result<Vec<NodeKey>, Problem> {
    let mut nodes = Vec::new();
    for text in convert::<Vec<Spanned<String>>>(value)? {
        let span = text.span();
        nodes.push(text.into_inner().parse().map_err(|message: String| Problem::at(span, message))?);
    }
    Ok(nodes)
}

/// Reads a value; where the conversion loses the place of its complaint, the value's own is near enough.
fn convert<T: DeserializeOwned>(value: Spanned<DeValue<'_>>) -> Result<T, Problem> {
    let span = value.span();
    T::deserialize(ValueDeserializer::from(value)).map_err(|error| {
        let problem = Problem::from(error);
        Problem { span: problem.span.or(Some(span)), ..problem }
    })
}

macro_rules! read_operation {
    ($($variant:ident $name:literal $type:ident,)*) => {
        /// Reads one operation, choosing its struct by `op` so that complaints keep their place.
        fn operation(value: Spanned<DeValue<'_>>) -> Result<Operation, Problem> {
            let span = value.span();
            let DeValue::Table(mut table) = value.into_inner() else {
                return Err(Problem::at(span, "an operation must be a table, write [[operations]]"));
            };
            let Some(op) = table.remove("op") else {
                return Err(Problem::at(span, "the operation does not say what it does, write op = \"create_model\" or the like"));
            };
            let op_span = op.span();
            let name: String = convert(op)?;
            let rest = Spanned::new(span, DeValue::Table(table));
            match name.as_str() {
                $($name => Ok(Operation::$variant(convert(rest)?)),)*
                other => {
                    let known = Operation::NAMES.join(", ");
                    Err(Problem::at(op_span, format!("unknown operation `{other}`, expected one of {known}")))
                }
            }
        }
    };
}
for_each_operation!(read_operation);

/// Line and column, from 1, of a byte in a text.
fn position(text: &str, at: usize) -> (usize, usize) {
    let before = &text[..text.floor_char_boundary(at.min(text.len()))];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |rest| rest.chars().count()) + 1;
    (line, column)
}
