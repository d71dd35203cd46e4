//! The types that a field can have, and what each is called in Rust and in a migration.

use std::fmt;

/// How long a `string` is unless the field says so (`string(80)`).
const STRING_LENGTH: u32 = 255;

/// The longest that a `string` can be; longer ones are `text`.
const LONGEST_STRING: u32 = 10_000;

/// A field's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text up to a length.
    String(u32),
    /// Text of any length.
    Text,
    /// 32 bits.
    Integer,
    /// 64 bits.
    BigInteger,
    /// Floating point, 64 bits.
    Float,
    /// True or false.
    Boolean,
    /// A date.
    Date,
    /// A time of day.
    Time,
    /// A moment, stored in UTC.
    DateTime,
    /// Any JSON.
    Json,
}

/// The types by the names that may be typed, the first of each is the one that messages use.
const NAMES: [(&str, Kind); 24] = [
    ("string", Kind::String(STRING_LENGTH)),
    ("text", Kind::Text),
    ("integer", Kind::Integer),
    ("big_integer", Kind::BigInteger),
    ("float", Kind::Float),
    ("boolean", Kind::Boolean),
    ("date", Kind::Date),
    ("time", Kind::Time),
    ("datetime", Kind::DateTime),
    ("json", Kind::Json),
    ("str", Kind::String(STRING_LENGTH)),
    ("char", Kind::String(STRING_LENGTH)),
    ("varchar", Kind::String(STRING_LENGTH)),
    ("int", Kind::Integer),
    ("i32", Kind::Integer),
    ("bigint", Kind::BigInteger),
    ("biginteger", Kind::BigInteger),
    ("i64", Kind::BigInteger),
    ("double", Kind::Float),
    ("f64", Kind::Float),
    ("bool", Kind::Boolean),
    ("date_time", Kind::DateTime),
    ("timestamp", Kind::DateTime),
    ("jsonb", Kind::Json),
];

/// How many of [`NAMES`] are the types' own; the others are aliases.
const TYPES: usize = 10;

impl Kind {
    /// The type called so, in any case, with its length where it has one: `string`, `string(80)`, `bool`. Nothing when
    /// there is none.
    ///
    /// # Errors
    /// What is wrong with the length.
    pub(super) fn parse(text: &str) -> Result<Option<Self>, String> {
        let lower = text.to_ascii_lowercase();
        let (name, length) = match lower.strip_suffix(')').and_then(|rest| rest.split_once('(')) {
            Some((name, length)) => (name, Some(length)),
            None => (lower.as_str(), None),
        };
        let Some((_, kind)) = NAMES.iter().find(|(known, _)| *known == name) else { return Ok(None) };
        match (kind, length) {
            (kind, None) => Ok(Some(*kind)),
            (Self::String(_), Some(length)) => match length.parse() {
                Ok(length @ 1..=LONGEST_STRING) => Ok(Some(Self::String(length))),
                _ => Err(format!("`{text}` has no length from 1 to {LONGEST_STRING}; longer is `text`")),
            },
            (kind, Some(_)) => Err(format!("`{text}` has a length, which `{kind}` cannot have")),
        }
    }

    /// The names of all types, aliases left out.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES[..TYPES].iter().map(|(name, _)| *name)
    }

    /// The type in an entity.
    pub(crate) fn rust(self) -> &'static str {
        match self {
            Self::String(_) | Self::Text => "String",
            Self::Integer => "i32",
            Self::BigInteger => "i64",
            Self::Float => "f64",
            Self::Boolean => "bool",
            Self::Date => "Date",
            Self::Time => "Time",
            Self::DateTime => "DateTimeUtc",
            Self::Json => "Json",
        }
    }

    /// What an entity says about the column's type beside that; nothing where the Rust type says enough.
    pub(crate) fn column_type(self) -> Option<String> {
        match self {
            Self::String(length) => Some(format!("String(StringLen::N({length}))")),
            Self::Text => Some("Text".to_owned()),
            Self::Json => Some("JsonBinary".to_owned()),
            _ => None,
        }
    }

    /// The type in a migration.
    pub(super) fn migration(self) -> String {
        match self {
            Self::String(length) => format!("string({length})"),
            Self::Float => "double".to_owned(),
            Self::Json => "json_binary".to_owned(),
            other => other.to_string(),
        }
    }
}

/// The type's name as messages and templates have it.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::String(_) => "string",
            Self::Text => "text",
            Self::Integer => "integer",
            Self::BigInteger => "big_integer",
            Self::Float => "float",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::Time => "time",
            Self::DateTime => "datetime",
            Self::Json => "json",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_known_by_name_alias_and_length() {
        let parsed = |text| Kind::parse(text).expect("a length that is right");
        assert_eq!(parsed("string"), Some(Kind::String(255)));
        assert_eq!(parsed("String(80)"), Some(Kind::String(80)));
        assert_eq!(parsed("bool"), Some(Kind::Boolean));
        assert_eq!(parsed("strin"), None);
        assert_eq!(
            Kind::parse("string(0)").expect_err("no length"),
            "`string(0)` has no length from 1 to 10000; longer is `text`"
        );
        assert_eq!(Kind::parse("int(4)").expect_err("no length"), "`int(4)` has a length, which `integer` cannot have");
    }

    #[test]
    fn every_type_is_written_as_it_is_read() {
        for name in Kind::names() {
            assert_eq!(Kind::parse(name).expect("no length").map(|kind| kind.to_string()).as_deref(), Some(name));
        }
    }
}
