//! The decisions of the development server: what is done about what happens. Pure, so that races are tests: it starts
//! nothing and knows no clock. The session carries out what it says.

mod builds;
mod processes;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use rustix::process::Signal;

use super::model::{Built, Changes, ChildId, Event, Failure, Key, Life, Message, Request, State, Status, Timer};

/// What the session has to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Build; the files that changed since the last good build, none when that is not known.
    Build(Option<Changes>),
    /// Cancel the build. [`Event::Built`] comes nevertheless.
    CancelBuild,
    /// Do what comes before the first start, with this binary.
    Prepare(PathBuf),
    /// Start the server.
    Start(ChildId, PathBuf),
    /// Tell a process to stop accepting and to finish.
    Stop(ChildId),
    /// End a process at once.
    Kill(ChildId),
    /// Start the companions, or start them again, with this binary.
    Companions(PathBuf),
    /// End the companions.
    StopCompanions,
    /// Find out what is pending, with this binary.
    LookAtMigrations(PathBuf),
    /// Apply what is pending, with this binary.
    Migrate(PathBuf),
    /// Tell the pages that are open.
    Tell(Message),
    /// Send [`Event::Due`] after this time.
    After(Duration, Timer),
    /// Open the site in a browser.
    Open,
    /// Clear the screen.
    Clear,
    /// Draw the screen again.
    Redraw,
    /// End with this exit code, as soon as all processes are gone. From now on nobody accepts connections for us.
    Quit(u8),
    /// End with this exit code now, and take all processes along.
    Abort(u8),
}

/// How far what comes before the first start is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Preparation {
    Needed,
    UnderWay,
    Done,
}

/// What is done by at most one process at a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Task {
    #[default]
    Idle,
    UnderWay,
    /// It has to be done once more when it is done.
    Again,
}

/// The newest binary, and how many there were before it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Binary {
    path: PathBuf,
    number: u64,
}

/// All that the decisions depend on.
#[derive(Debug)]
pub struct Machine {
    /// `Again`: the one that runs is outdated, and was cancelled.
    build: Task,
    /// What changed since the last good build; none when that is not known.
    unbuilt: Option<Changes>,
    binary: Option<Binary>,
    preparation: Preparation,
    /// Another process is wanted although the binary is the same.
    restart: bool,
    /// The companions are started again with the next process: it has another binary, or other settings.
    companions: bool,
    /// Pages are loaded again when the build has ended, unless another process is.
    reload: bool,
    next_child: ChildId,
    /// The process that is not ready yet, and the number of its binary.
    starting: Option<ChildId>,
    started: u64,
    serving: Option<ChildId>,
    /// What was told to stop.
    stopping: BTreeSet<ChildId>,
    /// The process that was killed because it did not become ready.
    overdue: Option<ChildId>,
    /// The old process that has not said yet that it accepts nothing any more.
    handing_over: Option<ChildId>,
    generation: u64,
    quick_deaths: u32,
    build_failure: Option<Failure>,
    start_failure: Option<Failure>,
    looking: Task,
    migrating: Task,
    pending: Vec<String>,
    quit: Option<u8>,
}

impl Machine {
    /// A machine before anything has happened.
    pub fn new() -> Self {
        Self {
            build: Task::Idle,
            unbuilt: None,
            binary: None,
            preparation: Preparation::Needed,
            restart: false,
            companions: false,
            reload: false,
            next_child: 1,
            starting: None,
            started: 0,
            serving: None,
            stopping: BTreeSet::new(),
            overdue: None,
            handing_over: None,
            generation: 0,
            quick_deaths: 0,
            build_failure: None,
            start_failure: None,
            looking: Task::Idle,
            migrating: Task::Idle,
            pending: Vec::new(),
            quit: None,
        }
    }

    /// What is done at first. A binary that is fresh needs no build.
    pub fn begin(&mut self, fresh: Option<PathBuf>) -> Vec<Action> {
        match fresh {
            Some(binary) => self.built(Built::Done { binary, fresh: true, warnings: Vec::new() }),
            None => self.build_now(),
        }
    }

    /// What is to be done about an event, in order.
    pub fn step(&mut self, event: Event) -> Vec<Action> {
        if self.quit.is_some() {
            return self.while_quitting(event);
        }
        match event {
            Event::Changed(changes) => self.changed(changes),
            Event::Built(built) => self.built(built),
            Event::Prepared(result) => self.prepared(result),
            Event::Child(id, Life::Ready { .. }) => self.ready(id),
            Event::Child(id, Life::Draining) => self.draining(id),
            Event::Child(id, Life::Ended { ended, lived, last_words }) => self.ended(id, ended, lived, &last_words),
            Event::Missing(id) => self.missing(id),
            Event::Due(timer) => self.due(timer),
            Event::Pending(result) => self.looked(result),
            Event::Migrated(result) => self.migrated(&result),
            Event::Asked(Request::Migrate) | Event::Key(Key::Migrate) => self.migrate(),
            // Asking costs a process, so only where the answer may have become another one.
            Event::Asked(Request::Opened) if self.pending.is_empty() => Vec::new(),
            Event::Asked(Request::Opened) => self.look(),
            Event::Key(Key::Rebuild) => {
                (self.restart, self.companions) = (true, true);
                self.unbuilt = None;
                self.build_now()
            }
            Event::Key(Key::Open) => vec![Action::Open],
            Event::Key(Key::Clear) => vec![Action::Clear],
            Event::Key(Key::Quit) => self.quit(0),
            Event::Signal(signal) => self.quit(exit_code(signal)),
            Event::Redraw => vec![Action::Redraw],
            // They look after themselves.
            Event::Companion(..) => Vec::new(),
        }
    }

