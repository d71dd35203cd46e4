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
pub(crate) fn restore() {
    if let Some(saved) = SAVED.lock().unwrap_or_else(PoisonError::into_inner).take() {
        // The terminal may be gone; then there is nothing to restore.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &saved);
    }
}

/// Notes how the terminal is now, for [`restore`]: something else is about to change it.
#[cfg(feature = "shell")]
pub(crate) fn keep() {
    *SAVED.lock().unwrap_or_else(PoisonError::into_inner) = tcgetattr(io::stdin()).ok();
}

/// How many columns the terminal behind standard output has.
#[cfg(feature = "shell")]
pub(crate) fn width() -> Option<usize> {
    rustix::termios::tcgetwinsize(io::stdout()).ok().map(|size| size.ws_col.into()).filter(|width| *width > 0)
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
    each: Vec<Watched>,
}

/// One signal: whether it came, and whether it does what it always does.
struct Watched {
    signal: i32,
    came: Arc<AtomicBool>,
    acts: Arc<AtomicBool>,
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
        let mut each = Vec::new();
        for signal in [SIGINT, SIGTERM, SIGHUP, SIGQUIT] {
            let (came, acts) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(true)));
            flag::register_conditional_default(signal, Arc::clone(&acts))?;
            flag::register(signal, Arc::clone(&came))?;
            low_level::pipe::register(signal, writer.try_clone()?)?;
            each.push(Watched { signal, came, acts });
        }
        Ok(Self { pipe, each })
    }

    /// The signal that came since it was asked last.
    fn taken(&self) -> Option<i32> {
        let mut bytes = [0; 16];
        while (&self.pipe).read(&mut bytes).is_ok_and(|read| read > 0) {}
        let mut came = self.each.iter().filter(|each| each.came.swap(false, Ordering::SeqCst)).collect::<Vec<_>>();
        came.pop().map(|each| each.signal)
    }
}

/// Keeps signals from doing what they always do until it is dropped. One may begin while another lasts.
pub(crate) struct Holding(Vec<(&'static AtomicBool, bool)>);

impl Holding {
    /// Holds Ctrl-C and SIGTERM, for somebody who waits for them in another way.
    #[cfg(feature = "shell")]
    pub(crate) fn begin() -> io::Result<Self> {
        Ok(Self::of(Signals::get()?, &[SIGINT, SIGTERM]))
    }

    fn of(signals: &'static Signals, held: &[i32]) -> Self {
        let held = signals.each.iter().filter(|each| held.contains(&each.signal));
        Self(held.map(|each| (&*each.acts, each.acts.swap(false, Ordering::SeqCst))).collect())
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        for (acts, before) in &self.0 {
            acts.store(*before, Ordering::SeqCst);
        }
    }
}

/// Reads a line from standard input, which is a terminal; `None` at its end and after Ctrl-C. `pending` holds what was
/// typed beyond the last line; `prompt` shows the question once the terminal is ready for the answer.
pub(in crate::management) fn line(
    echo: Echo,
    pending: &mut Vec<u8>,
    prompt: impl FnOnce(),
) -> io::Result<Option<String>> {
    let signals = Signals::get()?;
    signals.taken();
    let _holding = Holding::of(signals, &[SIGINT, SIGTERM, SIGHUP, SIGQUIT]);
    let hiding = if echo == Echo::Off { Some(Hiding::begin()?) } else { None };
    let stdin = io::stdin();
    prompt();
    loop {
        if let Some(end) = pending.iter().position(|byte| *byte == b'\n') {
            return text(pending.drain(..=end).collect()).map(Some);
        }
        let mut ready = [PollFd::new(&stdin, PollFlags::IN), PollFd::new(&signals.pipe, PollFlags::IN)];
        match poll(&mut ready, None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        match signals.taken() {
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
