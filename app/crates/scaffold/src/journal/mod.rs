//! Changes on disk: all or nothing, and the way back.
//!
//! Everything is below `var/scaffold/` of the project. A change is written to `pending.json`, with every text before and
//! after, before the first file is touched, and becomes `changes/NNNN.json` with one rename when the last one is done. A
//! `pending.json` that is found while nobody holds the lock is what a crash left: the files are put back.

mod files;
mod records;
#[cfg(test)]
mod tests;
mod writer;

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use self::files::{Disk, Files};
pub(crate) use self::records::{Record, Records};
use self::writer::Writer;
use crate::change::{Change, Edit};
use crate::tree::Tree;
use crate::{Error, Kept, Result, Talk};

/// How long somebody waits before being told so: most changes are made sooner.
const PATIENCE: Duration = Duration::from_secs(1);

const DIRECTORY: &str = "var/scaffold";
const LOCK: &str = "var/scaffold/lock";
const PENDING: &str = "var/scaffold/pending.json";

/// What is remembered of a change that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remember {
    /// All of it, for `--undo` and `remove-module`.
    Change,
    /// Nothing: it can be worked out again from the tree.
    Nothing,
    /// The change with this number was taken back: it is forgotten.
    Undone(u32),
}

/// The right to change the sources, held by one process at a time.
pub struct Lock {
    tree: Tree,
    files: Box<dyn Files>,
    /// Open for as long as the right is held.
    _file: File,
}

/// Waits for the right to change the sources, and puts back what a crash left.
///
/// # Errors
/// When `var/scaffold` cannot be written, or the files cannot be put back.
pub fn lock(root: &Path, talk: &mut dyn Talk) -> Result<Lock> {
    lock_with(root, Box::new(Disk), talk)
}

/// Puts back what a crash left, if there is something. Costs one look when there is not.
///
/// # Errors
/// As [`lock`].
pub fn recover(root: &Path, talk: &mut dyn Talk) -> Result<()> {
    if has_pending(root) { lock(root, talk).map(drop) } else { Ok(()) }
}

/// Whether a change was begun and not ended: it is being made, or a crash left it.
pub fn has_pending(root: &Path) -> bool {
    root.join(PENDING).exists()
}

/// Puts a journal aside that cannot be read: nobody can put back what it says, and every command that changes sources
/// stops at it. Gives the file that it is now, relative to the root; nothing when it can be read, or there is none.
///
/// # Errors
/// When `var/scaffold` cannot be read or written.
pub fn set_aside(root: &Path) -> Result<Option<PathBuf>> {
    let (tree, _file) = locked(root, &mut Kept::default())?;
    let pending = tree.root().join(PENDING);
    let bytes = match fs::read(&pending) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::io("read", Path::new(PENDING), error)),
    };
    let is_readable = |text: &str| Record::parse(Path::new(PENDING), text).is_ok();
    if std::str::from_utf8(&bytes).is_ok_and(is_readable) {
        return Ok(None);
    }
    let names = (1_u32..).map(|number| PathBuf::from(format!("{DIRECTORY}/damaged-{number}.json")));
    let aside = names.into_iter().find(|name| !tree.root().join(name).exists()).unwrap_or_default();
    fs::rename(&pending, tree.root().join(&aside)).map_err(|error| Error::io("rename", Path::new(PENDING), error))?;
    Ok(Some(aside))
}

fn lock_with(root: &Path, files: Box<dyn Files>, talk: &mut dyn Talk) -> Result<Lock> {
    let (tree, file) = locked(root, talk)?;
    let mut lock = Lock { tree, files, _file: file };
    lock.put_back(talk)?;
    Ok(lock)
}

/// Waits until nobody else changes the sources.
fn locked(root: &Path, talk: &mut dyn Talk) -> Result<(Tree, File)> {
    let tree = Tree::new(root)?;
    let directory = Path::new(DIRECTORY);
    fs::create_dir_all(tree.locate(directory)?).map_err(|error| Error::io("make", directory, error))?;
    let failed = |error| Error::io("lock", Path::new(LOCK), error);
    let file = File::options().create(true).truncate(false).write(true).open(tree.root().join(LOCK)).map_err(failed)?;
    let begun = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::WouldBlock) if begun.elapsed() < PATIENCE => {
                std::thread::park_timeout(Duration::from_millis(20));
            }
            Err(TryLockError::WouldBlock) => {
                talk.note("waiting for another command that is changing the sources");
                file.lock().map_err(failed)?;
                break;
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
    }
    Ok((tree, file))
}

