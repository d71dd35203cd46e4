//! What can be wrong with static files, and where.

use std::fmt;
use std::path::Path;

use super::{Data, Source};

/// Something wrong with a static file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    place: Place,
    message: String,
}

/// A file, and the line and column in it where that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    file: String,
    position: Option<(usize, usize)>,
}

impl Problem {
    pub(super) fn new(place: Place, message: String) -> Self {
        Self { place, message }
    }

    /// Something wrong with a file as a whole.
    pub(in crate::staticfiles) fn of_file(path: &Path, message: String) -> Self {
        Self::new(Place { file: path.display().to_string(), position: None }, message)
    }

    /// How it is shown to somebody who stands in this directory.
    pub fn shown(&self, here: &Path) -> String {
        let text = self.to_string();
        let short = Path::new(&self.place.file).strip_prefix(here).map(|file| file.display().to_string());
        match (short, text.strip_prefix(&self.place.file)) {
            (Ok(short), Some(rest)) => format!("{short}{rest}"),
            _ => text,
        }
    }
}

impl Place {
    pub(super) fn of(source: &Source) -> Self {
        let file = match &source.data {
            Data::Memory(_) => source.path.clone(),
            Data::Disk(path) => path.display().to_string(),
        };
        Self { file, position: None }
    }

    /// The same at an offset of its text.
    pub(super) fn at(self, text: &[u8], offset: usize) -> Self {
        let before = &text[..offset.min(text.len())];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let begin = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
        let column = String::from_utf8_lossy(&before[begin..]).chars().count() + 1;
        Self { position: Some((line, column)), ..self }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.place.file)?;
        if let Some((line, column)) = self.place.position {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", self.message)
    }
}

/// Everything that keeps static files from being built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Failure {
    /// At least one.
    pub problems: Vec<Problem>,
}

impl Failure {
    pub(super) fn new(problems: Vec<Problem>) -> Self {
        Self { problems }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.problems.len();
        let things = if number == 1 { "thing is" } else { "things are" };
        write!(f, "{number} {things} wrong with the static files:")?;
        self.problems.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}
