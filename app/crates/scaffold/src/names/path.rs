//! Where a module is: the words that are typed, its folder, its label.

use std::fmt;
use std::path::PathBuf;

use super::{MAX_LENGTH, identifier};
use crate::{Error, Result};

/// The folder of all modules, relative to the project's root.
pub const MODULES: &str = "app/src/modules";

/// A module's place below [`MODULES`]: at least one name, all of them valid.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModulePath {
    segments: Vec<String>,
}

impl ModulePath {
    /// The path that these words make (`cms adp roles`).
    ///
    /// # Errors
    /// When there are none (exit code 2), when one is not a name, or when they are too long together.
    pub fn parse<S: AsRef<str>>(words: &[S]) -> Result<Self> {
        if words.is_empty() {
            return Err(Error::new("You must provide an application name.").with_code(2));
        }
        for word in words {
            identifier("app", word.as_ref())?;
        }
        let path = Self { segments: words.iter().map(|word| word.as_ref().to_owned()).collect() };
        let label = path.label();
        if label.len() > MAX_LENGTH {
            let message = format!(
                "'{label}' is not a valid app name. Please make sure the name is a valid identifier: it is the label of \
                 `{path}`, and has {} characters",
                label.len()
            );
            let hint =
                format!("the names of a path have at most {MAX_LENGTH} characters together, each `_` between them one");
            return Err(Error::new(message).with_hint(hint));
        }
        Ok(path)
    }

    /// Its names, the outermost first.
    pub fn segments(&self) -> &[String] {
        &self.segments
    }

    /// The name of its folder.
    pub fn name(&self) -> &str {
        self.segments.last().map_or("", String::as_str)
    }

    /// The label by which commands, migrations and tables know it (`cms_adp_roles`).
    pub fn label(&self) -> String {
        self.segments.join("_")
    }

    /// Its folder, relative to the project's root (`app/src/modules/cms/adp/roles`).
    pub fn folder(&self) -> PathBuf {
        PathBuf::from(format!("{MODULES}/{self}"))
    }

    /// A file in its folder, relative to the project's root.
    pub fn file(&self, name: &str) -> PathBuf {
        PathBuf::from(format!("{MODULES}/{self}/{name}"))
    }

    /// Its `mod.rs`, relative to the project's root.
    pub fn mod_file(&self) -> PathBuf {
        self.file("mod.rs")
    }

    /// The `mod.rs` in which it is declared, relative to the project's root.
    pub fn declaring_file(&self) -> PathBuf {
        self.parent().map_or_else(|| PathBuf::from(format!("{MODULES}/mod.rs")), |parent| parent.mod_file())
    }

    /// The module that it is in, unless it is one of the outermost.
    pub fn parent(&self) -> Option<Self> {
        let (_, parent) = self.segments.split_last()?;
        (!parent.is_empty()).then(|| Self { segments: parent.to_vec() })
    }

    /// The modules on the way to it, the outermost first, and itself.
    pub fn lineage(&self) -> impl Iterator<Item = Self> + '_ {
        (1..=self.segments.len()).map(|count| Self { segments: self.segments[..count].to_vec() })
    }

    /// Its path in Rust, in the app's own crate (`crate::modules::cms::adp::roles`).
    pub fn rust_path(&self) -> String {
        format!("crate::modules::{}", self.segments.join("::"))
    }

    /// A path as it is found on the disk, with a name below this one; the name may be one that [`ModulePath::parse`]
    /// would not take for a new module.
    pub(crate) fn found(parent: Option<&Self>, name: &str) -> Self {
        let mut segments = parent.map(|parent| parent.segments.clone()).unwrap_or_default();
        segments.push(name.to_owned());
        Self { segments }
    }
}

/// With `/`: `cms/adp/roles`.
impl fmt::Display for ModulePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.segments.join("/"))
    }
}