impl Lock {
    /// Makes a change: all of it, or none when something fails. The files must still be as the change says.
    ///
    /// # Errors
    /// The change is not good, a file is not as it was, or cannot be written; everything is as before then.
    pub fn make(&mut self, change: &Change, remember: Remember) -> Result<()> {
        change.check()?;
        for edit in &change.edits {
            self.check_before(edit)?;
        }
        let recorded = match remember {
            Remember::Change => Some(Records::path(Records::read(self.tree.root())?.next_number())),
            Remember::Undone(number) => Some(Records::path(number)),
            Remember::Nothing => None,
        };
        let edits = change.clone().sorted().edits;
        let undoes = matches!(remember, Remember::Undone(_));
        let record = Record { version: Record::VERSION, title: change.title.clone(), undoes, edits };
        let announced = self.writer().replace(Path::new(PENDING), &record.text()?);
        if let Err(error) = announced.and_then(|()| self.apply(&record.edits, recorded.as_deref())) {
            return Err(self.give_up(&record.edits, error));
        }
        // The record of the change became that of its undoing in one step, and says so if it stays.
        if let Some(recorded) = recorded.filter(|_| undoes) {
            let _ = self.writer().remove(&recorded);
        }
        Ok(())
    }

    fn apply(&mut self, edits: &[Edit], recorded: Option<&Path>) -> Result<()> {
        edits.iter().try_for_each(|edit| self.writer().put(edit))?;
        match recorded {
            Some(recorded) => self.writer().rename(Path::new(PENDING), recorded),
            None => self.writer().remove(Path::new(PENDING)),
        }
    }

    fn give_up(&mut self, edits: &[Edit], error: Error) -> Error {
        match self.put_all_back(edits).and_then(|_| self.forget()) {
            Ok(()) => error,
            Err(second) => Error::new(format!("{error}; and what was changed already could not be put back: {second}"))
                .with_hint("the next command that changes sources or builds tries again"),
        }
    }

    fn forget(&mut self) -> Result<()> {
        if has_pending(self.tree.root()) { self.writer().remove(Path::new(PENDING)) } else { Ok(()) }
    }

    fn check_before(&self, edit: &Edit) -> Result<()> {
        let path = &edit.path;
        if self.tree.read(path)? != edit.before {
            let message = format!("`{}` was changed by somebody else just now", path.display());
            return Err(Error::new(message).with_hint("try again"));
        }
        let metadata = edit.before.as_ref().map(|_| self.tree.locate(path).map(fs::metadata)).transpose()?;
        match metadata {
            Some(Ok(found)) if found.permissions().readonly() => {
                Err(Error::new(format!("`{}` is read-only", path.display()))
                    .with_hint("make it writable, and try again"))
            }
            _ => Ok(()),
        }
    }

    fn put_back(&mut self, talk: &mut dyn Talk) -> Result<()> {
        let pending = Path::new(PENDING);
        let Some(text) = self.tree.read(pending)? else { return Ok(()) };
        let record = Record::parse(pending, &text)?;
        let kept = self.put_all_back(&record.edits)?;
        self.writer().remove(pending)?;
        talk.note(&format!("note: `{}` was stopped midway; its changes have been taken back", record.title));
        for path in kept {
            talk.note(&format!("note: `{}` was edited meanwhile, and is left as it is", path.display()));
        }
        Ok(())
    }

    /// Puts back every file that still has one of its two texts, and gives the others.
    fn put_all_back(&mut self, edits: &[Edit]) -> Result<Vec<PathBuf>> {
        let mut kept = Vec::new();
        for edit in edits.iter().rev() {
            // What cannot be read as text was not written by us.
            match self.tree.read(&edit.path) {
                Ok(found) if found == edit.before => {}
                Ok(found) if found == edit.after => self.writer().put(&edit.reversed())?,
                _ => kept.push(edit.path.clone()),
            }
            self.writer().clean(&edit.path)?;
        }
        Ok(kept)
    }

    fn writer(&mut self) -> Writer<'_> {
        Writer { tree: &self.tree, files: self.files.as_mut() }
    }
}
