//! What is done once by a command of the app: preparing the database, applying migrations, finding out what is pending.

use std::collections::BTreeMap;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::Context;

use super::child::{self, Child, Launch, Part};
use super::lines::Sink;
use super::model::{Life, Source, Stream};
use crate::plan::Step;
use crate::process::Ended;

/// How long it may take to say what is pending: a database that does not answer is not waited for.
const ANSWER: Duration = Duration::from_secs(30);

/// The jobs that are under way.
#[derive(Clone, Default)]
pub(super) struct Jobs {
    state: Arc<Mutex<Underway>>,
}

#[derive(Default)]
struct Underway {
    children: BTreeMap<u32, Child>,
    /// Nothing more is started.
    stopping: bool,
}

impl Jobs {
    /// Runs the steps in order, up to the first that fails, and hands over how it went: the last words of the one that
    /// failed. What they write goes to the sink, as if the server wrote it.
    ///
    /// # Errors
    /// When the system has no thread for it.
    pub(super) fn run(
        &self,
        steps: Vec<Step>,
        sink: Sink,
        done: impl FnOnce(Result<(), String>) + Send + 'static,
    ) -> anyhow::Result<()> {
        let jobs = self.clone();
        let work = move || done(steps.into_iter().try_for_each(|step| jobs.step(step, &sink, Duration::MAX)));
        thread::Builder::new().name("job".to_owned()).spawn(work).context("failed to start a thread")?;
        Ok(())
    }

    /// Asks `showmigrations --plan` what is not applied, and hands over the names, or what the app says instead.
    ///
    /// # Errors
    /// When the system has no thread for it.
    pub(super) fn pending(
        &self,
        step: Step,
        done: impl FnOnce(Result<Vec<String>, String>) + Send + 'static,
    ) -> anyhow::Result<()> {
        let plan = Arc::new(Mutex::new(String::new()));
        let heard = Arc::clone(&plan);
        let sink: Sink = Arc::new(move |source, line: &str| {
            if source == Source::Server(Stream::Out) {
                heard.lock().unwrap_or_else(PoisonError::into_inner).extend([line, "\n"]);
            }
        });
        let jobs = self.clone();
        let work = move || {
            let asked = jobs.step(step, &sink, ANSWER);
            done(asked.map(|()| unapplied(&plan.lock().unwrap_or_else(PoisonError::into_inner))));
        };
        thread::Builder::new().name("migrations".to_owned()).spawn(work).context("failed to start a thread")?;
        Ok(())
    }

    /// Asks all of them for an orderly end, and starts nothing more.
    pub(super) fn stop(&self) {
        let mut state = self.lock();
        state.stopping = true;
        state.children.values().for_each(Child::terminate);
    }

    /// Ends all of them at once.
    pub(super) fn kill(&self) {
        let mut state = self.lock();
        state.stopping = true;
        state.children.values().for_each(Child::kill);
    }

    fn lock(&self) -> MutexGuard<'_, Underway> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn step(&self, step: Step, sink: &Sink, limit: Duration) -> Result<(), String> {
        let command = step.short();
        let (send, lives) = channel();
        let launch = Launch { step, part: Part::Job, sink: Arc::clone(sink) };
        let child = {
            let mut state = self.lock();
            if state.stopping {
                return Err(format!("`{command}` was not started any more"));
            }
            let tell = move |life| drop(send.send(life));
            let child = child::start(launch, tell).map_err(|error| format!("{error:#}"))?;
            state.children.insert(child.pid(), child.clone());
            child
        };
        let end = lives.recv_timeout(limit).or_else(|_| {
            child.kill();
            lives.recv()
        });
        self.lock().children.remove(&child.pid());
        match end {
            Ok(Life::Ended { ended: Ended::Exited(0), .. }) => Ok(()),
            Ok(Life::Ended { ended: Ended::TimedOut, .. }) => Err(format!("`{command}` did not end and was killed")),
            Ok(Life::Ended { last_words, .. }) if !last_words.trim().is_empty() => Err(last_words),
            Ok(Life::Ended { ended, .. }) => Err(format!("`{command}` ended with {}", ended.code())),
            // A command that is no server says nothing but its end.
            Ok(_) | Err(_) => Err(format!("`{command}` was lost")),
        }
    }
}

/// `[X]  auth.0001_initial`, `[ ]  mailings.0002_x`: the names of the second kind.
fn unapplied(plan: &str) -> Vec<String> {
    let names = plan.lines().filter_map(|line| line.trim_start().strip_prefix("[ ]")?.split_whitespace().next());
    names.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_applied_is_read_from_the_plan() {
        let plan = "[X]  auth.0001_initial\n[ ]  mailings.0002_x ... (auth.0001_initial)\n\n[ ]  users.0003_y\n";
        assert_eq!(unapplied(plan), ["mailings.0002_x", "users.0003_y"]);
        assert!(unapplied("No migrations\n").is_empty());
    }
}
