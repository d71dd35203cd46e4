//! Reading answers: hidden input at the terminal, and Ctrl-C as the end of a question instead of the process.

use std::io::{self, BufRead, Read as _};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::{flag, low_level};

/// What Ctrl-C is in text that is typed beforehand.
const CTRL_C: u8 = 0x03;

/// Whether what is typed is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Echo {
    On,
    Off,
}

/// The terminal as it was before its echo was switched off; nothing while it is on.
static SAVED: Mutex<Option<Termios>> = Mutex::new(None);

/// Switches the echo on again, if it was switched off. Also called when the process ends while somebody is asked.
pub(super) fn restore() {
    if let Some(saved) = SAVED.lock().unwrap_or_else(PoisonError::into_inner).take() {
        // The terminal may be gone; then there is nothing to restore.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &saved);
    }
}

/// Keeps the echo off until it is dropped.
struct Hiding;

impl Hiding {
    fn begin() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut hidden = before.clone();
        hidden.local_modes.remove(LocalModes::ECHO);
        // What was typed ahead is kept: it may be the answer.
        *SAVED.lock().unwrap_or_else(PoisonError::into_inner) = Some(before);
        tcsetattr(io::stdin(), OptionalActions::Now, &hidden)?;
        Ok(Self)
    }
}

impl Drop for Hiding {
    fn drop(&mut self) {
        restore();
    }
}

/// The signals that end a process. While somebody is asked they come as bytes through a pipe, at all other times they do
/// what they always do.
struct Signals {
    pipe: UnixStream,
    idle: Arc<AtomicBool>,
    arrived: Vec<(i32, Arc<AtomicBool>)>,
}

impl Signals {
    /// Begins to watch, once a process.
    fn get() -> io::Result<&'static Self> {
        static SIGNALS: OnceLock<Signals> = OnceLock::new();
        if let Some(signals) = SIGNALS.get() {
            return Ok(signals);
        }
        let made = Self::watch()?;
        Ok(SIGNALS.get_or_init(|| made))
    }

    fn watch() -> io::Result<Self> {
        let (pipe, writer) = UnixStream::pair()?;
        pipe.set_nonblocking(true)?;
        let idle = Arc::new(AtomicBool::new(true));
        let mut arrived = Vec::new();
        for signal in [SIGINT, SIGTERM, SIGHUP, SIGQUIT] {
            let came = Arc::new(AtomicBool::new(false));
            flag::register_conditional_default(signal, Arc::clone(&idle))?;
            flag::register(signal, Arc::clone(&came))?;
            low_level::pipe::register(signal, writer.try_clone()?)?;
            arrived.push((signal, came));
        }
        Ok(Self { pipe, idle, arrived })
    }

    /// The signal that came since it was asked last.
    fn taken(&self) -> Option<i32> {
        let mut bytes = [0; 16];
        while (&self.pipe).read(&mut bytes).is_ok_and(|read| read > 0) {}
        let mut came = self.arrived.iter().filter(|(_, came)| came.swap(false, Ordering::SeqCst)).collect::<Vec<_>>();
        came.pop().map(|(signal, _)| *signal)
    }
}

/// Makes signals wait until it is dropped.
struct Asking(&'static Signals);

impl Asking {
    fn begin() -> io::Result<Self> {
        let signals = Signals::get()?;
        signals.taken();
        signals.idle.store(false, Ordering::SeqCst);
        Ok(Self(signals))
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.0.idle.store(true, Ordering::SeqCst);
    }
}

/// Reads a line from standard input, which is a terminal; `None` at its end and after Ctrl-C. `pending` holds what was
/// typed beyond the last line; `prompt` shows the question once the terminal is ready for the answer.
pub(super) fn line(echo: Echo, pending: &mut Vec<u8>, prompt: impl FnOnce()) -> io::Result<Option<String>> {
    let asking = Asking::begin()?;
    let hiding = if echo == Echo::Off { Some(Hiding::begin()?) } else { None };
    let stdin = io::stdin();
    prompt();
    loop {
        if let Some(end) = pending.iter().position(|byte| *byte == b'\n') {
            return text(pending.drain(..=end).collect()).map(Some);
        }
        let mut ready = [PollFd::new(&stdin, PollFlags::IN), PollFd::new(&asking.0.pipe, PollFlags::IN)];
        match poll(&mut ready, None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        match asking.0.taken() {
            None => {}
            Some(SIGINT) => return Ok(None),
            Some(signal) => {
                drop(hiding);
                low_level::emulate_default_handler(signal)?;
                return Ok(None);
            }
        }
        if ready[0].revents().is_empty() {
            continue;
        }
        let mut bytes = [0; 1024];
        match rustix::io::read(&stdin, &mut bytes) {
            Ok(0) if pending.is_empty() => return Ok(None),
            Ok(0) => return text(std::mem::take(pending)).map(Some),
            Ok(read) => pending.extend_from_slice(&bytes[..read]),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
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
