//! What comes from outside: keys that are pressed, and signals. One thread waits for both, because a stop (Ctrl-Z) and
//! what follows it concern the terminal's modes.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read as _};
use std::os::unix::net::UnixStream;
use std::thread::{self, JoinHandle};

use anyhow::Context as _;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::Signal;
use signal_hook::low_level::emulate_default_handler;

use super::dashboard::Keys as Explained;
use super::model::{Event, Key};
use super::screen::Handle;
use super::tty::{self, Cbreak};
use crate::system::Signals;

/// How often it is looked whether the terminal is ours again. A shell does not say so of a program that it started in
/// the background.
const AGAIN: Timespec = Timespec { tv_sec: 1, tv_nsec: 0 };

/// More at once is no typing, but something that was pasted.
const TYPED: usize = 8;

/// The thread that waits. Dropped, it gives the terminal back as it was; signals then have no effect.
pub struct Keys {
    /// Closing it ends the thread.
    wake: Option<UnixStream>,
    thread: Option<JoinHandle<()>>,
}

impl Keys {
    /// Waits for signals, and for keys if a person is at both ends. Requests to end arrive as [`Event::Signal`], each
    /// as often as it was sent, but a hang-up once: the system, the shell and the terminal each send one.
    ///
    /// # Errors
    /// When the system refuses the handlers or the thread.
    pub fn start(screen: Handle, send: impl Fn(Event) + Send + 'static) -> anyhow::Result<Self> {
        let terminal =
            if io::stdin().is_terminal() && io::stderr().is_terminal() { Some(tty::own(io::stdin())?) } else { None };
        Self::start_at(terminal, screen, send)
    }

