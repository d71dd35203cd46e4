//! Values between what was sent and the type that a module asked for. What is generic about forms is here, and small.

use std::fmt;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use serde_json::Value;

/// A value that was understood.
#[derive(Clone, Debug, PartialEq)]
pub enum Parsed {
    /// Also the key of a choice.
    Text(String),
    /// Within the bounds of its type.
    Integer(i64),
    /// Never NaN, never infinite.
    Float(f64),
    /// Ticked or not.
    Boolean(bool),
    /// A day.
    Date(NaiveDate),
    /// A time of day.
    Time(NaiveTime),
    /// An instant.
    DateTime(DateTime<Utc>),
    /// Any JSON.
    Json(Value),
}

/// A type that fields come out as.
pub trait Typed: Sized {
    /// The value, when it is of this type; it always is, for the field was described by the same type.
    fn of(parsed: Parsed) -> Option<Self>;
}

macro_rules! typed {
    ($($kind:ident => $type:ty),* $(,)?) => {
        $(impl Typed for $type {
            fn of(parsed: Parsed) -> Option<Self> {
                match parsed {
                    Parsed::$kind(value) => Some(value),
                    _ => None,
                }
            }
        })*
    };
}

typed! {
    Float => f64,
    Boolean => bool,
    Date => NaiveDate,
    Time => NaiveTime,
    DateTime => DateTime<Utc>,
    Json => Value,
    Text => String,
}

/// A type of whole numbers that a column can have.
pub trait Integer: Typed {
    /// The smallest and the largest.
    const BOUNDS: (i64, i64);
}

/// A type that the key of a row can have.
pub trait Key: Typed + fmt::Display {}

impl Key for String {}

macro_rules! integers {
    ($($type:ty),*) => {
        $(
            impl Typed for $type {
                fn of(parsed: Parsed) -> Option<Self> {
                    match parsed {
                        Parsed::Integer(number) => number.try_into().ok(),
                        // A key of rows that are not listed: the database knows whether there is such a row.
                        Parsed::Text(key) => key.parse().ok(),
                        _ => None,
                    }
                }
            }

            impl Integer for $type {
                const BOUNDS: (i64, i64) = (<$type>::MIN as i64, <$type>::MAX as i64);
            }

            impl Key for $type {}
        )*
    };
}

integers!(i16, i32, i64);
