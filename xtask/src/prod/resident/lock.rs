//! The lock that the server holds for life, and what it wrote about itself into it. The lock is the truth; a number of a
//! process alone says nothing, it may be another's by now.

use std::fs::{File, TryLockError};
use std::io::{ErrorKind, Read};
use std::path::PathBuf;

use anyhow::Context;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::process::Process;
use crate::prod::RUN;
use crate::project::Project;

/// What a server writes about itself. All of it may be missing: another version may have written it.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Record {
    pub(super) pid: u32,
    /// When the process started, in clock ticks since the machine did.
    pub(super) start_ticks: u64,
    pub(super) boot_id: String,
    pub(super) exe: PathBuf,
    pub(super) version: String,
    pub(super) addresses: Vec<String>,
    pub(super) since: Value,
    /// `stopping` once it was told to.
    pub(super) state: String,
}

impl Record {
    /// As it stands behind "the server": `pid 4242, since …, 127.0.0.1:8000`.
    pub(super) fn told(&self) -> String {
        let addresses = self.addresses.iter().map(|address| url(address));
        let since = self.since().map(|since| format!("since {since}"));
        let parts = [format!("pid {}", self.pid)].into_iter().chain(since).chain(addresses);
        parts.collect::<Vec<_>>().join(", ")
    }

    /// Since when it runs, as it says itself.
    pub(super) fn since(&self) -> Option<String> {
        match &self.since {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        }
    }
}

/// An address as people type it: what has a host and a port is a URL.
pub(super) fn url(address: &str) -> String {
    if address.starts_with("unix:") || address.contains("://") {
        address.to_owned()
    } else {
        format!("http://{address}/")
    }
}

/// What the lock says.
#[derive(Debug)]
pub(super) enum State {
    /// Nobody holds it, and nobody should.
    Stopped,
    /// Nobody holds it any more, though nobody stopped the server.
    Crashed(Record),
    /// A server holds it.
    Held(Holder),
}

/// Who holds the lock.
#[derive(Debug)]
pub(super) struct Holder {
    /// What it wrote. While it starts, this may still be the one before it.
    pub(super) record: Record,
    /// The very process, when it is the one that wrote the record.
    pub(super) process: Option<Process>,
}

impl Holder {
    /// As it stands behind "the server is".
    pub(super) fn told(&self) -> String {
        match (&self.process, self.record.state.as_str()) {
            (None, _) | (Some(_), "starting") => "just being started".to_owned(),
            (Some(_), "stopping") => format!("just being stopped ({})", self.record.told()),
            (Some(_), _) => format!("running already: {}", self.record.told()),
        }
    }
}

/// The file, below the project's root.
pub(super) fn path(project: &Project) -> PathBuf {
    project.root.join(RUN).join("server.lock")
}

/// Looks who holds the lock.
///
/// # Errors
/// When it cannot be looked at.
pub(super) fn look(project: &Project) -> anyhow::Result<State> {
    let path = path(project);
    let failed = || format!("failed to read `{}`", path.display());
    let mut file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(State::Stopped);
        }
        Err(error) => return Err(error).with_context(failed),
    };
    // Shared, so that two who look do not take each other for a server.
    let is_held = match file.try_lock_shared() {
        Ok(()) => false,
        Err(TryLockError::WouldBlock) => true,
        Err(TryLockError::Error(error)) => return Err(error).with_context(failed),
    };
    let mut text = String::new();
    let read = file.read_to_string(&mut text).map(drop);
    if !is_held {
        let _ = file.unlock();
    }
    read.with_context(failed)?;
    let record: Option<Record> = serde_json::from_str(&text).ok();
    Ok(match (is_held, record) {
        (false, None) => State::Stopped,
        (false, Some(record)) => State::Crashed(record),
        (true, record) => {
            let record = record.unwrap_or_default();
            State::Held(Holder { process: Process::open(&record), record })
        }
    })
}

/// Takes out what a server wrote that could not do it itself any more, unless another one holds the lock by now.
pub(super) fn forget(project: &Project) -> anyhow::Result<()> {
    let path = path(project);
    let failed = || format!("failed to write `{}`", path.display());
    let file = File::options().write(true).open(&path).with_context(failed)?;
    match file.try_lock() {
        Ok(()) => file.set_len(0).with_context(failed),
        Err(_) => Ok(()),
    }
}
