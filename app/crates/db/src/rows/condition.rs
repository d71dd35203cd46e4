//! Which rows are meant: lookups as Django names them, put together with NOT and across relations.

use std::str::FromStr;

use sea_orm::Value;

use super::{Table, cell};
use crate::{Backend, Error, backend::quote};

/// How a column is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// Equal; NULL finds rows without a value.
    Exact,
    /// Equal, whatever the case.
    IExact,
    /// Not equal; rows without a value are not equal to anything.
    Ne,
    /// The text holds this.
    Contains,
    /// The same, whatever the case.
    IContains,
    /// The text begins so.
    StartsWith,
    /// The same, whatever the case.
    IStartsWith,
    /// The text ends so.
    EndsWith,
    /// The same, whatever the case.
    IEndsWith,
    /// Greater.
    Gt,
    /// Greater or equal.
    Gte,
    /// Less.
    Lt,
    /// Less or equal.
    Lte,
    /// One of several.
    In,
    /// Whether there is no value.
    IsNull,
}

impl Lookup {
    /// All, with the names that are typed after `__`.
    pub const ALL: [(&'static str, Lookup); 15] = [
        ("contains", Lookup::Contains),
        ("endswith", Lookup::EndsWith),
        ("exact", Lookup::Exact),
        ("gt", Lookup::Gt),
        ("gte", Lookup::Gte),
        ("icontains", Lookup::IContains),
        ("iendswith", Lookup::IEndsWith),
        ("iexact", Lookup::IExact),
        ("in", Lookup::In),
        ("isnull", Lookup::IsNull),
        ("istartswith", Lookup::IStartsWith),
        ("lt", Lookup::Lt),
        ("lte", Lookup::Lte),
        ("ne", Lookup::Ne),
        ("startswith", Lookup::StartsWith),
    ];
}

impl FromStr for Lookup {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, lookup)| *lookup).ok_or(())
    }
}

/// A condition on the rows of a table.
#[derive(Clone, Debug)]
pub enum Condition<'a> {
    /// A column compared with a value, or with several ([`Lookup::In`]).
    Field {
        /// The column.
        column: String,
        /// How.
        lookup: Lookup,
        /// With what.
        values: Vec<Value>,
    },
    /// All of these; with none, every row.
    All(Vec<Condition<'a>>),
    /// Every row that the condition does not hold for, also where NULL keeps it from being false.
    Not(Box<Condition<'a>>),
    /// The column's value is one of those that rows of another table have in theirs.
    Within {
        /// The column of this table.
        column: String,
        /// The other table.
        table: Table<'a>,
        /// Its column.
        target: String,
        /// Which of its rows.
        condition: Box<Condition<'a>>,
    },
}

impl Condition<'_> {
    /// The condition in SQL; what it binds is added to `bound`.
    pub(super) fn sql(&self, table: Table<'_>, bound: &mut Vec<Value>, backend: Backend) -> Result<String, Error> {
        Ok(match self {
            Condition::Field { column, lookup, values } => {
                Comparison { table, column, backend }.sql(*lookup, values, bound)?
            }
            Condition::All(conditions) if conditions.is_empty() => "1 = 1".to_owned(),
            Condition::All(conditions) => {
                let parts = conditions.iter().map(|condition| condition.sql(table, bound, backend));
                format!("({})", parts.collect::<Result<Vec<_>, Error>>()?.join(" AND "))
            }
            Condition::Not(condition) => format!("NOT COALESCE({}, FALSE)", condition.sql(table, bound, backend)?),
            Condition::Within { column, table: other, target, condition } => {
                let (column, target) = (table.field(column)?, other.field(target)?);
                let condition = condition.sql(*other, bound, backend)?;
                let (column, target, other) = (quote(&column.name), quote(&target.name), quote(other.name()));
                format!("{column} IN (SELECT {target} FROM {other} WHERE {condition})")
            }
        })
    }
}

/// One column, and the backend whose SQL is wanted.
struct Comparison<'a> {
    table: Table<'a>,
    column: &'a str,
    backend: Backend,
}

