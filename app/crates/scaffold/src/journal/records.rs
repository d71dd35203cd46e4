//! The journal's entries: what was changed, in order.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::change::Edit;
use crate::{Error, Result};

const DIRECTORY: &str = "var/scaffold/changes";

/// A change as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) version: u32,
    /// What was typed.
    pub(crate) title: String,
    /// Whether this takes back the change in whose place it stands: then it is no change any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) undoes: bool,
    /// In the order in which they were applied.
    pub(crate) edits: Vec<Edit>,
}

impl Record {
    pub(crate) const VERSION: u32 = 1;

    pub(crate) fn text(&self) -> Result<String> {
        serde_json::to_string_pretty(self).map_err(|error| Error::new(format!("failed to write the journal: {error}")))
    }

    pub(crate) fn parse(path: &Path, text: &str) -> Result<Self> {
        let unreadable = |what: &str| {
            let message = format!("failed to read the journal's `{}`: {what}", path.display());
            Error::new(message).with_hint(format!("look at the files it names, and remove `{}`", path.display()))
        };
        let record: Self = serde_json::from_str(text).map_err(|error| unreadable(&error.to_string()))?;
        if record.version != Self::VERSION {
            return Err(unreadable("it was written by another version"));
        }
        record.edits.iter().try_for_each(Edit::check_path).map_err(|error| unreadable(&error.to_string()))?;
        Ok(record)
    }
}

/// All changes that were made and not taken back, oldest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Records {
    changes: BTreeMap<u32, Record>,
    /// The highest number on disk, taken back or not.
    last: u32,
}

impl Records {
    /// Reads the journal of the project with this root.
    pub(crate) fn read(root: &Path) -> Result<Self> {
        let mut records = Self::default();
        let failed = |error| Error::io("read", Path::new(DIRECTORY), error);
        let entries = match fs::read_dir(root.join(DIRECTORY)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(records),
            Err(error) => return Err(failed(error)),
        };
        for entry in entries {
            let name = entry.map_err(failed)?.file_name();
            let number = name.to_str().and_then(|name| name.strip_suffix(".json")?.parse().ok());
            let Some(number) = number else { continue };
            let path = Self::path(number);
            let text = fs::read_to_string(root.join(&path)).map_err(|error| Error::io("read", &path, error))?;
            let record = Record::parse(&path, &text)?;
            records.last = records.last.max(number);
            if !record.undoes {
                records.changes.insert(number, record);
            }
        }
        Ok(records)
    }

    /// The file of the change with this number.
    pub(crate) fn path(number: u32) -> PathBuf {
        Path::new(DIRECTORY).join(format!("{number:04}.json"))
    }

    pub(crate) fn next_number(&self) -> u32 {
        self.last.saturating_add(1)
    }

    /// The last change.
    pub(crate) fn last(&self) -> Option<(u32, &Record)> {
        self.changes.last_key_value().map(|(number, record)| (*number, record))
    }

    /// The text that the changes gave a file; nothing when they did not make it, took it away, or found somebody else's
    /// text in it: what they wrote then holds that too.
    pub(crate) fn made(&self, path: &Path) -> Option<&str> {
        let edits = self.changes.values().flat_map(|record| &record.edits).filter(|edit| edit.path == path);
        edits.fold(None, |ours: Option<&str>, edit| match &edit.before {
            Some(before) if ours != Some(before.as_str()) => None,
            _ => edit.after.as_deref(),
        })
    }
}
