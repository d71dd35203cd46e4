//! What is written for what happens: lines with their prefixes, the dashboard erased before them and drawn after them,
//! or, without a terminal, a plain line for each change of state. Pure: the bytes go to the screen.

use std::collections::{BTreeSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::ansi;
use super::dashboard::{self, Keys, View};
use super::lines::LAST_WORDS;
use super::model::{Diagnostic, Level, Source, State, Stream};

/// How the state is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// By a line at the bottom.
    Live,
    /// By a plain line for each change.
    Plain,
}

/// How it all looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// How the state is shown.
    pub mode: Mode,
    /// Whether stdout gets colours.
    pub coloured_out: bool,
    /// Whether stderr does.
    pub coloured_err: bool,
    /// Whether both streams show up at the same place, so that the dashboard is in the way of either.
    pub shared: bool,
}

/// Something to be shown.
#[derive(Clone, Debug, PartialEq)]
pub enum Job {
    /// A line of somebody.
    Line(Source, String),
    /// How things stand now.
    Show(View),
    /// What the compiler warned of in the newest build.
    Warnings(Vec<Diagnostic>),
    /// Whether keys are read.
    Keys(Keys),
    /// An empty screen.
    Clear,
    /// The dashboard once more, because the terminal has changed.
    Redraw,
    /// No dashboard, because another program has the terminal.
    Lend,
    /// The dashboard again.
    TakeBack,
}

/// The colours of prefixes.
const PREFIX_COLOURS: [u8; 5] = [36, 35, 34, 33, 32];

/// Erases from the beginning of the line on: the line may have become several in a terminal that was made narrower.
const ERASE: &str = "\r\x1b[2K\x1b[J";

/// The screen, and all above it that can be scrolled back to.
const CLEAR: &str = "\x1b[H\x1b[2J\x1b[3J";

/// What is on the screen, and what has to be written.
#[derive(Debug)]
pub struct Painter {
    style: Style,
    view: Option<View>,
    keys: Keys,
    /// How many have taken the dashboard away.
    lent: u32,
    /// What is drawn now.
    drawn: Option<String>,
    /// The warnings of the newest build, which are not shown once more.
    warnings: BTreeSet<String>,
    /// What the server wrote last to its stderr: as its last words, it is not shown once more.
    last_words: VecDeque<String>,
    out: Vec<(Stream, String)>,
}

impl Painter {
    /// A painter that has painted nothing yet.
    pub fn new(style: Style) -> Self {
        Self {
            style,
            view: None,
            keys: Keys::Off,
            lent: 0,
            drawn: None,
            warnings: BTreeSet::new(),
            last_words: VecDeque::new(),
            out: Vec::new(),
        }
    }

    /// Takes something to be shown.
    pub fn take(&mut self, job: Job) {
        match job {
            Job::Line(source, text) => {
                self.line(&source, &text);
                if source == Source::Server(Stream::Err) {
                    self.last_words.truncate(LAST_WORDS - 1);
                    self.last_words.push_front(text);
                }
            }
            Job::Show(view) => self.show(view),
            Job::Warnings(warnings) => self.warn(warnings),
            Job::Keys(keys) => self.keys = keys,
            Job::Clear if self.style.mode == Mode::Live => {
                self.drawn = None;
                self.put(Stream::Err, CLEAR);
            }
            Job::Clear => {}
            Job::Redraw => self.erase(),
            Job::Lend => self.lent += 1,
            Job::TakeBack => self.lent = self.lent.saturating_sub(1),
        }
    }

    /// Draws the dashboard if it is another one than before, and gives all that has to be written, in order. `columns`
    /// is the width of the terminal, none when it is not ours now.
    pub fn finish(&mut self, columns: Option<usize>) -> Vec<(Stream, String)> {
        let view = self.view.as_ref().filter(|_| self.style.mode == Mode::Live && self.lent == 0);
        // The last column stays free: some terminals begin a new line as soon as it is written to.
        let wanted = view.zip(columns).map(|(view, columns)| {
            dashboard::line(view, self.keys, columns.saturating_sub(1), self.style.coloured_err)
        });
        if wanted != self.drawn {
            self.erase();
            if let Some(line) = &wanted {
                // Back to the front, so that what others write begins there, and so does what is erased.
                self.put(Stream::Err, &format!("{line}\r"));
            }
            self.drawn = wanted;
        }
        std::mem::take(&mut self.out)
    }