impl Comparison<'_> {
    fn sql(&self, lookup: Lookup, values: &[Value], bound: &mut Vec<Value>) -> Result<String, Error> {
        let name = quote(&self.table.field(self.column)?.name);
        let one = || match values {
            [value] => Ok(value),
            _ => Err(self.table.refuse(self.column, "it is compared with exactly one value")),
        };
        Ok(match lookup {
            Lookup::Exact if cell::is_null(one()?) => format!("{name} IS NULL"),
            Lookup::Exact => self.compared("=", one()?, bound)?,
            Lookup::Ne if cell::is_null(one()?) => format!("{name} IS NOT NULL"),
            Lookup::Ne => format!("NOT COALESCE({}, FALSE)", self.compared("=", one()?, bound)?),
            Lookup::Gt => self.compared(">", one()?, bound)?,
            Lookup::Gte => self.compared(">=", one()?, bound)?,
            Lookup::Lt => self.compared("<", one()?, bound)?,
            Lookup::Lte => self.compared("<=", one()?, bound)?,
            Lookup::IsNull => match one()? {
                Value::Bool(Some(true)) => format!("{name} IS NULL"),
                Value::Bool(Some(false)) => format!("{name} IS NOT NULL"),
                other => {
                    return Err(self
                        .table
                        .refuse(self.column, format!("{} is neither true nor false", cell::show(other))));
                }
            },
            Lookup::In => self.one_of(&name, values, bound)?,
            Lookup::IExact => self.alike(one()?, Case::Ignored, ("", ""), bound)?,
            Lookup::Contains => self.alike(one()?, Case::Matters, ("%", "%"), bound)?,
            Lookup::IContains => self.alike(one()?, Case::Ignored, ("%", "%"), bound)?,
            Lookup::StartsWith => self.alike(one()?, Case::Matters, ("", "%"), bound)?,
            Lookup::IStartsWith => self.alike(one()?, Case::Ignored, ("", "%"), bound)?,
            Lookup::EndsWith => self.alike(one()?, Case::Matters, ("%", ""), bound)?,
            Lookup::IEndsWith => self.alike(one()?, Case::Ignored, ("%", ""), bound)?,
        })
    }

    /// Binds a value as one of the column's type, and gives back its place.
    fn bind(&self, value: &Value, bound: &mut Vec<Value>) -> Result<String, Error> {
        let field = self.table.field(self.column)?;
        bound.push(cell::bound(self.table.fitting(field, value.clone(), self.backend)?));
        Ok(cell::placeholder(field, bound.len(), self.backend))
    }

    fn compared(&self, operator: &str, value: &Value, bound: &mut Vec<Value>) -> Result<String, Error> {
        if cell::is_null(value) {
            return Err(self.table.refuse(self.column, "NULL is neither greater nor less than anything"));
        }
        Ok(format!("{} {operator} {}", quote(self.column), self.bind(value, bound)?))
    }

    fn one_of(&self, name: &str, values: &[Value], bound: &mut Vec<Value>) -> Result<String, Error> {
        let given = values.iter().filter(|value| !cell::is_null(value));
        let places = given.map(|value| self.bind(value, bound)).collect::<Result<Vec<_>, Error>>()?;
        let null = places.len() < values.len();
        Ok(match (places.is_empty(), null) {
            (true, true) => format!("{name} IS NULL"),
            (true, false) => "1 = 0".to_owned(),
            (false, true) => format!("({name} IN ({}) OR {name} IS NULL)", places.join(", ")),
            (false, false) => format!("{name} IN ({})", places.join(", ")),
        })
    }

    /// The column as text against a pattern, of which `around` is what stands before and after the text.
    fn alike(&self, value: &Value, case: Case, around: (&str, &str), bound: &mut Vec<Value>) -> Result<String, Error> {
        let Value::String(Some(text)) = value else {
            return Err(self.table.refuse(self.column, format!("{} is no text to look for", cell::show(value))));
        };
        let name = format!("CAST({} AS text)", quote(self.column));
        if (self.backend, case) == (Backend::Sqlite, Case::Matters) {
            // Its LIKE never heeds the case of ASCII letters; GLOB does.
            bound.push(format!("{}{}{}", star(around.0), glob(text), star(around.1)).into());
            return Ok(format!("{name} GLOB ${}", bound.len()));
        }
        bound.push(format!("{}{}{}", around.0, like(text), around.1).into());
        let operator = match (self.backend, case) {
            (Backend::Postgres, Case::Ignored) => "ILIKE",
            _ => "LIKE",
        };
        Ok(format!("{name} {operator} ${} ESCAPE '\\'", bound.len()))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Case {
    Matters,
    Ignored,
}

/// LIKE's sign for any text, as GLOB writes it.
fn star(percent: &str) -> String {
    percent.replace('%', "*")
}

/// A text that LIKE takes as it is.
fn like(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

/// A text that GLOB takes as it is.
fn glob(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '*' | '?' | '[' => pattern.extend(['[', letter, ']']),
            other => pattern.push(other),
        }
    }
    pattern
}
