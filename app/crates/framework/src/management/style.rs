//! Colours by role, as in Django's `termcolors`: palettes `dark`, `light`, `nocolor`, and single roles.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::str::FromStr;

use serde::Deserialize;

/// What a piece of output is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Something failed.
    Error,
    /// Something worked.
    Success,
    /// Something may be wrong.
    Warning,
    /// Something worth knowing.
    Notice,
    /// A column name.
    SqlField,
    /// A column type.
    SqlColtype,
    /// An SQL keyword.
    SqlKeyword,
    /// A table name.
    SqlTable,
    /// An informational HTTP answer (1xx).
    HttpInfo,
    /// A successful HTTP answer (2xx).
    HttpSuccess,
    /// A redirect (3xx).
    HttpRedirect,
    /// 304 Not Modified.
    HttpNotModified,
    /// A client's error (4xx).
    HttpBadRequest,
    /// 404 Not Found.
    HttpNotFound,
    /// A server's error (5xx).
    HttpServerError,
    /// A heading in the output of migrations and help.
    MigrateHeading,
    /// A label below such a heading.
    MigrateLabel,
}

const ROLES: [(Role, &str); 17] = [
    (Role::Error, "error"),
    (Role::Success, "success"),
    (Role::Warning, "warning"),
    (Role::Notice, "notice"),
    (Role::SqlField, "sql_field"),
    (Role::SqlColtype, "sql_coltype"),
    (Role::SqlKeyword, "sql_keyword"),
    (Role::SqlTable, "sql_table"),
    (Role::HttpInfo, "http_info"),
    (Role::HttpSuccess, "http_success"),
    (Role::HttpRedirect, "http_redirect"),
    (Role::HttpNotModified, "http_not_modified"),
    (Role::HttpBadRequest, "http_bad_request"),
    (Role::HttpNotFound, "http_not_found"),
    (Role::HttpServerError, "http_server_error"),
    (Role::MigrateHeading, "migrate_heading"),
    (Role::MigrateLabel, "migrate_label"),
];

const COLORS: [&str; 8] = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];

/// The options of a style and their codes (ECMA-48 SGR).
const OPTIONS: [(&str, u8); 5] = [("bold", 1), ("underscore", 4), ("blink", 5), ("reverse", 7), ("conceal", 8)];

/// How one role looks: the numbers between `\x1b[` and `m`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Style(Vec<u8>);

impl Style {
    /// Wraps the text, its line end included, in the style's codes; without codes the text stays as it is.
    pub fn paint(&self, text: &str) -> String {
        if self.0.is_empty() {
            return text.to_owned();
        }
        let mut codes = String::new();
        for code in &self.0 {
            let _ = write!(codes, "{}{code}", if codes.is_empty() { "" } else { ";" });
        }
        format!("\x1b[{codes}m{text}\x1b[0m")
    }
}

impl FromStr for Style {
    type Err = String;

    /// Parses `yellow`, `yellow/blue`, `yellow/blue,bold,blink`.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = text.split(',').map(str::trim);
        let (foreground, background) = match parts.next().unwrap_or_default().split_once('/') {
            Some((foreground, background)) => (foreground, Some(background)),
            None => (text.split(',').next().unwrap_or_default().trim(), None),
        };
        let color = |name: &str| {
            let index = COLORS.iter().position(|color| *color == name);
            index
                .map(|index| index as u8)
                .ok_or_else(|| format!("unknown colour `{name}` (known: {})", COLORS.join(", ")))
        };
        let mut codes = vec![30 + color(foreground)?];
        if let Some(background) = background {
            codes.push(40 + color(background)?);
        }
        for part in parts {
            let option = OPTIONS.iter().find(|(name, _)| *name == part);
            codes.push(option.ok_or_else(|| format!("unknown style option `{part}`"))?.1);
        }
        Ok(Self(codes))
    }
}

/// A style for every role; roles without one are plain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Palette(BTreeMap<Role, Style>);

impl Palette {
    /// No colours at all.
    pub fn plain() -> Self {
        Self::default()
    }

    /// For light text on a dark ground; the default.
    pub fn dark() -> Self {
        Self::of(&[(Role::SqlKeyword, &[33]), (Role::HttpNotModified, &[36]), (Role::HttpNotFound, &[33])])
    }

    /// For dark text on a light ground.
    pub fn light() -> Self {
        Self::of(&[(Role::SqlKeyword, &[34]), (Role::HttpNotModified, &[32]), (Role::HttpNotFound, &[31])])
    }

    /// The styles that both palettes share, and `own`.
    fn of(own: &[(Role, &[u8])]) -> Self {
        let shared: &[(Role, &[u8])] = &[
            (Role::Error, &[31, 1]),
            (Role::Success, &[32, 1]),
            (Role::Warning, &[33, 1]),
            (Role::Notice, &[31]),
            (Role::SqlField, &[32, 1]),
            (Role::SqlColtype, &[32]),
            (Role::SqlTable, &[1]),
            (Role::HttpInfo, &[1]),
            (Role::HttpRedirect, &[32]),
            (Role::HttpBadRequest, &[31, 1]),
            (Role::HttpServerError, &[35, 1]),
            (Role::MigrateHeading, &[36, 1]),
            (Role::MigrateLabel, &[1]),
        ];
        Self(shared.iter().chain(own).map(|(role, codes)| (*role, Style(codes.to_vec()))).collect())
    }

    /// The text in the role's style.
    pub fn paint(&self, role: Role, text: &str) -> String {
        self.0.get(&role).map_or_else(|| text.to_owned(), |style| style.paint(text))
    }
}

/// The colours that the settings ask for (`APP__COLORS`).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Colors {
    palette: Palette,
    text: String,
}

impl Colors {
    /// The palette.
    pub fn palette(&self) -> &Palette {
        &self.palette
    }
}

impl Default for Colors {
    fn default() -> Self {
        Self { palette: Palette::dark(), text: "dark".to_owned() }
    }
}

impl fmt::Display for Colors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Colors {
    type Err = String;

    /// Parses `dark`, `light`, `nocolor`, `light;error=yellow/blue,blink;notice=magenta`.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut palette = Palette::dark();
        for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
            match (part, part.split_once('=')) {
                ("dark", _) => palette = Palette::dark(),
                ("light", _) => palette = Palette::light(),
                ("nocolor", _) => palette = Palette::plain(),
                (_, Some((name, style))) => {
                    let role = ROLES.iter().find(|(_, known)| known.eq_ignore_ascii_case(name.trim()));
                    let (role, _) = role.ok_or_else(|| format!("unknown colour role `{name}`"))?;
                    palette.0.insert(*role, style.parse()?);
                }
                _ => return Err(format!("unknown palette `{part}` (known: dark, light, nocolor)")),
            }
        }
        Ok(Self { palette, text: text.to_owned() })
    }
}

impl TryFrom<String> for Colors {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}
