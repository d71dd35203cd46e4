//! What is decided about processes: their start, the hand-over from the old one to the new one, their end.

use std::time::Duration;

use super::super::backoff::{ENOUGH, QUICK};
use super::super::model::{ChildId, Diagnostic, Failure, Level, Timer};
use super::{Action, Machine, Preparation, Task};
use crate::names;
use crate::process::Ended;

/// How long a process may take to become ready.
const READINESS: Duration = Duration::from_secs(60);

/// How long the old process may take to say that it accepts nothing any more. It does so at once, unless it hangs.
const HAND_OVER: Duration = Duration::from_secs(1);

/// How long a process may take to end; its own deadline for open requests (5 s in development) comes before.
pub(super) const END: Duration = Duration::from_secs(10);

/// How much later everything ends that is no server: companions, commands that are not through.
pub(super) const GRACE: Duration = Duration::from_secs(1);

impl Machine {
    /// Starts the newest binary, unless it is what was started last and no other process is wanted.
    pub(super) fn start_if_wanted(&mut self) -> Vec<Action> {
        let Some(binary) = self.binary.clone() else { return Vec::new() };
        match self.preparation {
            Preparation::UnderWay => return Vec::new(),
            Preparation::Needed => {
                self.preparation = Preparation::UnderWay;
                return vec![Action::Prepare(binary.path)];
            }
            Preparation::Done => {}
        }
        let is_new = binary.number != self.started;
        if !is_new && !self.restart {
            return Vec::new();
        }
        self.restart = false;
        self.companions |= is_new;
        let mut actions: Vec<Action> = self.starting.take().into_iter().flat_map(|id| self.stop(id)).collect();
        let id = self.next_child;
        self.next_child += 1;
        self.starting = Some(id);
        self.started = binary.number;
        actions.push(Action::Start(id, binary.path.clone()));
        actions.push(Action::After(READINESS, Timer::Readiness(id)));
        actions
    }

    pub(super) fn prepared(&mut self, result: Result<(), String>) -> Vec<Action> {
        match result {
            Ok(()) => {
                self.preparation = Preparation::Done;
                self.start_failure = None;
                self.restart = true;
                self.start_if_wanted()
            }
            Err(text) => {
                self.preparation = Preparation::Needed;
                self.start_failure = Some(failure("preparing the database failed".to_owned(), &text));
                Vec::new()
            }
        }
    }

    pub(super) fn ready(&mut self, id: ChildId) -> Vec<Action> {
        // One that was overtaken meanwhile has been told to stop already, one that took too long was killed.
        if self.starting != Some(id) || self.overdue == Some(id) {
            return Vec::new();
        }
        self.starting = None;
        self.start_failure = None;
        let mut actions = Vec::new();
        // The hand-over before this one is over, whatever became of it.
        if self.handing_over.take().is_some() {
            self.generation += 1;
        }
        match self.serving.replace(id) {
            Some(old) => {
                self.handing_over = Some(old);
                actions.extend(self.stop(old));
                actions.push(Action::After(HAND_OVER, Timer::HandOver(old)));
            }
            None => self.generation += 1,
        }
        if std::mem::take(&mut self.companions) {
            actions.extend(self.binary.as_ref().map(|binary| Action::Companions(binary.path.clone())));
        }
        actions.extend(self.look());
        actions
    }

    pub(super) fn draining(&mut self, id: ChildId) -> Vec<Action> {
        self.handed_over(id);
        if self.serving != Some(id) {
            return Vec::new();
        }
        // Somebody else told it to stop; the site goes on.
        self.serving = None;
        self.stopping.insert(id);
        self.restart = true;
        if self.starting.is_some() { Vec::new() } else { self.start_if_wanted() }
    }

    pub(super) fn handed_over(&mut self, id: ChildId) {
        if self.handing_over == Some(id) {
            self.handing_over = None;
            self.generation += 1;
        }
    }

    pub(super) fn ended(&mut self, id: ChildId, ended: Ended, lived: Duration, last_words: &str) -> Vec<Action> {
        self.handed_over(id);
        if self.stopping.remove(&id) {
            return Vec::new();
        }
        let was_starting = self.starting == Some(id);
        if !was_starting && self.serving != Some(id) {
            return Vec::new();
        }
        if self.overdue == Some(id) {
            (self.overdue, self.starting) = (None, None);
            let title = format!("the server did not become ready within {} s", READINESS.as_secs());
            self.start_failure = Some(failure(title, last_words));
            return Vec::new();
        }
        self.quick_deaths = if was_starting || lived < QUICK { self.quick_deaths + 1 } else { 0 };
        let how = how(ended);
        if was_starting {
            self.starting = None;
            self.start_failure = Some(failure(format!("the server {how} before it was ready"), last_words));
            if self.serving.is_some() {
                // The old one serves on, until the next save.
                return Vec::new();
            }
        } else {
            self.serving = None;
            self.start_failure = Some(failure(format!("the server {how}"), last_words));
            if self.starting.is_some() {
                return Vec::new();
            }
        }
        if self.quick_deaths >= ENOUGH {
            if let Some(failure) = &mut self.start_failure {
                failure.title = format!("{}; {ENOUGH} starts failed at once, waiting for the next save", failure.title);
            }
            return Vec::new();
        }
        self.restart = true;
        self.start_if_wanted()
    }

    /// The binary is not there any more: somebody cleaned up.
    pub(super) fn missing(&mut self, id: ChildId) -> Vec<Action> {
        if self.starting == Some(id) {
            self.starting = None;
        }
        (self.binary, self.unbuilt, self.restart) = (None, None, true);
        if self.build == Task::Idle { self.build_now() } else { Vec::new() }
    }

    pub(super) fn stop(&mut self, id: ChildId) -> Vec<Action> {
        self.stopping.insert(id);
        vec![Action::Stop(id), Action::After(END, Timer::End(id))]
    }
}

fn how(ended: Ended) -> String {
    match ended {
        Ended::Exited(code) => format!("exited with {code}"),
        Ended::Killed(signal) => format!("was killed by {}", names::signal(signal)),
        Ended::Interrupted => "was interrupted".to_owned(),
        Ended::TimedOut => "did not stop in time".to_owned(),
    }
}

fn failure(title: String, last_words: &str) -> Failure {
    let rendered = format!("{}\n", last_words.trim_end());
    Failure { title, messages: vec![Diagnostic { level: Level::Error, rendered, place: None }] }
}
