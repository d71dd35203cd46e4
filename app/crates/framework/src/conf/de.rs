//! Gives the merged tree its types. Text from the environment becomes what is asked for; a failure knows its path.

use std::fmt::{self, Display};

use serde::de::value::StrDeserializer;
use serde::de::{
    self, DeserializeSeed, Deserializer, Expected, IntoDeserializer, MapAccess, SeqAccess, Unexpected, Visitor,
};

use super::error::{Fault, listed, nearest};
use super::fields::SECRET;
use super::tree::{Node, Origin, Table, Value};

/// The first thing that does not fit.
#[derive(Debug)]
pub(super) struct Failure {
    /// The keys that lead to it.
    pub(super) path: Vec<String>,
    origin: Option<Origin>,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Value(String),
    UnknownKey { known: &'static [&'static str] },
}

impl Failure {
    fn value(message: impl Into<String>) -> Self {
        Self { path: Vec::new(), origin: None, kind: Kind::Value(message.into()) }
    }

    /// The same failure, seen from the table that holds `key`.
    fn within(mut self, key: &str, origin: &Origin) -> Self {
        self.path.insert(0, key.to_owned());
        self.at(origin)
    }

    fn at(mut self, origin: &Origin) -> Self {
        self.origin.get_or_insert_with(|| origin.clone());
        self
    }

    /// How it is told.
    pub(super) fn fault(&self) -> Fault {
        let origin = self.origin.clone().unwrap_or(Origin::Code);
        let key = self.path.join(".");
        match &self.kind {
            // The variable, which is the place, says the key already.
            Kind::Value(message) if matches!(origin, Origin::Variable { .. }) => {
                Fault::new(origin.to_string(), message)
            }
            Kind::Value(message) => Fault::new(origin.to_string(), format!("`{key}`: {message}")),
            Kind::UnknownKey { known } => {
                Fault::new(origin.to_string(), format!("unknown key `{key}`")).hint(self.suggestion(&origin, known))
            }
        }
    }

    fn suggestion(&self, origin: &Origin, known: &[&str]) -> String {
        let Some((last, parents)) = self.path.split_last() else { return String::new() };
        if parents.is_empty() && last == "environment" {
            return "the environment is named by the variable `APP__ENVIRONMENT` alone".to_owned();
        }
        match (nearest(last, known.iter().copied()), origin) {
            (Some(near), Origin::Variable { name, .. }) => {
                let mut words: Vec<String> = name.split("__").map(str::to_owned).collect();
                // The first word is `APP`.
                if let Some(word) = words.get_mut(self.path.len()) {
                    *word = near.to_uppercase();
                }
                format!("did you mean `{}`?", words.join("__"))
            }
            (Some(near), _) => format!("did you mean `{near}`?"),
            (None, _) if parents.is_empty() => format!("known keys: {}", listed(known.iter().copied())),
            (None, _) => format!("known keys in `{}`: {}", parents.join("."), listed(known.iter().copied())),
        }
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.fault().message)
    }
}

impl std::error::Error for Failure {}

impl de::Error for Failure {
    fn custom<T: Display>(message: T) -> Self {
        Self::value(message.to_string())
    }

    // Serde's own wording would repeat the value, which is not for it to judge.
    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::value(format!("expected {expected}"))
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::value(format!("expected {expected}"))
    }

    fn unknown_variant(variant: &str, known: &'static [&'static str]) -> Self {
        Self::value(format!("expected one of {}, found {}", listed(known.iter().copied()), quoted(variant)))
    }
}

/// A value to be given its type.
#[derive(Clone, Copy)]
enum View<'de> {
    Node(&'de Value),
    /// One element of a comma-separated list.
    Raw(&'de str),
}

/// The deserializer of a table; the whole settings are one.
pub(super) fn deserializer<'de>(table: &'de Value) -> impl Deserializer<'de, Error = Failure> {
    View::Node(table)
}

impl<'de> View<'de> {
    fn wrong(self, expected: impl Display) -> Failure {
        let found = match self {
            Self::Raw(text) => quoted(text),
            Self::Node(Value::Raw(text)) => quoted(text),
            Self::Node(Value::Text(text)) => format!("the text {}", quoted(text)),
            Self::Node(Value::Integer(number)) => format!("the number `{number}`"),
            Self::Node(Value::Float(number)) => format!("the number `{number}`"),
            Self::Node(Value::Boolean(value)) => format!("`{value}`"),
            Self::Node(Value::Date) => "a date".to_owned(),
            Self::Node(Value::List(_)) => "a list".to_owned(),
            Self::Node(Value::Table(_)) => "a table".to_owned(),
        };
        Failure::value(format!("expected {expected}, found {found}"))
    }

