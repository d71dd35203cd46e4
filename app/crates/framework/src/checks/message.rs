//! What a check has to say.

use std::fmt;
use std::str::FromStr;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// For developers of the check.
    Debug,
    /// Worth knowing.
    Info,
    /// May be wrong.
    Warning,
    /// Is wrong.
    Error,
    /// Is dangerous.
    Critical,
}

impl Level {
    /// Every level, the worst first.
    pub const WORST_FIRST: [Self; 5] = [Self::Critical, Self::Error, Self::Warning, Self::Info, Self::Debug];

    /// The heading of its section.
    pub(super) fn heading(self) -> &'static str {
        match self {
            Self::Critical => "CRITICALS",
            Self::Error => "ERRORS",
            Self::Warning => "WARNINGS",
            Self::Info => "INFOS",
            Self::Debug => "DEBUGS",
        }
    }
}

impl FromStr for Level {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name.to_uppercase().as_str() {
            "DEBUG" => Ok(Self::Debug),
            "INFO" => Ok(Self::Info),
            "WARNING" => Ok(Self::Warning),
            "ERROR" => Ok(Self::Error),
            "CRITICAL" => Ok(Self::Critical),
            _ => Err(format!("unknown level `{name}`")),
        }
    }
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// How bad it is.
    pub level: Level,
    /// Its stable id (`security.E001`), by which it can be silenced.
    pub id: &'static str,
    /// What is wrong.
    pub text: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// What it is about; `?` when it is about the project.
    pub object: Option<String>,
}

impl Message {
    /// A finding about the project.
    pub fn new(level: Level, id: &'static str, text: impl Into<String>) -> Self {
        Self { level, id, text: text.into(), hint: None, object: None }
    }

    /// The same with advice.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same about this object.
    pub fn object(mut self, object: impl Into<String>) -> Self {
        self.object = Some(object.into());
        self
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ({}) {}", self.object.as_deref().unwrap_or("?"), self.id, self.text)?;
        match &self.hint {
            Some(hint) => write!(f, "\n\tHINT: {hint}"),
            None => Ok(()),
        }
    }
}
