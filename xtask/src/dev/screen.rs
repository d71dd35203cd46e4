//! The one owner of stdout and stderr. A thread of its own writes, so that a terminal that stands still or a reader that
//! does not read holds up nobody but who writes too much.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, ErrorKind, IsTerminal as _, Write as _};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use super::ansi::{self, Colour, Target};
use super::dashboard::{Keys, View};
use super::lines::Sink;
use super::model::{Diagnostic, Source, Stream};
use super::painter::{Job, Mode, Painter, Style};
use super::tty;
use crate::environment::Variables;

/// How much may wait to be written before those who bring more have to wait.
const WAITING_BYTES: usize = 1 << 20;

/// How long the last words may take.
const LAST_WORDS: Duration = Duration::from_millis(300);

/// The width of a terminal that does not say.
const USUAL_COLUMNS: usize = 80;

/// The screen of a session. Dropped, it takes the dashboard away; lines that come later are still written.
pub struct Screen {
    shared: Arc<Shared>,
}

/// What may be done with a screen from everywhere.
#[derive(Clone)]
pub struct Handle {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<Waiting>,
    /// Something waits, or the end has come.
    work: Condvar,
    /// Something was written.
    room: Condvar,
}

#[derive(Default)]
struct Waiting {
    jobs: VecDeque<Job>,
    bytes: usize,
    /// The writer is at work.
    busy: bool,
    /// Nobody has to wait any more.
    closing: bool,
}

/// Where it is written to.
pub struct Outputs {
    /// For data.
    pub out: File,
    /// For talk, and the dashboard.
    pub err: File,
}

impl Outputs {
    /// Those of this process.
    ///
    /// # Errors
    /// When one of them is closed.
    pub fn standard() -> anyhow::Result<Self> {
        Ok(Self { out: tty::own(io::stdout())?, err: tty::own(io::stderr())? })
    }

    fn style(&self, colour: Colour, variables: &Variables) -> Style {
        let target = |file: &File| if file.is_terminal() { Target::Terminal } else { Target::Other };
        let (out, err) = (target(&self.out), target(&self.err));
        let live = err == Target::Terminal && !ansi::is_dumb(variables);
        Style {
            mode: if live { Mode::Live } else { Mode::Plain },
            coloured_out: colour.of(out, variables),
            coloured_err: colour.of(err, variables),
            shared: out == Target::Terminal,
        }
    }
}

impl Screen {
    /// A screen that shows nothing yet.
    ///
    /// # Errors
    /// When the system has no thread for it.
    pub fn start(outputs: Outputs, colour: Colour, variables: &Variables) -> anyhow::Result<Self> {
        let shared = Arc::new(Shared { state: Mutex::default(), work: Condvar::new(), room: Condvar::new() });
        let painter = Painter::new(outputs.style(colour, variables));
        let theirs = Arc::clone(&shared);
        thread::Builder::new()
            .name("screen".to_owned())
            .spawn(move || theirs.write(outputs, painter))
            .context("failed to start a thread")?;
        Ok(Self { shared })
    }

    /// The same screen for other threads.
    pub fn handle(&self) -> Handle {
        Handle { shared: Arc::clone(&self.shared) }
    }

    /// Where processes send their lines. Whoever sends many has to wait until they are written.
    pub fn sink(&self) -> Sink {
        let shared = Arc::clone(&self.shared);
        Arc::new(move |source, line: &str| match source {
            // The session says it, and waits for nobody.
            Source::Dev => shared.put(Job::Line(source, line.to_owned())),
            _ => shared.put_patiently(Job::Line(source, line.to_owned()), line.len()),
        })
    }

    /// Shows how things stand: by the dashboard, or by a plain line for what is new. A failure is shown with all its
    /// messages when it is another one, or comes again after something else.
    pub fn show(&self, view: &View) {
        self.shared.put(Job::Show(view.clone()));
    }

    /// Shows what the compiler warned of in the newest build, except for what it warned of in the build before.
    pub fn warnings(&self, warnings: &[Diagnostic]) {
        self.shared.put(Job::Warnings(warnings.to_vec()));
    }

    /// Clears the screen and what can be scrolled back to.
    pub fn clear(&self) {
        self.shared.put(Job::Clear);
    }

    /// Draws the dashboard again.
    pub fn redraw(&self) {
        self.shared.put(Job::Redraw);
    }

    /// Takes the dashboard away, so that another program can write to the terminal; returns when it is gone.
    pub fn lend(&self) {
        self.handle().lend();
    }

    /// Draws the dashboard again, after [`Screen::lend`].
    pub fn take_back(&self) {
        self.handle().take_back();
    }

    /// Says something, as a line of ours.
    pub fn say(&self, text: &str) {
        self.handle().say(text);
    }
}

impl Handle {
    /// Says something, as a line of ours.
    pub fn say(&self, text: &str) {
        self.shared.put(Job::Line(Source::Dev, text.to_owned()));
    }

    /// An empty line, by which people set apart what comes next.
    pub fn blank(&self) {
        self.shared.put(Job::Line(Source::Dev, String::new()));
    }

    /// Whether keys are read, which the dashboard then explains.
    pub fn keys(&self, keys: Keys) {
        self.shared.put(Job::Keys(keys));
    }

    /// See [`Screen::lend`].
    pub fn lend(&self) {
        self.shared.put(Job::Lend);
        self.shared.settle();
    }

    /// See [`Screen::take_back`].
    pub fn take_back(&self) {
        self.shared.put(Job::TakeBack);
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.shared.put(Job::Lend);
        self.shared.lock().closing = true;
        self.shared.room.notify_all();
        self.shared.settle();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, job: Job) {
        self.lock().jobs.push_back(job);
        self.work.notify_one();
    }

    fn put_patiently(&self, job: Job, bytes: usize) {
        let mut state = self.lock();
        while state.bytes > WAITING_BYTES && !state.closing {
            state = self.room.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.bytes += bytes;
        state.jobs.push_back(job);
        self.work.notify_one();
    }

    /// Waits until all is written, but not for ever.
    fn settle(&self) {
        let deadline = Instant::now() + LAST_WORDS;
        let mut state = self.lock();
        while state.busy || !state.jobs.is_empty() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            (state, _) = self.room.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The writer: ends with the process.
    fn write(&self, mut outputs: Outputs, mut painter: Painter) {
        loop {
            let mut state = self.lock();
            state.busy = false;
            self.room.notify_all();
            while state.jobs.is_empty() {
                state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            state.busy = true;
            state.bytes = 0;
            let jobs = std::mem::take(&mut state.jobs);
            drop(state);
            jobs.into_iter().for_each(|job| painter.take(job));
            let ours = !tty::in_background(&outputs.err);
            let columns = ours.then(|| tty::columns(&outputs.err).unwrap_or(USUAL_COLUMNS));
            for (stream, text) in painter.finish(columns) {
                let to = match stream {
                    Stream::Out => &mut outputs.out,
                    Stream::Err => &mut outputs.err,
                };
                write(to, text.as_bytes());
            }
        }
    }
}

/// Writes all of it. A reader that went away, or a terminal that is gone, cannot be told anything any more.
fn write(to: &mut File, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        match to.write(bytes) {
            Ok(0) => return,
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            // Somebody who shares the terminal made it so.
            Err(error) if error.kind() == ErrorKind::WouldBlock => tty::wait_for_room(&*to),
            Err(_) => return,
        }
    }
}
