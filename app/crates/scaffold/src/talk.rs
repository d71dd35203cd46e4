//! How a change talks to the person: the app and xtask each write and ask in their own way.

use std::io;

/// Where lines go and questions are asked.
pub trait Talk {
    /// A line of what was done, for stdout.
    fn say(&mut self, line: &str);

    /// A line of talk, for stderr.
    fn note(&mut self, line: &str);

    /// Asks, and gives back what was typed without the line's end; nothing when nobody can be asked (no terminal,
    /// `--noinput`).
    ///
    /// # Errors
    /// When the terminal fails, or the person breaks off (`Interrupted`).
    fn ask(&mut self, question: &str) -> io::Result<Option<String>>;
}

/// Keeps what is said, for a report. Nobody can be asked.
#[derive(Debug, Default)]
pub struct Kept(pub Vec<String>);

impl Talk for Kept {
    fn say(&mut self, line: &str) {
        self.0.push(line.to_owned());
    }

    fn note(&mut self, line: &str) {
        self.0.push(line.to_owned());
    }

    fn ask(&mut self, _: &str) -> io::Result<Option<String>> {
        Ok(None)
    }
}