    /// The same with another terminal, or none.
    ///
    /// # Errors
    /// When the system refuses the handlers or the thread.
    pub fn start_at(
        terminal: Option<File>,
        screen: Handle,
        send: impl Fn(Event) + Send + 'static,
    ) -> anyhow::Result<Self> {
        let signals = Signals::catch_with_terminal()?;
        let (wake, woken) = UnixStream::pair().context("failed to make a pipe")?;
        let mut waiting = Waiting { signals, woken, terminal, cbreak: None, hung_up: false, screen, send };
        // Before the first key, and before this returns.
        waiting.resume();
        let thread = thread::Builder::new()
            .name("keys".to_owned())
            .spawn(move || waiting.run())
            .context("failed to start a thread")?;
        Ok(Self { wake: Some(wake), thread: Some(thread) })
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        drop(self.wake.take());
        // When it panicked, the terminal was restored on its way out.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

struct Waiting<S> {
    signals: Signals,
    woken: UnixStream,
    /// None when there is none, or it is gone.
    terminal: Option<File>,
    /// Some as long as keys are read.
    cbreak: Option<Cbreak>,
    hung_up: bool,
    screen: Handle,
    send: S,
}

/// What was waited for.
#[derive(Default)]
struct Woken {
    end: bool,
    keys: bool,
    gone: bool,
}

impl<S: Fn(Event)> Waiting<S> {
    fn run(mut self) {
        loop {
            let woken = match self.wait() {
                Ok(woken) if woken.end => break,
                Ok(woken) => woken,
                // Nobody could end the session any more.
                Err(_) => return (self.send)(Event::Signal(Signal::TERM)),
            };
            for signal in self.signals.arrived() {
                self.signal(signal);
            }
            if woken.keys {
                self.keys();
            }
            if woken.gone {
                (self.cbreak, self.terminal) = (None, None);
            }
            if self.cbreak.is_none() {
                self.resume();
            }
        }
    }

    fn wait(&self) -> rustix::io::Result<Woken> {
        let mut fds = vec![PollFd::new(&self.signals, PollFlags::IN), PollFd::new(&self.woken, PollFlags::IN)];
        fds.extend(self.terminal.iter().filter(|_| self.cbreak.is_some()).map(|file| PollFd::new(file, PollFlags::IN)));
        let is_away = self.terminal.is_some() && self.cbreak.is_none();
        match poll(&mut fds, is_away.then_some(&AGAIN)) {
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => return Ok(Woken::default()),
            Err(error) => return Err(error),
        }
        let keys = fds.get(2).map_or(PollFlags::empty(), PollFd::revents);
        let gone = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
        Ok(Woken { end: !fds[1].revents().is_empty(), keys: keys.contains(PollFlags::IN), gone: keys.intersects(gone) })
    }

    fn signal(&mut self, signal: Signal) {
        match signal {
            Signal::TSTP => self.stop(),
            Signal::CONT => {
                // Whoever let us go on may have changed the modes; they are set again where it is seen that keys are
                // not read.
                self.cbreak = None;
                (self.send)(Event::Redraw);
            }
            Signal::WINCH => (self.send)(Event::Redraw),
            Signal::QUIT => {
                self.leave();
                // It ends us.
                let _ = emulate_default_handler(signal.as_raw());
            }
            Signal::HUP if self.hung_up => {}
            signal => {
                self.hung_up |= signal == Signal::HUP;
                (self.send)(Event::Signal(signal));
            }
        }
    }

    /// Stops this process as Ctrl-Z does, and returns when somebody lets it go on.
    fn stop(&mut self) {
        // Nobody would wake us.
        if !tty::has_job_control() {
            return;
        }
        self.leave();
        let _ = emulate_default_handler(Signal::TSTP.as_raw());
        self.screen.take_back();
    }

    /// Leaves the terminal as it was found.
    fn leave(&mut self) {
        self.cbreak = None;
        self.screen.lend();
    }

    /// Reads keys from now on, if the terminal is ours.
    fn resume(&mut self) {
        let Some(terminal) = self.terminal.as_ref().filter(|terminal| !tty::in_background(terminal)) else { return };
        match Cbreak::set(terminal) {
            Ok(cbreak) => {
                self.cbreak = Some(cbreak);
                self.screen.keys(Explained::On);
            }
            // It is gone.
            Err(_) => self.terminal = None,
        }
    }

    fn keys(&mut self) {
        let Some(terminal) = self.terminal.as_mut() else { return };
        if tty::in_background(&terminal) {
            // Without this program having been stopped: whoever has the terminal set its modes.
            self.cbreak = None;
            return;
        }
        let mut bytes = [0; 256];
        match terminal.read(&mut bytes) {
            Ok(read) => pressed(&bytes[..read]).for_each(|pressed| match pressed {
                Pressed::Key(key) => (self.send)(Event::Key(key)),
                Pressed::Enter => self.screen.blank(),
            }),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => (self.cbreak, self.terminal) = (None, None),
        }
    }
}

/// What a person typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pressed {
    Key(Key),
    Enter,
}

/// The keys among the bytes that arrived at once. Arrows and the like are sequences of bytes that begin with ESC.
fn pressed(bytes: &[u8]) -> impl Iterator<Item = Pressed> {
    let typed = if bytes.len() > TYPED || bytes.contains(&b'\x1b') { &[] } else { bytes };
    typed.iter().filter_map(|byte| {
        Some(match byte.to_ascii_lowercase() {
            b'r' => Pressed::Key(Key::Rebuild),
            b'm' => Pressed::Key(Key::Migrate),
            b'o' => Pressed::Key(Key::Open),
            b'l' => Pressed::Key(Key::Clear),
            b'q' => Pressed::Key(Key::Quit),
            b'\n' | b'\r' => Pressed::Enter,
            _ => return None,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_single_letters_and_nothing_else() {
        let found = |bytes: &[u8]| pressed(bytes).collect::<Vec<_>>();
        assert_eq!(found(b"rL"), [Pressed::Key(Key::Rebuild), Pressed::Key(Key::Clear)]);
        assert_eq!(
            found(b"moq\n"),
            [Key::Migrate, Key::Open, Key::Quit]
                .map(Pressed::Key)
                .into_iter()
                .chain([Pressed::Enter])
                .collect::<Vec<_>>()
        );
        for nothing in
            [b"".as_slice(), b"x ?", b"\x1b[1;5O", b"\x1bOr", b"\x1bq", b"to be or not to be", "й".as_bytes()]
        {
            assert_eq!(found(nothing), [], "{nothing:?}");
        }
    }
}
