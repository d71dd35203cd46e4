//! Hidden input, and signals while somebody is asked.

use std::io::{self, Read as _};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::{flag, low_level};

use super::{Echo, text};

/// The terminal as it was before its echo was switched off; nothing while it is on.
static SAVED: Mutex<Option<Termios>> = Mutex::new(None);

/// Switches the echo on again, if it was switched off. Also called when the process ends while somebody is asked.
pub(in crate::management) fn restore() {
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
pub(in crate::management) fn line(
    echo: Echo,
    pending: &mut Vec<u8>,
    prompt: impl FnOnce(),
) -> io::Result<Option<String>> {
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
