//! What can be wrong with the settings. Messages name file, line and key, or the variable; never a secret.

use std::fmt::Write as _;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where: `config/default.toml:3:1`, `APP__DEBUG`, `.env:4`.
    pub place: String,
    /// What.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Fault {
    pub(crate) fn new(place: impl Into<String>, message: impl Into<String>) -> Self {
        Self { place: place.into(), message: message.into(), hint: None }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// The settings cannot be used: everything that is wrong with them.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}", render(.faults))]
pub struct Error {
    faults: Vec<Fault>,
}

impl Error {
    /// Every fault, in the order in which they were found.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }
}

impl From<Vec<Fault>> for Error {
    fn from(faults: Vec<Fault>) -> Self {
        Self { faults }
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self { faults: vec![fault] }
    }
}

fn render(faults: &[Fault]) -> String {
    if let [fault] = faults {
        let hint = fault.hint.iter().map(|hint| format!("\nhint: {hint}"));
        return hint.fold(format!("{}: {}", fault.place, fault.message), |text, hint| text + &hint);
    }
    let mut text = format!("{} problems in the settings:", faults.len());
    for fault in faults {
        let _ = write!(text, "\n  {}: {}", fault.place, fault.message);
        if let Some(hint) = &fault.hint {
            let _ = write!(text, "\n    hint: {hint}");
        }
    }
    text
}

/// The name among `known` that is nearest to an unknown one, if any is near enough.
pub(super) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    cli::nearest(name, known).first().copied()
}

/// Names for a sentence: `` `a`, `b` ``.
pub(super) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
