//! What is done once by a command of the app: preparing the database, applying migrations, finding out what is pending.

use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::Context;

use super::child::{self, Launch, Part};
use super::lines::Sink;
use super::model::{Life, Source, Stream};
use crate::plan::Step;
use crate::process::Ended;

/// Runs the steps in order, up to the first that fails, and hands over how it went: the last words of the one that
/// failed. What they write goes to the sink, as if the server wrote it.
///
/// # Errors
/// When the system has no thread for it.
pub(super) fn run(
    steps: Vec<Step>,
    sink: Sink,
    done: impl FnOnce(Result<(), String>) + Send + 'static,
) -> anyhow::Result<()> {
    let sink: Sink = Arc::new(move |source, line: &str| match source {
        Source::Companion(_, stream) => sink(Source::Server(stream), line),
        source => sink(source, line),
    });
    let work = move || done(steps.into_iter().try_for_each(|step| self::step(step, &sink)));
    thread::Builder::new().name("job".to_owned()).spawn(work).context("failed to start a thread")?;
    Ok(())
}

fn step(step: Step, sink: &Sink) -> Result<(), String> {
    let command = step.short();
    let (send, lives) = channel();
    let launch = Launch { step, part: Part::Companion(Arc::from("app")), sink: Arc::clone(sink) };
    let tell = move |life| drop(send.send(life));
    let _child = child::start(launch, tell).map_err(|error| format!("{error:#}"))?;
    let end = lives.iter().find_map(|life| match life {
        Life::Ended { ended, last_words, .. } => Some((ended, last_words)),
        _ => None,
    });
    match end {
        Some((Ended::Exited(0), _)) => Ok(()),
        Some((_, words)) if !words.trim().is_empty() => Err(words),
        Some((ended, _)) => Err(format!("`{command}` ended with {}", ended.code())),
        None => Err(format!("`{command}` was lost")),
    }
}

/// Asks `showmigrations --plan` what is not applied, and hands over the names, or what the app says instead.
///
/// # Errors
/// When the system has no thread for it.
pub(super) fn pending(
    step: Step,
    done: impl FnOnce(Result<Vec<String>, String>) + Send + 'static,
) -> anyhow::Result<()> {
    let plan = Arc::new(Mutex::new(String::new()));
    let heard = Arc::clone(&plan);
    let sink: Sink = Arc::new(move |source, line: &str| {
        if matches!(source, Source::Companion(_, Stream::Out)) {
            heard.lock().unwrap_or_else(PoisonError::into_inner).extend([line, "\n"]);
        }
    });
    let work = move || {
        let asked = self::step(step, &sink);
        done(asked.map(|()| unapplied(&plan.lock().unwrap_or_else(PoisonError::into_inner))));
    };
    thread::Builder::new().name("migrations".to_owned()).spawn(work).context("failed to start a thread")?;
    Ok(())
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
