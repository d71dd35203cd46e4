//! Locales: which language a command or a page speaks. The catalogues come with a later module.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

/// A language that the project speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Locale {
    /// English.
    #[default]
    En,
    /// Russian.
    Ru,
}

impl Locale {
    /// Every locale there is.
    pub const ALL: [Self; 2] = [Self::En, Self::Ru];

    /// The language tag (BCP 47), as in settings and in `<html lang>`.
    pub fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Ru => "ru",
        }
    }
}

impl fmt::Display for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

impl FromStr for Locale {
    type Err = String;

    fn from_str(tag: &str) -> Result<Self, String> {
        let known = || Self::ALL.map(|locale| format!("`{locale}`")).join(", ");
        Self::ALL
            .into_iter()
            .find(|locale| locale.tag() == tag)
            .ok_or_else(|| format!("unknown language `{tag}` (known: {})", known()))
    }
}

impl TryFrom<String> for Locale {
    type Error = String;

    fn try_from(tag: String) -> Result<Self, String> {
        tag.parse()
    }
}
