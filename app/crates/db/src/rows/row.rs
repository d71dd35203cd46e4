//! A row: cells by the names of their columns.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use sea_orm::{JsonValue, Value};

use super::RowError;
use crate::Error;

/// Some or all cells of a row, in the order in which they were set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    cells: Vec<(Arc<str>, Value)>,
}

impl Row {
    /// A row without any cell.
    pub fn new() -> Self {
        Row::default()
    }

    /// The same row with one cell more.
    pub fn with(mut self, column: &str, value: impl Into<Value>) -> Self {
        self.set(column, value);
        self
    }

    /// Sets a cell. Whether the column exists and takes the value is found out when the row is written.
    pub fn set(&mut self, column: &str, value: impl Into<Value>) {
        let value = value.into();
        match self.cells.iter_mut().find(|(name, _)| &**name == column) {
            Some(cell) => cell.1 = value,
            None => self.cells.push((column.into(), value)),
        }
    }

    /// A cell in a type of Rust; `Option` for what may be NULL, and any integer type that the number fits.
    ///
    /// # Errors
    /// [`RowError::BadCell`] when there is no such cell, or it is of another type.
    pub fn get<T: FromCell>(&self, column: &str) -> Result<T, Error> {
        let refuse = |reason: String| Error::from(RowError::BadCell { field: column.to_owned(), reason });
        let Some(value) = self.value(column) else {
            let names: Vec<&str> = self.columns().collect();
            return Err(refuse(format!("the row has no such cell, it has {}", names.join(", "))));
        };
        T::from_cell(value).ok_or_else(|| refuse(format!("{} is not {}", super::cell::show(value), T::WHAT)))
    }

    /// A cell as it came from the database.
    pub fn value(&self, column: &str) -> Option<&Value> {
        self.cells.iter().find(|(name, _)| &**name == column).map(|(_, value)| value)
    }

    /// Takes a cell out.
    pub fn take(&mut self, column: &str) -> Option<Value> {
        let at = self.cells.iter().position(|(name, _)| &**name == column)?;
        Some(self.cells.remove(at).1)
    }

    /// The names of the cells, in order.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.cells.iter().map(|(name, _)| &**name)
    }

    pub(super) fn cells(&self) -> &[(Arc<str>, Value)] {
        &self.cells
    }

    pub(super) fn push(&mut self, column: Arc<str>, value: Value) {
        self.cells.push((column, value));
    }
}

/// Types that a cell can be read as.
pub trait FromCell: Sized {
    /// What such a value is called, for errors.
    const WHAT: &'static str;

    /// The value, if it is of this type.
    fn from_cell(value: &Value) -> Option<Self>;
}

/// NULL is `None`.
impl<T: FromCell> FromCell for Option<T> {
    const WHAT: &'static str = T::WHAT;

    fn from_cell(value: &Value) -> Option<Self> {
        if super::cell::is_null(value) { Some(None) } else { T::from_cell(value).map(Some) }
    }
}

macro_rules! from_cell {
    ($($type:ty, $what:literal, $($variant:ident($value:ident) => $convert:expr),+;)*) => {
        $(
            impl FromCell for $type {
                const WHAT: &'static str = $what;

                fn from_cell(value: &Value) -> Option<Self> {
                    match value {
                        $(Value::$variant(Some($value)) => $convert,)+
                        _ => None,
                    }
                }
            }
        )*
    };
}

from_cell! {
    i16, "a whole number of 16 bits", SmallInt(n) => Some(*n), Int(n) => (*n).try_into().ok(), BigInt(n) => (*n).try_into().ok();
    i32, "a whole number of 32 bits", SmallInt(n) => Some((*n).into()), Int(n) => Some(*n), BigInt(n) => (*n).try_into().ok();
    i64, "a whole number", SmallInt(n) => Some((*n).into()), Int(n) => Some((*n).into()), BigInt(n) => Some(*n);
    f32, "a number", Float(n) => Some(*n);
    f64, "a number", Float(n) => Some((*n).into()), Double(n) => Some(*n);
    bool, "true or false", Bool(b) => Some(*b);
    String, "a text", String(text) => Some(text.clone());
    Vec<u8>, "bytes", Bytes(bytes) => Some(bytes.clone());
    JsonValue, "JSON", Json(json) => Some((**json).clone());
    DateTime<Utc>, "a moment", ChronoDateTimeUtc(at) => Some(*at);
    NaiveDateTime, "a date and time", ChronoDateTime(at) => Some(*at);
    NaiveDate, "a date", ChronoDate(date) => Some(*date);
    NaiveTime, "a time", ChronoTime(time) => Some(*time);
}

impl FromCell for Value {
    const WHAT: &'static str = "a value";

    fn from_cell(value: &Value) -> Option<Self> {
        Some(value.clone())
    }
}
