//! How single settings are read: what is checked beyond their types.

use std::collections::BTreeMap;
use std::fmt;

use chrono_tz::{TZ_VARIANTS, Tz};
use cli::{AddrPort, Bind};
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::{Deserialize, Deserializer, Error, Visitor};

use super::de::quoted;
use super::error::nearest;
use super::network::Network;
use super::{Cache, Database};
use crate::cache::{FORMS, Target};

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

/// A number from `LOW` to `HIGH`; what lies beyond could not be carried out.
pub(super) fn between<'de, const LOW: u64, const HIGH: u64, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + TryInto<u64> + Copy,
{
    let number = T::deserialize(deserializer)?;
    match number.try_into() {
        Ok(value) if (LOW..=HIGH).contains(&value) => Ok(number),
        _ => Err(D::Error::custom(format!("must be a number from {LOW} to {HIGH}"))),
    }
}

/// An address to listen on: `host:port`, a port, or a host alone, which gets the usual port.
pub(super) fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<AddrPort, D::Error> {
    let text = String::deserialize(deserializer)?;
    let with_port = if text.contains("::") { format!("[{text}]:8000") } else { format!("{text}:8000") };
    text.parse::<AddrPort>().or_else(|error| with_port.parse().map_err(|_| D::Error::custom(error)))
}

/// The same, or nothing when it is empty.
pub(super) fn address_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<AddrPort>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(D::Error::custom) }
}

/// Addresses of any kind, at least one.
pub(super) fn binds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Bind>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    if texts.is_empty() {
        return Err(D::Error::custom("expected at least one address, such as `127.0.0.1:8000`"));
    }
    texts.iter().map(|text| text.parse().map_err(D::Error::custom)).collect()
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

/// Addresses and networks.
pub(super) fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Network>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    texts.iter().map(|text| text.trim().parse().map_err(D::Error::custom)).collect()
}

/// The databases beside the default one.
pub(super) fn databases<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, Database>, D::Error> {
    let databases = BTreeMap::<String, Database>::deserialize(deserializer)?;
    if databases.contains_key("default") {
        return Err(D::Error::custom("the alias `default` belongs to `database`"));
    }
    Ok(databases)
}

/// The caches beside the default one.
pub(super) fn caches<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, Cache>, D::Error> {
    let caches = BTreeMap::<String, Cache>::deserialize(deserializer)?;
    if caches.contains_key("default") {
        return Err(D::Error::custom("the alias `default` belongs to `cache`"));
    }
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
    match caches.keys().find(|alias| !alias.chars().all(is_plain)) {
        None => Ok(caches),
        Some(alias) => Err(D::Error::custom(format!(
            "the alias {} of a cache must consist of letters, digits, `_` and `-`",
            quoted(alias)
        ))),
    }
}

/// The URL of a cache, which is a secret.
pub(super) fn cache_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    let url = secret(deserializer)?;
    match Target::of(url.expose_secret()) {
        Some(_) => Ok(url),
        None => Err(D::Error::custom(format!("expected {FORMS}"))),
    }
}

/// What stands before the keys of a cache.
pub(super) fn cache_prefix<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let prefix = String::deserialize(deserializer)?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    if prefix.len() <= 64 && prefix.bytes().all(is_plain) {
        return Ok(prefix);
    }
    Err(D::Error::custom(format!("expected at most 64 letters, digits, `_`, `-` and `.`, found {}", quoted(&prefix))))
}
