//! `logs`: the app's log file, followed across its rotation.

use std::fs::{self, File};
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context;

use super::options::Logs;
use super::{LOG, is_running, tail};
use crate::output;
use crate::process::Ended;
use crate::project::Project;
use crate::system::{self, Signals};

/// How often it is looked for new lines.
const PAUSE: Duration = Duration::from_millis(200);

/// Runs the task.
///
/// # Errors
/// When the log cannot be read.
pub(super) fn run(project: &Project, typed: &Logs) -> anyhow::Result<u8> {
    let directory = project.root.join(LOG);
    let path = directory.join("app.log");
    let mut signals = Signals::catch()?;
    // Opened before the past is shown: nothing that is written meanwhile is missed.
    let mut followed = Followed::open(path.clone())?;
    let past = past(&path, followed.file.as_mut(), typed.lines)?;
    output::data(&past)?;
    if !is_running(project) {
        let server = directory.join("server.log");
        let last_words = tail::last_lines(&server, typed.lines);
        let last_words = last_words.with_context(|| format!("failed to read `{}`", server.display()))?;
        // One that came to its end in order said nothing else.
        if last_words.lines().any(|line| !line.starts_with("ready: ")) {
            output::note(format_args!("the server does not run; the last lines of `{LOG}/server.log`:"));
            output::data(&last_words)?;
        }
    }
    if !typed.follow {
        if past.is_empty() && followed.file.is_none() {
            output::note(format_args!("there is no `{LOG}/app.log` yet"));
        }
        return Ok(0);
    }
    loop {
        if let Some(request) = signals.requests().first() {
            return Ok(Ended::Killed(request.number()).code());
        }
        if !followed.show_new()? {
            return Ok(0);
        }
        signals.wait(Some(Instant::now() + PAUSE))?;
    }
}

/// The last lines, from rotated files too when the newest has fewer.
fn past(path: &Path, newest: Option<&mut File>, count: usize) -> anyhow::Result<String> {
    let failed = || format!("failed to read `{}`", path.display());
    let mut text = newest.map_or(Ok(String::new()), |file| tail::of_file(file, count)).with_context(failed)?;
    let mut number = 1;
    loop {
        let missing = count.saturating_sub(text.lines().count());
        let older = numbered(path, number);
        if missing == 0 || !older.exists() {
            return Ok(text);
        }
        let more = tail::last_lines(&older, missing);
        text.insert_str(0, &more.with_context(|| format!("failed to read `{}`", older.display()))?);
        number += 1;
    }
}

fn numbered(path: &Path, number: usize) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(format!(".{number}"));
    path.into()
}

/// A log file that is read as it grows, and gives way to a new one.
struct Followed {
    path: PathBuf,
    /// It stands where reading goes on.
    file: Option<File>,
}

impl Followed {
    /// Opens the file, if it is there.
    fn open(path: PathBuf) -> anyhow::Result<Self> {
        let file = opened(&path)?;
        Ok(Self { path, file })
    }

    /// Shows what was written since the last call. False when nobody reads it any more.
    fn show_new(&mut self) -> anyhow::Result<bool> {
        let Some(file) = &mut self.file else {
            self.file = opened(&self.path)?;
            return self.file.as_mut().map_or(Ok(true), show);
        };
        if !show(file)? {
            return Ok(false);
        }
        let id = |metadata: &fs::Metadata| system::file_id(metadata);
        let own = file.metadata().ok().as_ref().and_then(id);
        let is_own = |path: &Path| fs::metadata(path).ok().as_ref().and_then(id) == own;
        // Between the two renames of a rotation there is no file of this name; the next look finds it.
        if own.is_none() || is_own(&self.path) || !self.path.exists() {
            return Ok(true);
        }
        // What was written between the last look and the rotation.
        if !show(file)? {
            return Ok(false);
        }
        // It may have been rotated more than once meanwhile.
        let mut between = Vec::new();
        let mut older = (1..).map(|number| numbered(&self.path, number)).take_while(|path| path.exists());
        let is_kept = older.any(|path| {
            is_own(&path) || {
                between.push(path);
                false
            }
        });
        for path in between.iter().rev().filter(|_| is_kept) {
            if let Some(mut file) = opened(path)?
                && !show(&mut file)?
            {
                return Ok(false);
            }
        }
        self.file = opened(&self.path)?;
        self.file.as_mut().map_or(Ok(true), show)
    }
}

fn opened(path: &Path) -> anyhow::Result<Option<File>> {
    match File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("failed to read `{}`", path.display())),
    }
}

/// Shows the rest of the file, from its beginning when it was emptied. False when nobody reads it any more.
fn show(file: &mut File) -> anyhow::Result<bool> {
    let mut read = || {
        if file.metadata()?.len() < file.stream_position()? {
            file.seek(SeekFrom::Start(0))?;
        }
        let mut new = Vec::new();
        file.read_to_end(&mut new)?;
        Ok::<_, std::io::Error>(new)
    };
    output::bytes(&read().context("failed to read the log")?)
}
