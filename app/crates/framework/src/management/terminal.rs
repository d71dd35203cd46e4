//! Reading answers: hidden input at the terminal, and Ctrl-C as the end of a question instead of the process.

#[cfg(any(test, not(unix)))]
mod portable;
#[cfg(unix)]
mod unix;

use std::io::{self, BufRead};

#[cfg(not(unix))]
pub(super) use self::portable::line;
#[cfg(not(unix))]
pub(crate) use self::portable::restore;
#[cfg(all(not(unix), feature = "shell"))]
pub(crate) use self::portable::{Holding, keep, width};
#[cfg(unix)]
pub(super) use self::unix::line;
#[cfg(unix)]
pub(crate) use self::unix::restore;
#[cfg(all(unix, feature = "shell"))]
pub(crate) use self::unix::{Holding, keep, width};

/// What Ctrl-C is in text that is typed beforehand.
const CTRL_C: u8 = 0x03;

/// Whether what is typed is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Echo {
    On,
    Off,
}

/// Reads to the end of the line, without it, from anything else; `None` at the end of the input and after Ctrl-C.
pub(super) fn read_line(reader: &mut dyn BufRead) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    loop {
        let available = match reader.fill_buf() {
            Ok(available) => available,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let end = available.iter().position(|byte| matches!(*byte, b'\n' | CTRL_C));
        let (taken, last) = match end {
            Some(at) => (at + 1, Some(available[at])),
            None => (available.len(), None),
        };
        line.extend_from_slice(&available[..end.unwrap_or(taken)]);
        reader.consume(taken);
        match last {
            Some(CTRL_C) => return Ok(None),
            None if taken == 0 && line.is_empty() => return Ok(None),
            None if taken > 0 => {}
            _ => return text(line).map(Some),
        }
    }
}

/// A line as text, without its end.
fn text(mut line: Vec<u8>) -> io::Result<String> {
    if line.last() == Some(&b'\n') {
        line.pop();
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    String::from_utf8(line).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn both_have_the_same_functions() {
        type Line = fn(Echo, &mut Vec<u8>, fn()) -> io::Result<Option<String>>;
        let _: [fn(); 2] = [unix::restore, portable::restore];
        #[cfg(feature = "shell")]
        let _: [fn(); 2] = [unix::keep, portable::keep];
        #[cfg(feature = "shell")]
        let _: [fn() -> Option<usize>; 2] = [unix::width, portable::width];
        #[cfg(feature = "shell")]
        let _: [fn() -> bool; 2] = [|| unix::Holding::begin().is_ok(), || portable::Holding::begin().is_ok()];
        let _: [Line; 2] = [unix::line, portable::line];
    }

    #[test]
    fn a_secret_is_not_asked_for_where_it_would_be_shown() {
        let error = portable::line(Echo::Off, &mut Vec::new(), || panic!("it asked")).map(drop);
        assert!(error.is_err_and(|error| error.kind() == io::ErrorKind::Unsupported));
    }

    #[test]
    fn lines_end_with_their_end_with_the_input_or_with_ctrl_c() {
        let mut input = "one\r\n\ntwo\u{3}three".as_bytes();
        let mut next = || read_line(&mut input).expect("a line");
        assert_eq!(
            [next(), next(), next(), next(), next()].map(|line| line.unwrap_or("-".to_owned())),
            ["one", "", "-", "three", "-"]
        );
    }
}
