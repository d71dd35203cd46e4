//! The terminal while a question waits for its answer: Ctrl-C ends the line instead of the process, and secrets are not
//! shown.

use std::io::{self, BufRead, Write as _};

use rustix::termios::{self, LocalModes, OptionalActions, SpecialCodeIndex, Termios};

/// What Ctrl-C sends.
const CTRL_C: u8 = 0x03;

/// Switches a special character off.
const DISABLED: u8 = 0;

/// Whether what is typed is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Echo {
    On,
    Off,
}

/// The terminal's modes as they were; dropping it puts them back.
struct Held(Termios);

impl Held {
    /// Nothing when standard input has no modes to set.
    fn take(echo: Echo) -> Option<Self> {
        let before = termios::tcgetattr(io::stdin()).ok()?;
        let mut modes = before.clone();
        modes.special_codes[SpecialCodeIndex::VINTR] = DISABLED;
        modes.special_codes[SpecialCodeIndex::VEOL] = CTRL_C;
        if echo == Echo::Off {
            modes.local_modes.remove(LocalModes::ECHO);
        }
        termios::tcsetattr(io::stdin(), OptionalActions::Now, &modes).ok()?;
        Some(Self(before))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // A terminal that went away needs no modes.
        let _ = termios::tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
    }
}

/// Reads a line that is typed at the process's terminal; `None` at its end and after Ctrl-C.
pub(super) fn line(reader: &mut dyn BufRead, echo: Echo) -> io::Result<Option<String>> {
    let held = Held::take(echo);
    let line = read_line(reader);
    drop(held);
    if echo == Echo::Off {
        // The person's Enter was not shown either.
        io::stdout().write_all(b"\n").and_then(|()| io::stdout().flush())?;
    }
    line
}

/// Reads to the end of the line, without it; `None` at the end of the input and after Ctrl-C.
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
            _ => break,
        }
    }
    let text = String::from_utf8(line).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    Ok(Some(text.strip_suffix('\r').map(str::to_owned).unwrap_or(text)))
}

#[cfg(test)]
mod tests {
    use super::read_line;

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
