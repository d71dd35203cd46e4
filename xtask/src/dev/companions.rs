//! App commands that run beside the server (`--with worker,beat`): each is started with a new binary, restarted alone
//! when it dies, and ended with the session. They are driven by the session's one thread, which tells them the time.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::backoff::{Backoff, Verdict};
use super::child::{self, Child, Launch, Part};
use super::lines::Sink;
use super::model::{Life, Source};
use crate::app::{self, Freshness};
use crate::failure::Failure;
use crate::plan::Step;
use crate::process::Ended;
use crate::project::Project;
use crate::tasks::{self, Action};
use crate::{catalog, commands, names};

/// How long one may take to end after it was told to.
const GRACE: Duration = Duration::from_secs(10);

/// The app's commands for what was typed after `--with`. A name that nothing is known of is left to the app, which may
/// have it after the build.
///
/// # Errors
/// A usage error when a name is probably a slip, or certainly none of the app's, or the server itself.
pub fn commands(project: &Project, typed: &[String]) -> anyhow::Result<Vec<Arc<str>>> {
    let listed = commands::known(project, catalog::remembered(project)).entries.into_iter().map(|entry| entry.name);
    let builtins = cli::BUILTINS.iter().map(|builtin| builtin.name.to_owned());
    let known: Vec<String> = builtins.chain(listed).collect();
    let mut commands: Vec<Arc<str>> = Vec::new();
    for name in typed {
        // `celery-worker` is a spelling of the task in front of `worker`.
        let name = match tasks::find(name).map(|task| task.action) {
            Some(Action::App(command)) => command,
            _ => name,
        };
        if cli::same_name(name, "runserver") {
            return Err(usage(format!("`--with {name}`: that is what `dev` itself serves")).into());
        }
        let command = match known.iter().find(|known| cli::same_name(known, name)) {
            Some(known) => known.clone(),
            None => asked(project, name, &known)?,
        };
        if !commands.iter().any(|listed| **listed == *command) {
            commands.push(command.into());
        }
    }
    Ok(commands)
}

/// What the app makes of a name that is not known. An app that is out of date, or cannot say, leaves it open.
fn asked(project: &Project, name: &str, known: &[String]) -> Result<String, Failure> {
    let is_fresh = app::freshness(project) == Freshness::Fresh;
    let catalog = is_fresh.then(|| catalog::ask(project).ok()).flatten();
    if let Some(entry) = catalog.as_ref().and_then(|catalog| catalog.find(name)) {
        return Ok(entry.name.clone());
    }
    let asked = catalog.iter().flat_map(|catalog| &catalog.commands).map(|entry| entry.name.as_str());
    let near = cli::nearest(name, known.iter().map(String::as_str).chain(asked));
    let near: Vec<String> = near.iter().map(|name| format!("`{name}`")).collect();
    let failure = usage(format!("`--with {name}`: the app has no command `{name}`"));
    match (near.is_empty(), catalog.is_some()) {
        (false, _) => Err(failure.hint(format!("did you mean {}?", near.join(" or ")))),
        (true, true) => Err(failure.hint("`cargo xtask help` lists the app's commands")),
        (true, false) => Ok(name.to_owned()),
    }
}

fn usage(message: String) -> Failure {
    Failure::new(message).code(2)
}

/// Which start of which companion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    companion: usize,
    start: u64,
}

/// Hands on what becomes of a companion, from any thread.
type Tell = Arc<dyn Fn(Ticket, Life) + Send + Sync>;

/// The companions of a session.
pub struct Companions {
    list: Vec<Companion>,
    binary: PathBuf,
    starts: u64,
    sink: Sink,
    tell: Tell,
}

struct Companion {
    name: Arc<str>,
    call: Step,
    backoff: Backoff,
    state: State,
}

/// What one does.
enum State {
    /// Nothing.
    Resting,
    /// It waits for its restart.
    Waiting(Instant),
    /// It runs.
    Running(Ticket, Child),
    /// It was told to end, and is killed at this time.
    Ending(Ticket, Child, Option<Instant>, Afterwards),
}

/// What follows an end that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Afterwards {
    Start,
    Rest,
}

impl Companions {
    /// Companions that do not run yet, each with its name and its call, whatever the binary in it. `tell` is to bring
    /// what it gets back to [`Companions::heard`]. Their lines, and what is to be said of them, go to the sink.
    pub fn new(
        calls: impl IntoIterator<Item = (Arc<str>, Step)>,
        sink: Sink,
        tell: impl Fn(Ticket, Life) + Send + Sync + 'static,
    ) -> Self {
        let resting = |(name, call)| Companion { name, call, backoff: Backoff::default(), state: State::Resting };
        Self {
            list: calls.into_iter().map(resting).collect(),
            binary: PathBuf::new(),
            starts: 0,
            sink,
            tell: Arc::new(tell),
        }
    }

    /// Has all of them run with this binary: what runs is ended first, each for itself.
    pub fn serve(&mut self, binary: &Path, now: Instant) {
        binary.clone_into(&mut self.binary);
        for index in 0..self.list.len() {
            self.list[index].backoff = Backoff::default();
            if !self.end(index, Afterwards::Start, now) {
                self.start(index, now);
            }
        }
    }

