//! A column as migrations know it: type, default, reference.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A column of a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// The column's name.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// Whether it may be NULL.
    #[serde(default, skip_serializing_if = "is_false")]
    pub null: bool,
    /// Whether no two rows may have the same value.
    #[serde(default, skip_serializing_if = "is_false")]
    pub unique: bool,
    /// Whether it is the primary key, or part of it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub primary_key: bool,
    /// Whether the database numbers new rows.
    #[serde(default, skip_serializing_if = "is_false")]
    pub auto_increment: bool,
    /// What the database puts in when a statement says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<DefaultValue>,
    /// The model whose rows it points at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub references: Option<Reference>,
    /// What the entity says it was called before; a hint for the autodetector, in no file and no comparison.
    #[serde(skip)]
    pub renamed_from: RenamedFrom,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_false(value: &bool) -> bool {
    !*value
}

impl Field {
    /// A required column without default, uniqueness or reference.
    pub fn new(name: impl Into<String>, kind: FieldType) -> Self {
        Field {
            name: name.into(),
            kind,
            null: false,
            unique: false,
            primary_key: false,
            auto_increment: false,
            default: None,
            references: None,
            renamed_from: RenamedFrom(None),
        }
    }
}

/// A former name. All are equal, because it is no property of the table.
#[derive(Clone, Debug, Default)]
pub struct RenamedFrom(pub Option<String>);

impl PartialEq for RenamedFrom {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// The types a column can have, a closed list that both backends can store and that has one stable spelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FieldType {
    /// 16 bits.
    SmallInteger,
    /// 32 bits.
    Integer,
    /// 64 bits.
    BigInteger,
    /// Text, limited to that many characters where the backend enforces it.
    String(Option<u32>),
    /// Text of a fixed length.
    Char(u32),
    /// Text of any length.
    Text,
    /// True or false.
    Boolean,
    /// A moment, stored in UTC.
    DateTime,
    /// A date and time without time zone.
    NaiveDateTime,
    /// A date.
    Date,
    /// A time of day.
    Time,
    /// An exact number: digits in all, digits after the point.
    Decimal(Option<(u32, u32)>),
    /// 32-bit floating point.
    Float,
    /// 64-bit floating point.
    Double,
    /// JSON as text.
    Json,
    /// JSON in binary form where the backend has one.
    JsonBinary,
    /// A UUID.
    Uuid,
    /// Bytes.
    Binary,
}

/// The spellings without parameters.
const NAMES: [(&str, FieldType); 16] = [
    ("small_integer", FieldType::SmallInteger),
    ("integer", FieldType::Integer),
    ("big_integer", FieldType::BigInteger),
    ("string", FieldType::String(None)),
    ("text", FieldType::Text),
    ("boolean", FieldType::Boolean),
    ("datetime", FieldType::DateTime),
    ("naive_datetime", FieldType::NaiveDateTime),
    ("date", FieldType::Date),
    ("time", FieldType::Time),
    ("decimal", FieldType::Decimal(None)),
    ("float", FieldType::Float),
    ("double", FieldType::Double),
    ("json", FieldType::Json),
    ("json_binary", FieldType::JsonBinary),
    ("uuid", FieldType::Uuid),
];

impl FieldType {
    /// Whether the database can number rows with it.
    pub fn is_integer(self) -> bool {
        matches!(self, FieldType::SmallInteger | FieldType::Integer | FieldType::BigInteger)
    }

    /// Whether a column of this type can reference one of the other, as PostgreSQL sees it.
    pub fn compares_with(self, other: FieldType) -> bool {
        use FieldType as T;
        let is_text = |kind| matches!(kind, T::String(_) | T::Text | T::Char(_));
        let is_number = |kind: T| kind.is_integer() || matches!(kind, T::Decimal(_) | T::Float | T::Double);
        self == other || (is_text(self) && is_text(other)) || (is_number(self) && is_number(other))
    }
}

impl fmt::Display for FieldType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FieldType::String(Some(length)) => write!(f, "string({length})"),
            FieldType::Char(length) => write!(f, "char({length})"),
            FieldType::Decimal(Some((precision, scale))) => write!(f, "decimal({precision},{scale})"),
            FieldType::Binary => f.write_str("binary"),
            plain => f.write_str(NAMES.iter().find(|(_, kind)| kind == plain).map_or("", |(name, _)| name)),
        }
    }
}

impl FromStr for FieldType {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parameters = |prefix: &str| {
            let inner = text.strip_prefix(prefix)?.strip_prefix('(')?.strip_suffix(')')?;
            inner.split(',').map(|part| part.trim().parse().ok()).collect::<Option<Vec<u32>>>()
        };
        if text == "binary" {
            return Ok(FieldType::Binary);
        }
        if let Some((_, kind)) = NAMES.iter().find(|(name, _)| *name == text) {
            return Ok(*kind);
        }
        match (parameters("string").as_deref(), parameters("char").as_deref(), parameters("decimal").as_deref()) {
            (Some(&[length]), ..) if length > 0 => Ok(FieldType::String(Some(length))),
            (_, Some(&[length]), _) if length > 0 => Ok(FieldType::Char(length)),
            (.., Some(&[precision, scale])) if precision > 0 && scale <= precision => {
                Ok(FieldType::Decimal(Some((precision, scale))))
            }
            _ => {
                let known: Vec<&str> = NAMES.iter().map(|(name, _)| *name).collect();
                Err(format!(
                    "unknown field type `{text}`, expected one of {}, binary, string(n), char(n), decimal(p,s)",
                    known.join(", ")
                ))
            }
        }
    }
}

impl Serialize for FieldType {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for FieldType {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A value that a column gets by itself: a plain TOML value, or `{ sql = "…" }`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected true, false, a number, a text, or { sql = \"an expression\" }")]
pub enum DefaultValue {
    /// `true`, `false`.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction.
    Double(f64),
    /// Text; also dates, times, JSON and UUIDs, as the database reads them.
    Text(String),
    /// An expression in SQL, such as `CURRENT_TIMESTAMP`.
    Sql(SqlExpression),
}

/// An expression in SQL that both backends understand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SqlExpression {
    /// The expression.
    pub sql: String,
}

/// A foreign key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// The model pointed at, as `module.Model`: a label, not a table, so that renames follow by themselves.
    pub model: String,
    /// Its column, nearly always the primary key.
    pub column: String,
    /// What happens to this row when that one is deleted.
    #[serde(default, skip_serializing_if = "Action::is_default")]
    pub on_delete: Action,
    /// What happens to this row when that one's key changes.
    #[serde(default, skip_serializing_if = "Action::is_default")]
    pub on_update: Action,
}

/// What a foreign key does when the row it points at goes or changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Refuse, at the end of the statement.
    #[default]
    NoAction,
    /// Refuse, at once.
    Restrict,
    /// Go or change as well.
    Cascade,
    /// Point at nothing.
    SetNull,
    /// Point at the column's default.
    SetDefault,
}

impl Action {
    /// The SQL words.
    pub fn sql(self) -> &'static str {
        match self {
            Action::NoAction => "NO ACTION",
            Action::Restrict => "RESTRICT",
            Action::Cascade => "CASCADE",
            Action::SetNull => "SET NULL",
            Action::SetDefault => "SET DEFAULT",
        }
    }

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    fn is_default(&self) -> bool {
        *self == Action::NoAction
    }
}
