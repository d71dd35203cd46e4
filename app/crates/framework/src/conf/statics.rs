//! The settings of static files: directories with prefixes, permissions.

use std::fmt;
use std::path::PathBuf;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

use super::de::quoted;
use super::fields;

/// Static files.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub struct Static {
    /// The URL prefix.
    #[serde(deserialize_with = "fields::url_prefix")]
    pub url: String,
    /// The project's own directories of static files, before the modules'.
    pub dirs: Vec<StaticDir>,
    /// Where `collectstatic` puts them, relative to the project's root; nowhere when it is empty.
    pub root: PathBuf,
    /// Names that `collectstatic` leaves out: patterns of file names and of whole paths.
    pub ignore: Vec<String>,
    /// How many earlier generations of hashed files stay in the static root.
    #[serde(deserialize_with = "fields::between::<0, 1000, _, _>")]
    pub keep: u32,
    /// Whether a name that is not in the manifest is an error. Otherwise its hash is computed when it is asked for.
    pub strict: bool,
    /// The permissions of collected files; the process's umask decides when unset.
    pub file_mode: Option<Mode>,
    /// The permissions of the directories that are made for them.
    pub dir_mode: Option<Mode>,
    /// How they are stored: `manifest` (hashed names, compressed) or `plain` (as they are).
    pub storage: String,
}

impl Default for Static {
    fn default() -> Self {
        Self {
            url: "/static/".to_owned(),
            dirs: Vec::new(),
            root: PathBuf::from("var/static"),
            ignore: ["CVS", ".*", "*~"].map(str::to_owned).to_vec(),
            keep: 2,
            strict: true,
            file_mode: None,
            dir_mode: None,
            storage: "manifest".to_owned(),
        }
    }
}

/// A directory of static files: a path, or `{ prefix = "docs", path = "docs/static" }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaticDir {
    /// What stands before the names of its files.
    pub prefix: Option<String>,
    /// The directory, relative to the product's source directory.
    pub path: PathBuf,
}

impl fmt::Display for StaticDir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.prefix {
            Some(prefix) => write!(f, "{prefix}={}", self.path.display()),
            None => write!(f, "{}", self.path.display()),
        }
    }
}

impl<'de> Deserialize<'de> for StaticDir {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Prefixed {
            prefix: String,
            path: PathBuf,
        }

        struct Dir;

        impl<'de> Visitor<'de> for Dir {
            type Value = StaticDir;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a directory, or `{ prefix = \"docs\", path = \"docs/static\" }`")
            }

            fn visit_str<E: Error>(self, path: &str) -> Result<StaticDir, E> {
                Ok(StaticDir { prefix: None, path: path.into() })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<StaticDir, A::Error> {
                let Prefixed { prefix, path } = Prefixed::deserialize(MapAccessDeserializer::new(map))?;
                Ok(StaticDir { prefix: Some(prefix), path })
            }
        }

        deserializer.deserialize_any(Dir)
    }
}

/// Permissions, as `chmod` takes them: `"644"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mode(pub u32);

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:o}", self.0)
    }
}

impl<'de> Deserialize<'de> for Mode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match u32::from_str_radix(&text, 8) {
            Ok(mode) if mode <= 0o7777 => Ok(Self(mode)),
            _ => Err(D::Error::custom(format!(
                "expected permissions in octal digits, such as `644`, found {}",
                quoted(&text)
            ))),
        }
    }
}