    fn line(&mut self, source: &Source, text: &str) {
        let stream = match source {
            Source::Server(stream) | Source::Companion(_, stream) => *stream,
            Source::Dev | Source::Build => Stream::Err,
        };
        let coloured = match stream {
            Stream::Out => self.style.coloured_out,
            Stream::Err => self.style.coloured_err,
        };
        let text = if matches!(source, Source::Build) && !coloured { ansi::strip(text) } else { text.into() };
        let prefix = match source {
            Source::Companion(name, _) if coloured => format!("\x1b[{}m{name} |\x1b[0m ", colour_of(name)),
            Source::Companion(name, _) => format!("{name} | "),
            Source::Dev if !text.is_empty() => "dev: ".to_owned(),
            _ => String::new(),
        };
        // A colour that somebody left switched on ends with the line.
        let end = if self.style.mode == Mode::Live && text.contains('\x1b') { "\x1b[0m\n" } else { "\n" };
        if stream == Stream::Err || self.style.shared {
            self.erase();
        }
        self.put(stream, &format!("{prefix}{text}{end}"));
    }

    fn say(&mut self, text: &str) {
        self.line(&Source::Dev, text);
    }

    fn show(&mut self, view: View) {
        let before = self.view.replace(view.clone()).unwrap_or_default();
        let is_first = before.url.is_empty();
        if is_first {
            // Cargo may have the terminal for a while.
            self.say(&format!("listening at {}", view.url));
        }
        let (was, is) = (before.status.state, view.status.state);
        let changed = is_first || was != is || before.status.generation != view.status.generation;
        if let (State::Failed, Some(failure)) = (is, &view.status.failure)
            && (was != is || before.status.failure.as_ref() != Some(failure))
        {
            let title = ansi::strip(&failure.title);
            self.say(&if self.style.coloured_err { format!("\x1b[1;31m{title}\x1b[0m") } else { title.into_owned() });
            self.messages(&failure.messages);
        }
        if self.style.mode == Mode::Live {
            return;
        }
        if view.stopping {
            if !before.stopping {
                self.say("stopping");
            }
            return;
        }
        match is {
            State::Building if changed => self.say("building"),
            State::Serving if changed => {
                let took = view.took().map(|took| format!(" ({took})")).unwrap_or_default();
                self.say(&format!("serving {}{took}", view.url));
            }
            _ => {}
        }
        if let Some(pending) = view.pending().filter(|pending| before.pending().as_ref() != Some(pending)) {
            self.say(&format!("{pending} (`cargo xtask migrate` applies them)"));
        }
    }

    /// Errors last: they are what has to be seen.
    fn messages(&mut self, messages: &[Diagnostic]) {
        let (errors, warnings): (Vec<_>, Vec<_>) =
            messages.iter().cloned().partition(|message| message.level == Level::Error);
        self.warn(warnings);
        for error in errors {
            if !error.rendered.lines().all(|line| self.last_words.iter().any(|word| word == line)) {
                self.message(&error.rendered);
            }
        }
    }

    fn warn(&mut self, warnings: Vec<Diagnostic>) {
        let newest: BTreeSet<String> = warnings.into_iter().map(|warning| warning.rendered).collect();
        let before = std::mem::replace(&mut self.warnings, newest.clone());
        newest.difference(&before).for_each(|warning| self.message(warning));
    }

    fn message(&mut self, rendered: &str) {
        rendered.trim_end().lines().chain([""]).for_each(|line| self.line(&Source::Build, line));
    }

    fn erase(&mut self) {
        if self.drawn.take().is_some() {
            self.put(Stream::Err, ERASE);
        }
    }

    fn put(&mut self, stream: Stream, text: &str) {
        match self.out.last_mut() {
            Some((last, written)) if *last == stream => written.push_str(text),
            _ => self.out.push((stream, text.to_owned())),
        }
    }
}

/// The same for the same name, always.
fn colour_of(name: &str) -> u8 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    let colours = PREFIX_COLOURS.len() as u64;
    usize::try_from(hasher.finish() % colours).map_or(0, |index| PREFIX_COLOURS[index])
}
