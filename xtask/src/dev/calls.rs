//! Calls of cargo and rustc: their output is read wholly, they can be cancelled, and none outlives xtask.

use std::io::{self, Read};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use super::group::Group;

/// How long a compiler may take to end after it was told to.
const GRACE: Duration = Duration::from_secs(2);

/// How long output may be held open by what left the group of the process that has ended.
const LEFTOVERS: Duration = Duration::from_secs(1);

/// What a call is told, from outside or by its own threads.
enum Note {
    Cancel,
    Ended(io::Result<ExitStatus>),
}

/// Cancels the call that is running, and those that would follow.
#[derive(Clone)]
pub(super) struct Canceller(Sender<Note>);

impl Canceller {
    /// Does not wait for the end.
    pub(super) fn cancel(&self) {
        // Nobody listens any more when all calls have ended.
        let _ = self.0.send(Note::Cancel);
    }
}

/// Runs one call after the other.
pub(super) struct Calls {
    send: Sender<Note>,
    notes: Receiver<Note>,
}

/// Why there is no output.
#[derive(Debug)]
pub(super) enum Stopped {
    /// It was cancelled.
    Cancelled,
    /// It could not be started, or not be waited for.
    Failed(anyhow::Error),
}

impl From<anyhow::Error> for Stopped {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

/// What a process wrote, and how it ended.
pub(super) struct Output {
    pub(super) status: ExitStatus,
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: Vec<u8>,
}

impl Calls {
    pub(super) fn new() -> (Self, Canceller) {
        let (send, notes) = channel();
        (Self { send: send.clone(), notes }, Canceller(send))
    }

    /// Runs the command to its end. What it writes to stderr goes to `show` as well, while it runs.
    pub(super) fn run(
        &self,
        command: &mut Command,
        show: impl FnMut(&[u8]) + Send + 'static,
    ) -> Result<Output, Stopped> {
        if self.notes.try_recv().is_ok() {
            // Before a call there is no note but this one.
            self.cancel_all();
            return Err(Stopped::Cancelled);
        }
        let group = Group::new()?;
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = group.spawn(command).map_err(|error| {
            let text = format!("failed to start `{}`", command.get_program().display());
            anyhow::Error::new(error).context(text)
        })?;
        let stdout = child.stdout.take().map(|pipe| collect(pipe, |_| {}));
        let stderr = child.stderr.take().map(|pipe| collect(pipe, show));
        let ended = self.send.clone();
        thread::spawn(move || ended.send(Note::Ended(child.wait())));
        let status = self.wait(&group);
        // What it left behind must not hold the pipes, nor write into the target directory.
        drop(group);
        let whole = |pipe: Option<Receiver<Vec<u8>>>| {
            pipe.and_then(|pipe| pipe.recv_timeout(LEFTOVERS).ok()).unwrap_or_default()
        };
        Ok(Output { status: status?, stdout: whole(stdout), stderr: whole(stderr) })
    }

    fn wait(&self, group: &Group) -> Result<ExitStatus, Stopped> {
        let mut cancelled = false;
        loop {
            // The channel cannot be closed: one of its senders is here.
            let note = if cancelled { self.notes.recv_timeout(GRACE) } else { self.notes.recv().map_err(Into::into) };
            match note {
                Ok(Note::Ended(_)) if cancelled => {
                    self.cancel_all();
                    return Err(Stopped::Cancelled);
                }
                Ok(Note::Ended(status)) => {
                    return status.map_err(|error| anyhow::Error::new(error).context("failed to wait").into());
                }
                Ok(Note::Cancel) if cancelled => {}
                Ok(Note::Cancel) => {
                    group.signal(Signal::TERM);
                    cancelled = true;
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => group.signal(Signal::KILL),
            }
        }
    }

    /// The calls that would follow are cancelled too.
    fn cancel_all(&self) {
        let _ = self.send.send(Note::Cancel);
    }
}

/// Reads to the end in a thread of its own. The bytes are sent once, at the end.
fn collect(mut pipe: impl Read + Send + 'static, mut show: impl FnMut(&[u8]) + Send + 'static) -> Receiver<Vec<u8>> {
    let (send, receive) = channel();
    thread::spawn(move || {
        let (mut all, mut part) = (Vec::new(), [0; 8192]);
        // An error in a pipe is its end.
        while let Ok(read @ 1..) = pipe.read(&mut part) {
            show(&part[..read]);
            all.extend_from_slice(&part[..read]);
        }
        // A reader that did not want to wait so long is gone.
        let _ = send.send(all);
    });
    receive
}