    /// All that is known now.
    pub fn status(&self) -> Status {
        let failure = self.build_failure.as_ref().or(self.start_failure.as_ref());
        let busy = self.build != Task::Idle
            || self.preparation == Preparation::UnderWay
            || self.starting.is_some()
            || self.handing_over.is_some();
        let state = match failure {
            _ if busy => State::Building,
            Some(_) => State::Failed,
            None if self.serving.is_some() => State::Serving,
            None => State::Building,
        };
        Status { generation: self.generation, state, failure: failure.cloned(), pending: self.pending.clone() }
    }

    /// Whether a process accepts connections. Where none does, the session answers them itself.
    pub fn is_served(&self) -> bool {
        self.serving.is_some()
    }

    fn due(&mut self, timer: Timer) -> Vec<Action> {
        match timer {
            Timer::Readiness(id) if self.starting == Some(id) => {
                self.overdue = Some(id);
                vec![Action::Kill(id)]
            }
            Timer::Readiness(_) => Vec::new(),
            Timer::HandOver(id) => {
                self.handed_over(id);
                Vec::new()
            }
            Timer::End(id) if self.stopping.contains(&id) => vec![Action::Kill(id)],
            Timer::End(_) | Timer::Quit => Vec::new(),
        }
    }

    /// Whether anything was built so far.
    pub fn has_binary(&self) -> bool {
        self.binary.is_some()
    }

    /// The number of the generation that a process which is started now will serve.
    pub fn next_generation(&self) -> u64 {
        self.generation + u64::from(self.handing_over.is_some()) + 1
    }

    fn look(&mut self) -> Vec<Action> {
        let Some(binary) = self.binary.as_ref().filter(|_| self.preparation == Preparation::Done) else {
            return Vec::new();
        };
        if self.looking != Task::Idle {
            self.looking = Task::Again;
            return Vec::new();
        }
        self.looking = Task::UnderWay;
        vec![Action::LookAtMigrations(binary.path.clone())]
    }

    fn looked(&mut self, result: Result<Vec<String>, String>) -> Vec<Action> {
        // What cannot be known is not shown; the session says why.
        self.pending = result.unwrap_or_default();
        match std::mem::take(&mut self.looking) {
            Task::Again => self.look(),
            _ => Vec::new(),
        }
    }

    fn migrate(&mut self) -> Vec<Action> {
        match &self.binary {
            Some(binary) if self.migrating == Task::Idle => {
                self.migrating = Task::UnderWay;
                vec![Action::Migrate(binary.path.clone())]
            }
            _ => Vec::new(),
        }
    }

    fn migrated(&mut self, result: &Result<(), String>) -> Vec<Action> {
        self.migrating = Task::Idle;
        let reload = result.is_ok().then_some(Action::Tell(Message::Reload));
        reload.into_iter().chain(self.look()).collect()
    }

    /// Begins to end. `serving` stays what it is: its connections are answered until it has gone.
    fn quit(&mut self, code: u8) -> Vec<Action> {
        self.quit = Some(code);
        let mut actions = vec![Action::Quit(code), Action::StopCompanions];
        if self.build != Task::Idle {
            actions.push(Action::CancelBuild);
        }
        let running: Vec<ChildId> = self.serving.take().into_iter().chain(self.starting.take()).collect();
        actions.extend(running.into_iter().flat_map(|id| self.stop(id)));
        actions.push(Action::After(processes::END + processes::GRACE, Timer::Quit));
        actions
    }

    fn while_quitting(&mut self, event: Event) -> Vec<Action> {
        match event {
            Event::Signal(signal) => vec![Action::Abort(exit_code(signal))],
            Event::Key(Key::Quit) | Event::Due(Timer::Quit) => vec![Action::Abort(self.quit.unwrap_or_default())],
            Event::Due(timer @ Timer::End(_)) => self.due(timer),
            Event::Child(id, Life::Ended { .. }) => {
                self.stopping.remove(&id);
                Vec::new()
            }
            _ => Vec::new(),
        }
    }
}

impl Default for Machine {
    fn default() -> Self {
        Self::new()
    }
}

/// Ctrl-C is 130, as everywhere. SIGTERM asks for an orderly end, and that is what it gets.
fn exit_code(signal: Signal) -> u8 {
    match signal {
        Signal::TERM => 0,
        signal => u8::try_from(signal.as_raw()).map_or(u8::MAX, |number| number.saturating_add(128)),
    }
}