    /// Text, whether it may become something else or not.
    fn text(self) -> Option<&'de str> {
        match self {
            Self::Raw(text) => Some(text),
            Self::Node(Value::Raw(text) | Value::Text(text)) => Some(text),
            Self::Node(_) => None,
        }
    }

    /// Text that may become something else.
    fn raw(self) -> Option<&'de str> {
        match self {
            Self::Raw(_) | Self::Node(Value::Raw(_)) => self.text().map(str::trim),
            Self::Node(_) => None,
        }
    }

    fn integer(self, lowest: i128, highest: i128) -> Result<i128, Failure> {
        let number = match self {
            Self::Node(Value::Integer(number)) => Some(*number),
            _ => self.raw().and_then(|text| text.parse().ok()),
        };
        number.filter(|number| (lowest..=highest).contains(number)).ok_or_else(|| {
            let expected = match (lowest, i64::try_from(highest)) {
                (0, Err(_)) => "a whole number of 0 or more".to_owned(),
                _ => format!("a whole number from {lowest} to {highest}"),
            };
            self.wrong(expected)
        })
    }

    fn table(self) -> Result<&'de Table, Failure> {
        match self {
            Self::Node(Value::Table(table)) => Ok(table),
            // Whoever sets `APP__DATABASE` to a URL has a password in it.
            _ => Err(Failure::value("expected a table of keys")),
        }
    }

    fn boolean(self) -> Option<bool> {
        if let Self::Node(Value::Boolean(value)) = self {
            return Some(*value);
        }
        match self.raw()?.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => Some(true),
            "false" | "0" | "no" | "off" => Some(false),
            _ => None,
        }
    }
}

/// A value in a message: on one line, not too long, and nothing that may hold a password.
pub(super) fn quoted(text: &str) -> String {
    if text.contains("://") {
        return "a URL".to_owned();
    }
    let mut shown: String = text.escape_debug().take(60).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    format!("`{shown}`")
}

macro_rules! integers {
    ($($method:ident $visit:ident $type:ty),* $(,)?) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
            let number = self.integer(<$type>::MIN.into(), <$type>::MAX.into())?;
            visitor.$visit(<$type>::try_from(number).unwrap_or_default())
        })*
    };
}

impl<'de> Deserializer<'de> for View<'de> {
    type Error = Failure;

    integers! {
        deserialize_i8 visit_i8 i8, deserialize_i16 visit_i16 i16, deserialize_i32 visit_i32 i32,
        deserialize_i64 visit_i64 i64, deserialize_u8 visit_u8 u8, deserialize_u16 visit_u16 u16,
        deserialize_u32 visit_u32 u32, deserialize_u64 visit_u64 u64,
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self {
            Self::Node(Value::Table(_)) => self.deserialize_map(visitor),
            Self::Node(Value::List(_)) => self.deserialize_seq(visitor),
            Self::Node(Value::Integer(_)) => self.deserialize_i64(visitor),
            Self::Node(Value::Float(_)) => self.deserialize_f64(visitor),
            Self::Node(Value::Boolean(_)) => self.deserialize_bool(visitor),
            _ => self.deserialize_str(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_bool(self.boolean().ok_or_else(|| self.wrong("true or false"))?)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        let number = match self {
            Self::Node(Value::Float(number)) => Some(*number),
            Self::Node(Value::Integer(number)) => Some(*number as f64),
            _ => self.raw().and_then(|text| text.parse().ok()),
        };
        visitor.visit_f64(number.filter(|number: &f64| number.is_finite()).ok_or_else(|| self.wrong("a number"))?)
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_borrowed_str(self.text().ok_or_else(|| self.wrong("text (in quotes)"))?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Failure> {
        if name != SECRET {
            return visitor.visit_newtype_struct(self);
        }
        match self.text().filter(|text| !text.is_empty()) {
            Some(text) => visitor.visit_str(text),
            None => Err(Failure::value("expected text (in quotes) that is not empty")),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        let text = self.text().ok_or_else(|| self.wrong("text (in quotes)"))?;
        let variant: StrDeserializer<'_, Failure> = text.into_deserializer();
        visitor.visit_enum(variant)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match (self, self.raw()) {
            (Self::Node(Value::List(nodes)), _) => visitor.visit_seq(Elements(nodes.iter())),
            (_, Some(text)) => {
                let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
                visitor.visit_seq(Words(words))
            }
            _ => Err(self.wrong("a list")),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_map(Entries { rest: self.table()?.iter(), value: None })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        known: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        let unknown = self.table()?.iter().find(|(key, _)| !known.contains(&key.as_str()));
        match unknown {
            None => self.deserialize_map(visitor),
            Some((key, node)) => {
                let failure = Failure { path: Vec::new(), origin: None, kind: Kind::UnknownKey { known } };
                Err(failure.within(key, &node.origin))
            }
        }
    }

    serde::forward_to_deserialize_any! { char bytes byte_buf unit unit_struct tuple tuple_struct identifier ignored_any }
}

/// The keys and values of a table.
struct Entries<'de> {
    rest: std::collections::btree_map::Iter<'de, String, Node>,
    value: Option<(&'de str, &'de Node)>,
}

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = Failure;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Failure> {
        let Some((key, node)) = self.rest.next() else { return Ok(None) };
        self.value = Some((key, node));
        seed.deserialize(View::Raw(key)).map(Some).map_err(|failure| failure.within(key, &node.origin))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Failure> {
        let Some((key, node)) = self.value.take() else { return Err(Failure::value("a value without a key")) };
        seed.deserialize(View::Node(&node.value)).map_err(|failure| failure.within(key, &node.origin))
    }
}

/// The elements of a list.
struct Elements<'de>(std::slice::Iter<'de, Node>);

impl<'de> SeqAccess<'de> for Elements<'de> {
    type Error = Failure;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Failure> {
        let Some(node) = self.0.next() else { return Ok(None) };
        seed.deserialize(View::Node(&node.value)).map(Some).map_err(|failure| failure.at(&node.origin))
    }
}

/// The elements of a comma-separated list.
struct Words<I>(I);

impl<'de, I: Iterator<Item = &'de str>> SeqAccess<'de> for Words<I> {
    type Error = Failure;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Failure> {
        self.0.next().map(|word| seed.deserialize(View::Raw(word))).transpose()
    }
}
