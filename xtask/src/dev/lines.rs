//! What a process writes, cut into lines: none is lost, and none is kept without bound.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};

use super::model::Source;

/// What is longer is cut.
const LONGEST: usize = 64 * 1024;

/// How many lines are kept as last words.
pub const LAST_WORDS: usize = 40;

/// How many letters of a line are kept of them.
const LONGEST_WORD: usize = 2000;

/// Takes the lines of all processes, from any thread.
pub type Sink = Arc<dyn Fn(Source, &str) + Send + Sync>;

/// One stream of a process.
pub struct Output {
    source: Source,
    sink: Sink,
    lines: Mutex<Lines>,
    last: Mutex<VecDeque<String>>,
}

impl Output {
    /// A stream whose lines go to the sink.
    pub fn new(source: Source, sink: &Sink) -> Self {
        Self { source, sink: Arc::clone(sink), lines: Mutex::default(), last: Mutex::default() }
    }

    /// Reads to the end. A failure to read means as much as the end.
    pub fn read(&self, mut from: impl Read) {
        let mut buffer = [0; 16 * 1024];
        loop {
            match from.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => {
                    let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
                    lines.push(&buffer[..read], |line| self.line(line));
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        self.finish();
    }

    /// Gives the last line if it has no end. A reader that is busy just now will do that itself.
    pub fn finish(&self) {
        let mut lines = match self.lines.try_lock() {
            Ok(lines) => lines,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        lines.finish(|line| self.line(line));
    }

    /// Hands on one line as if it had been read.
    pub fn line(&self, line: &str) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.len() == LAST_WORDS {
            last.pop_front();
        }
        last.push_back(line.chars().take(LONGEST_WORD).collect());
        drop(last);
        (self.sink)(self.source.clone(), line);
    }

    /// The last lines, joined.
    pub fn last_words(&self) -> String {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.make_contiguous().join("\n")
    }
}

/// Cuts bytes into lines. What is not UTF-8 is shown with replacement characters.
#[derive(Debug, Default)]
pub struct Lines {
    /// The beginning of a line whose end has not come yet.
    begun: Vec<u8>,
}

impl Lines {
    /// Takes what was read, and gives each line that is complete with it, without its end.
    pub fn push(&mut self, bytes: &[u8], mut line: impl FnMut(&str)) {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.begun.extend_from_slice(part);
            if self.begun.ends_with(b"\n") {
                self.begun.pop();
                if self.begun.ends_with(b"\r") {
                    self.begun.pop();
                }
                line(&String::from_utf8_lossy(&self.begun));
                self.begun.clear();
            }
            while self.begun.len() > LONGEST {
                let rest = self.begun.split_off(boundary(&self.begun, LONGEST));
                line(&String::from_utf8_lossy(&self.begun));
                self.begun = rest;
            }
        }
    }

    /// Gives the last line if it has no end.
    pub fn finish(&mut self, line: impl FnOnce(&str)) {
        if !self.begun.is_empty() {
            line(&String::from_utf8_lossy(&self.begun));
            self.begun.clear();
        }
    }
}

/// The nearest place at or before `at` that is not inside a letter.
fn boundary(bytes: &[u8], at: usize) -> usize {
    let is_inside = |place: &usize| bytes[*place] & 0b1100_0000 == 0b1000_0000;
    (at.saturating_sub(3)..=at).rev().find(|place| !is_inside(place)).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines that come of these pieces, in whatever way they are cut.
    fn lines(pieces: &[&[u8]]) -> Vec<String> {
        let (mut lines, mut found) = (Lines::default(), Vec::new());
        for piece in pieces {
            lines.push(piece, |line| found.push(line.to_owned()));
        }
        lines.finish(|line| found.push(line.to_owned()));
        found
    }

    #[test]
    fn pieces_become_lines() {
        let cases: &[(&[&[u8]], &[&str])] = &[
            (&[], &[]),
            (&[b"a\nb\n"], &["a", "b"]),
            (&[b"a\n", b"b"], &["a", "b"]),
            (&[b"a", b"", b"b\n\nc\n"], &["ab", "", "c"]),
            (&[b"a\r\nb\rc\r", b"\n"], &["a", "b\rc"]),
            (&[b"caf\xc3", b"\xa9 \xff!\n"], &["café \u{fffd}!"]),
            (&[b"\n"], &[""]),
        ];
        for (pieces, expected) in cases {
            assert_eq!(lines(pieces), *expected, "{pieces:?}");
        }
    }

    #[test]
    fn a_line_without_end_is_cut_between_letters_and_nothing_is_lost() {
        for shift in 0..4 {
            let text = format!("{}{}", "x".repeat(shift), "é€".repeat(100_000));
            let pieces: Vec<&[u8]> = text.as_bytes().chunks(4099).collect();
            let found = lines(&pieces);
            assert!(found.len() > 1 && found.iter().all(|line| line.len() <= LONGEST + 4099), "{}", found.len());
            assert_eq!(found.concat(), text);
        }
    }

    #[test]
    fn the_last_words_are_the_last_forty_lines_and_bounded() {
        let output = Output::new(Source::Dev, &(Arc::new(|_, _: &str| {}) as Sink));
        for number in 0..100 {
            output.line(&number.to_string());
        }
        let expected: Vec<String> = (60..100).map(|number| number.to_string()).collect();
        assert_eq!(output.last_words(), expected.join("\n"));
        output.read("x".repeat(1_000_000).as_bytes());
        assert!(output.last_words().len() <= LAST_WORDS * (LONGEST_WORD + 1));
    }
}
