//! What the parts of the development server tell each other: changes, builds, processes, and what a browser is shown.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::Signal;
use serde::Serialize;

use super::companions::Ticket;
use crate::process::Ended;

/// What a changed file asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A build: sources, manifests, the lockfile, cargo's configuration.
    Source,
    /// Another start of the same binary: settings files and `.env`.
    Settings,
    /// A look at which migrations are not applied.
    Migration,
    /// New style sheets in the page that is open.
    Style,
    /// Another load of the page: templates, locales, static files that are no style sheets.
    Page,
}

/// Files whose content is not what it was, by what they ask for. Never empty when it is sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Kind and path (absolute).
    pub files: BTreeSet<(Kind, PathBuf)>,
}

impl Changes {
    /// Whether a file of this kind is among them.
    pub fn has(&self, kind: Kind) -> bool {
        self.files.iter().any(|(found, _)| *found == kind)
    }

    /// The files of this kind.
    pub fn of(&self, kind: Kind) -> impl Iterator<Item = &PathBuf> {
        self.files.iter().filter(move |(found, _)| *found == kind).map(|(_, path)| path)
    }
}

/// How severe the compiler finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Stops the build.
    Error,
    /// Does not.
    Warning,
}

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The file, absolute.
    pub file: PathBuf,
    /// From 1.
    pub line: u32,
    /// From 1.
    pub column: u32,
}

/// One message of the compiler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How severe it is.
    pub level: Level,
    /// The text as the compiler lays it out, with ANSI colours. Ends with a line break.
    pub rendered: String,
    /// Where the primary span begins.
    pub place: Option<Place>,
}

/// How a build ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Built {
    /// There is a binary to start.
    Done {
        /// The binary.
        binary: PathBuf,
        /// Whether there was nothing to compile.
        fresh: bool,
        /// What the compiler warned of.
        warnings: Vec<Diagnostic>,
    },
    /// There is none.
    Failed {
        /// The errors first, then the warnings. Never empty: what is not the compiler's (a broken manifest, a linker)
        /// is one message with the text of stderr.
        messages: Vec<Diagnostic>,
    },
    /// It was cancelled.
    Cancelled,
}

/// The number of a process that was started, counted from 1.
pub type ChildId = u64;

/// What becomes of a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Life {
    /// It answers at this address.
    Ready {
        /// The address as a person types it.
        url: String,
    },
    /// It accepts no connection any more.
    Draining,
    /// It has ended, with all that it wrote read.
    Ended {
        /// How.
        ended: Ended,
        /// From start to end.
        lived: Duration,
        /// The last lines of its stderr.
        last_words: String,
    },
}

/// What is waited for at most so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timer {
    /// A process becomes ready.
    Readiness(ChildId),
    /// A process says that it accepts nothing any more.
    HandOver(ChildId),
    /// A process that was told to stop ends.
    End(ChildId),
    /// Everything ends.
    Quit,
}

/// Where a process writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stream {
    /// Its stdout.
    Out,
    /// Its stderr.
    Err,
}

/// Whose line it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// xtask's own.
    Dev,
    /// Cargo's and the compiler's.
    Build,
    /// The server's.
    Server(Stream),
    /// That of a command that runs beside it, by its name.
    Companion(Arc<str>, Stream),
}

/// The state as a browser sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// A build, or the start of what was built, is under way.
    #[default]
    Building,
    /// The newest sources are served.
    Serving,
    /// The newest sources do not build, or do not start.
    Failed,
}

/// A failure as pages and the terminal show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// One line: what failed.
    pub title: String,
    /// The compiler's messages, or one with the last lines of stderr.
    pub messages: Vec<Diagnostic>,
}

/// All that is known at one moment, for pages that are opened now. See the contract `dev channel` in the architecture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// How many builds were served so far.
    pub generation: u64,
    /// Where things stand.
    pub state: State,
    /// What failed, if something did.
    pub failure: Option<Failure>,
    /// The migrations that are not applied (`mailings.0002_x`), in order.
    pub pending: Vec<String>,
}

/// What pages that are open are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Load the page again.
    Reload,
    /// Take these style sheets anew (paths of files below a `static` directory, relative to it, with `/`).
    Css(Vec<String>),
    /// Show the failure of the status.
    Error,
    /// Show no failure any more.
    Clear,
    /// The list of pending migrations of the status is another one.
    Migrations,
}

/// What a page asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// Apply the pending migrations.
    Migrate,
    /// A page was opened: is what is known about migrations still true?
    Opened,
}

/// A key that was pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// `r`
    Rebuild,
    /// `m`
    Migrate,
    /// `o`
    Open,
    /// `l`
    Clear,
    /// `q`
    Quit,
}

/// What happens to the session.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Files have another content.
    Changed(Changes),
    /// The build ended.
    Built(Built),
    /// Something became of a process of ours.
    Child(ChildId, Life),
    /// Something became of a command that runs beside the server.
    Companion(Ticket, Life),
    /// A process could not be started, because its binary is gone.
    Missing(ChildId),
    /// What is pending; an error's text when the app could not say.
    Pending(Result<Vec<String>, String>),
    /// What has to be done before the first start ended; an error's text otherwise.
    Prepared(Result<(), String>),
    /// Applying migrations ended.
    Migrated(Result<(), String>),
    /// A time that the machine asked to be told of has come.
    Due(Timer),
    /// A page asks for something.
    Asked(Request),
    /// A key was pressed.
    Key(Key),
    /// A signal asks for an end.
    Signal(Signal),
    /// The terminal has another size, or is ours again.
    Redraw,
}
