//! One output stream of a command: where it goes, and how it is coloured.

use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write};
use std::sync::{Arc, Mutex};

use super::style::{Palette, Role};

/// A buffer that output is captured in. Clones share the buffer.
#[derive(Clone, Debug, Default)]
pub struct Capture(Arc<Mutex<Vec<u8>>>);

impl Capture {
    /// An empty buffer.
    pub fn new() -> Self {
        Self::default()
    }

    /// What has been written so far.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("no writer panics")).into_owned()
    }
}

impl Write for Capture {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no writer panics").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// An output stream. Writing does not fail at once: the first failure is kept, and ends the command with an error
/// (a reader who went away, as in `… | head`, is no error).
pub struct Stream {
    writer: Box<dyn Write + Send>,
    palette: Palette,
    is_terminal: bool,
    failure: Option<io::Error>,
}

impl Stream {
    /// The process's standard output, uncoloured until a palette is set.
    pub fn stdout() -> Self {
        Self::new(Box::new(io::stdout()), io::stdout().is_terminal())
    }

    /// The process's standard error, uncoloured until a palette is set.
    pub fn stderr() -> Self {
        Self::new(Box::new(io::stderr()), io::stderr().is_terminal())
    }

    /// A stream into a buffer.
    pub fn capture(capture: &Capture) -> Self {
        Self::writer(capture.clone())
    }

    /// A stream into any writer that is no terminal.
    pub fn writer(writer: impl Write + Send + 'static) -> Self {
        Self::new(Box::new(writer), false)
    }

    fn new(writer: Box<dyn Write + Send>, is_terminal: bool) -> Self {
        Self { writer, palette: Palette::plain(), is_terminal, failure: None }
    }

    /// Sets the colours.
    pub fn set_palette(&mut self, palette: Palette) {
        self.palette = palette;
    }

    /// Whether a person sees it at once.
    pub fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    /// Writes the text and ends the line, unless the text does so itself.
    pub fn write(&mut self, text: impl Display) {
        self.put(&ended(text));
    }

    /// Writes the text as it is, without ending the line.
    pub fn write_unended(&mut self, text: impl Display) {
        self.put(&text.to_string());
        self.flush();
    }

    /// Writes a line in the style of a role; the line end is inside the style.
    pub fn styled(&mut self, role: Role, text: impl Display) {
        self.put(&self.palette.paint(role, &ended(text)));
    }

    /// The text in the style of a role, for a part of a line.
    pub fn paint(&self, role: Role, text: &str) -> String {
        self.palette.paint(role, text)
    }

    /// Sends on what is held back. Says whether everything since the start could be written.
    pub fn finish(&mut self) -> io::Result<()> {
        self.flush();
        self.failure.take().map_or(Ok(()), Err)
    }

    fn flush(&mut self) {
        let result = self.writer.flush();
        self.keep_failure(result);
    }

    fn put(&mut self, text: &str) {
        if self.failure.is_none() {
            let result = self.writer.write_all(text.as_bytes());
            self.keep_failure(result);
        }
    }

    fn keep_failure(&mut self, result: io::Result<()>) {
        if let Err(error) = result
            && error.kind() != io::ErrorKind::BrokenPipe
        {
            self.failure.get_or_insert(error);
        }
    }
}

fn ended(text: impl Display) -> String {
    let mut text = text.to_string();
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}