    /// Ends all of them; [`Companions::are_gone`] says when they have.
    pub fn stop(&mut self, now: Instant) {
        for index in 0..self.list.len() {
            if !self.end(index, Afterwards::Rest, now) {
                self.list[index].state = State::Resting;
            }
        }
    }

    /// Ends all of them at once, and waits for none.
    pub fn kill(&mut self) {
        for companion in &mut self.list {
            if let State::Running(_, child) | State::Ending(_, child, ..) = &companion.state {
                child.kill();
            }
            companion.state = State::Resting;
        }
    }

    /// True when no process of theirs is left.
    pub fn are_gone(&self) -> bool {
        self.list.iter().all(|companion| matches!(companion.state, State::Resting | State::Waiting(_)))
    }

    /// When [`Companions::tick`] has something to do.
    pub fn due(&self) -> Option<Instant> {
        let due = |companion: &Companion| match companion.state {
            State::Waiting(due) | State::Ending(_, _, Some(due), _) => Some(due),
            State::Resting | State::Running(..) | State::Ending(_, _, None, _) => None,
        };
        self.list.iter().filter_map(due).min()
    }

    /// Does what is due: starts those that have waited, kills those that do not end.
    pub fn tick(&mut self, now: Instant) {
        for index in 0..self.list.len() {
            match &mut self.list[index].state {
                State::Waiting(due) if *due <= now => self.start(index, now),
                State::Ending(_, child, due, _) if due.is_some_and(|due| due <= now) => {
                    child.kill();
                    *due = None;
                }
                _ => {}
            }
        }
    }

    /// Takes what became of one. What is said of an earlier start is no news.
    pub fn heard(&mut self, ticket: Ticket, life: &Life, now: Instant) {
        let Life::Ended { ended, lived, .. } = life else { return };
        let index = ticket.companion;
        match self.list.get(index).map(|companion| &companion.state) {
            Some(State::Running(running, _)) if *running == ticket => {
                self.died(index, &how(*ended), *ended, *lived, now)
            }
            Some(State::Ending(ending, _, _, afterwards)) if *ending == ticket => {
                let afterwards = *afterwards;
                if *ended == Ended::TimedOut {
                    self.say(index, "did not stop in time and was killed");
                }
                match afterwards {
                    Afterwards::Start => self.start(index, now),
                    Afterwards::Rest => self.list[index].state = State::Resting,
                }
            }
            _ => {}
        }
    }

    /// Tells one to end. False when there is nothing to end.
    fn end(&mut self, index: usize, afterwards: Afterwards, now: Instant) -> bool {
        let companion = &mut self.list[index];
        match &mut companion.state {
            State::Resting | State::Waiting(_) => return false,
            State::Running(ticket, child) => {
                child.terminate();
                companion.state = State::Ending(*ticket, child.clone(), Some(now + GRACE), afterwards);
            }
            State::Ending(_, _, _, then) => *then = afterwards,
        }
        true
    }

    fn start(&mut self, index: usize, now: Instant) {
        self.starts += 1;
        let ticket = Ticket { companion: index, start: self.starts };
        let companion = &self.list[index];
        let step = Step { program: self.binary.clone().into(), ..companion.call.clone() };
        let part = Part::Companion(Arc::clone(&companion.name));
        let tell = Arc::clone(&self.tell);
        let launch = Launch { step, part, sink: Arc::clone(&self.sink) };
        match child::start(launch, move |life| tell(ticket, life)) {
            Ok(child) => self.list[index].state = State::Running(ticket, child),
            Err(error) => self.died(index, &format!("cannot run: {error:#}"), Ended::Exited(127), Duration::ZERO, now),
        }
    }

    /// Decides what follows an end that nobody asked for, and says so.
    fn died(&mut self, index: usize, how: &str, ended: Ended, lived: Duration, now: Instant) {
        let companion = &mut self.list[index];
        let (state, what) = match companion.backoff.ended(ended, lived) {
            Verdict::Again(wait) => {
                (State::Waiting(now + wait), format!("it is started again in {} s", wait.as_secs()))
            }
            Verdict::Done => (State::Resting, "it is started again after the next build".to_owned()),
            Verdict::GivenUp => {
                (State::Resting, "so soon after its start, again and again; it rests until the next build".to_owned())
            }
        };
        companion.state = state;
        self.say(index, &format!("{how}; {what}"));
    }

    fn say(&self, index: usize, what: &str) {
        (self.sink)(Source::Dev, &format!("`{}` {what}", self.list[index].name));
    }
}

fn how(ended: Ended) -> String {
    match ended {
        Ended::Exited(0) => "is done".to_owned(),
        Ended::Exited(code) => format!("exited with {code}"),
        Ended::Killed(signal) => format!("was killed by {}", names::signal(signal)),
        Ended::Interrupted => "was interrupted".to_owned(),
        Ended::TimedOut => "was killed".to_owned(),
    }
}
