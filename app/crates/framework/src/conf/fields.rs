//! How single settings are read: what is checked beyond their types.

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::str::FromStr;

use chrono_tz::{TZ_VARIANTS, Tz};
use secrecy::SecretString;
use serde::de::{Deserialize, Deserializer, Error, Visitor};

use super::Database;
use super::de::quoted;
use super::error::nearest;

/// The type name that tells the deserializer to keep the value out of its messages.
pub(super) const SECRET: &str = "$secret";

/// A secret: never repeated in an error.
pub(super) fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    struct Secret;

    impl Visitor<'_> for Secret {
        type Value = SecretString;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("text")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<SecretString, E> {
            Ok(SecretString::from(text))
        }
    }

    deserializer.deserialize_newtype_struct(SECRET, Secret)
}

/// Anything that is parsed from text.
pub(super) fn parsed<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: Display>,
{
    String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
}

/// An IANA time zone.
pub(super) fn time_zone<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Tz, D::Error> {
    let name = String::deserialize(deserializer)?;
    name.parse().map_err(|_| {
        let near = nearest(&name, TZ_VARIANTS.iter().map(|zone| zone.name()));
        let suggestion =
            near.map_or_else(|| "an IANA name is needed".to_owned(), |near| format!("did you mean `{near}`?"));
        D::Error::custom(format!("unknown time zone {}; {suggestion}", quoted(&name)))
    })
}

/// A number that must not be 0.
pub(super) fn at_least_one<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + PartialOrd + From<u8>,
{
    let number = T::deserialize(deserializer)?;
    if number < T::from(1) { Err(D::Error::custom("must be at least 1")) } else { Ok(number) }
}

/// A URL prefix, which begins and ends with `/`. The root alone would hide every page.
pub(super) fn url_prefix<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let prefix = String::deserialize(deserializer)?;
    if prefix.starts_with('/') && prefix.ends_with('/') && prefix.len() > 2 && !prefix.contains("//") {
        return Ok(prefix);
    }
    Err(D::Error::custom(format!(
        "expected a path that begins and ends with `/`, such as `/static/`, found {}",
        quoted(&prefix)
    )))
}

/// Host names without scheme, port and path: nothing else can match a request.
pub(super) fn hosts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let hosts = Vec::<String>::deserialize(deserializer)?;
    let is_host = |host: &String| {
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let name = bare.unwrap_or(host);
        let allowed = |letter: char| !letter.is_whitespace() && letter != '/' && (bare.is_some() || letter != ':');
        !name.is_empty() && name.chars().all(allowed)
    };
    match hosts.iter().find(|host| !is_host(host)) {
        None => Ok(hosts),
        Some(host) => {
            let message = format!(
                "expected host names without scheme, port and path, such as `example.com`, found {}",
                quoted(host)
            );
            Err(D::Error::custom(message))
        }
    }
}

/// The databases beside the default one.
pub(super) fn databases<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, Database>, D::Error> {
    let databases = BTreeMap::<String, Database>::deserialize(deserializer)?;
    if databases.contains_key("default") {
        return Err(D::Error::custom("the alias `default` belongs to `database`"));
    }
    Ok(databases)
}
