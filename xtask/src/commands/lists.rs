//! The lists of commands, brought in line with the files before a build.

use std::ffi::OsStr;
use std::io;
use std::path::Path;

use scaffold::journal::{self, Lock, Remember};
use scaffold::listing::{self, Listing};
use scaffold::{Change, Error, Talk};

use super::look::{self, Folder, Order};
use crate::failure::Failure;
use crate::project::Project;

/// Whether the sources are as they were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prepared {
    /// They are.
    Unchanged,
    /// Something was written.
    Changed,
}

/// What became of the lists.
#[derive(Debug)]
pub struct Outcome {
    /// Whether something was written.
    pub prepared: Prepared,
    /// What a person has to put right.
    pub problems: Vec<Error>,
}

/// Makes the sources ready for a build, and says what has to be put right by hand, which does not stop it.
///
/// # Errors
/// Those of [`bring_in_line`].
pub fn prepare(project: &Project, say: &mut dyn FnMut(&str)) -> anyhow::Result<()> {
    for problem in bring_in_line(project, say)?.problems {
        say(&format!("warning: {problem}"));
        problem.hint().into_iter().for_each(|hint| say(&format!("hint: {hint}")));
    }
    Ok(())
}

/// Takes back what a crash left half done, writes commands that are not listed into the lists of their modules, and takes
/// out those whose files are gone. `say` gets a line for each of them.
///
/// # Errors
/// Under `CI=true`, when a list is not in order: nothing is written then. When the traces of a crash cannot be removed.
pub fn bring_in_line(project: &Project, say: &mut dyn FnMut(&str)) -> anyhow::Result<Outcome> {
    let root = &project.root;
    journal::recover(root, &mut Notes(say)).map_err(|error| failure(&error))?;
    let doubtful = doubtful(root);
    let mut outcome = Outcome { prepared: Prepared::Unchanged, problems: Vec::new() };
    if project.variables.get(OsStr::new("CI")).is_some_and(|value| value == "true") {
        return judge(root, &doubtful).map(|()| outcome);
    }
    let mut lock = None;
    for folder in &doubtful {
        let mut listing = listing::of_module(root, &folder.module);
        if !listing.edits.is_empty() {
            match write(root, folder, &mut lock, say) {
                Ok(written) => {
                    written.lines.iter().for_each(|line| say(&format!("note: {line}")));
                    (listing, outcome.prepared) = (written, Prepared::Changed);
                }
                Err(error) => outcome.problems.push(unwritten(&listing, &error)),
            }
        }
        outcome.problems.extend(listing.problems.into_iter().map(|problem| problem.error));
    }
    Ok(outcome)
}

/// Fails when a listed file is certainly no command: the compiler would say it less clearly.
///
/// # Errors
/// The first of them.
pub fn check(project: &Project) -> anyhow::Result<()> {
    let folders = look::folders(&project.root);
    let mut flaws = folders.iter().flat_map(|folder| listing::flaws(&project.root, &folder.module));
    flaws.next().map_or(Ok(()), |flaw| Err(failure(&flaw.error).into()))
}

/// Whether a build would find the lists as they have to be. Writes nothing.
pub fn are_in_order(project: &Project) -> bool {
    let root = &project.root;
    doubtful(root).iter().all(|folder| listing::of_module(root, &folder.module).edits.is_empty())
}

fn doubtful(root: &Path) -> Vec<Folder> {
    look::folders(root).into_iter().filter(|folder| folder.order == Order::Doubtful).collect()
}

/// Writes what there is to write for one module, under the lock: another xtask may have been faster.
fn write(
    root: &Path,
    folder: &Folder,
    lock: &mut Option<Lock>,
    say: &mut dyn FnMut(&str),
) -> scaffold::Result<Listing> {
    let lock = match lock {
        Some(lock) => lock,
        None => lock.insert(journal::lock(root, &mut Notes(say))?),
    };
    let mut listing = listing::of_module(root, &folder.module);
    let edits = std::mem::take(&mut listing.edits);
    if !edits.is_empty() {
        let title = format!("the listing of commands in {}", folder.module.display());
        lock.make(&Change { title, edits }, Remember::Nothing)?;
    }
    Ok(listing)
}

/// Fails unless all lists are as they have to be.
fn judge(root: &Path, doubtful: &[Folder]) -> anyhow::Result<()> {
    let mut wrong = Vec::new();
    let mut hints = Vec::new();
    for folder in doubtful {
        let listing = listing::of_module(root, &folder.module);
        for line in listing.lines {
            wrong.push(line.missing());
            hints.push("run `cargo xtask check` without `CI=true`, and commit what it writes".to_owned());
        }
        for problem in listing.problems {
            hints.extend(problem.error.hint().map(str::to_owned));
            wrong.push(problem.error.to_string());
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    Err(hints.into_iter().take(1).fold(Failure::new(wrong.join("\n       ")), Failure::hint).into())
}

/// The same error as xtask shows it.
pub fn failure(error: &Error) -> Failure {
    error.hint().into_iter().fold(Failure::new(error.to_string()).code(error.code()), Failure::hint)
}

/// Why a list is not in order still.
fn unwritten(listing: &Listing, error: &Error) -> Error {
    let missing: Vec<String> = listing.lines.iter().map(listing::Line::missing).collect();
    let unwritten = Error::new(format!("{}: {error}", missing.join("; ")));
    error.hint().into_iter().fold(unwritten, Error::with_hint)
}

/// What the journal says goes where everything is said; there is nobody to ask.
struct Notes<'a>(&'a mut dyn FnMut(&str));

impl Talk for Notes<'_> {
    fn say(&mut self, line: &str) {
        (self.0)(line);
    }

    fn note(&mut self, line: &str) {
        (self.0)(line);
    }

    fn ask(&mut self, _question: &str) -> io::Result<Option<String>> {
        Ok(None)
    }
}
