//! The control socket, `var/run/server.sock`: a client writes one line of JSON and reads lines of JSON until the end.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use rustix::net::{SendFlags, send};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::timeout;

use super::master::Event;

/// How long a client may take to say what it wants, and how much it may say.
const PATIENCE: Duration = Duration::from_secs(5);
const LONGEST: u64 = 64 * 1024;

/// What a client wants.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "do", rename_all = "lowercase")]
pub(super) enum Request {
    /// What is going on.
    Status,
    /// New processes, of the program at `exe` (by default where this one was started from), ready within `timeout` seconds.
    Restart {
        #[serde(default)]
        timeout: Option<u64>,
        #[serde(default)]
        exe: Option<PathBuf>,
    },
    /// The end, within `timeout` seconds.
    Stop {
        #[serde(default)]
        timeout: Option<u64>,
    },
}

/// What `status` shows of a process.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Shown {
    pub(super) pid: Option<i32>,
    pub(super) generation: u32,
    pub(super) state: &'static str,
    pub(super) since: String,
    pub(super) restarts: u32,
}

/// Somebody who waits for answers.
pub(super) struct Client(UnixStream);

impl Client {
    /// One that the process before this one had.
    pub(super) fn adopted(stream: OwnedFd) -> Self {
        Self(UnixStream::from(stream))
    }

    /// Its descriptor, to be passed on.
    pub(super) fn descriptor(&self) -> io::Result<OwnedFd> {
        Ok(self.0.try_clone()?.into())
    }

    /// Says a line. A client that is gone, or does not listen, misses it.
    pub(super) fn answer(&self, line: &Value) {
        let line = format!("{line}\n");
        if let Err(error) = send(&self.0, line.as_bytes(), SendFlags::DONTWAIT | SendFlags::NOSIGNAL) {
            tracing::debug!(target: "serve", "a client of the control socket is gone: {error}");
        }
    }

    pub(super) fn say(&self, text: &str) {
        self.answer(&json!({ "say": text }));
    }

    pub(super) fn done(&self) {
        self.answer(&json!({ "done": true }));
    }

    pub(super) fn error(&self, error: &str, hint: Option<&str>) {
        match hint {
            Some(hint) => self.answer(&json!({ "error": error, "hint": hint })),
            None => self.answer(&json!({ "error": error })),
        }
    }
}

/// The socket. It stays the same when the process takes the place of another.
pub(super) struct Control {
    pub(super) listener: UnixListener,
}

impl Control {
    /// Makes it. Whoever holds the lock may replace what is there.
    pub(super) fn open(directory: &Path) -> anyhow::Result<Self> {
        let failed = || format!("failed to make `{}`", directory.join(NAME).display());
        let path = short(directory).with_context(failed)?;
        let _ = fs::remove_file(path.1.join(NAME));
        let listener = UnixListener::bind(path.1.join(NAME)).with_context(failed)?;
        // Whoever may speak to it may stop the server.
        fs::set_permissions(path.1.join(NAME), Permissions::from_mode(0o600)).with_context(failed)?;
        Ok(Self { listener })
    }

    /// Sends what clients want.
    pub(super) fn listen(&self, sender: UnboundedSender<Event>) -> anyhow::Result<()> {
        let listener = self.listener.try_clone().context("failed to watch the control socket")?;
        listener.set_nonblocking(true).context("failed to watch the control socket")?;
        let listener = tokio::net::UnixListener::from_std(listener).context("failed to watch the control socket")?;
        tokio::spawn(async move {
            while !sender.is_closed() {
                match listener.accept().await {
                    Ok((stream, _)) => drop(tokio::spawn(hear(stream, sender.clone()))),
                    Err(error) => {
                        tracing::warn!(target: "serve", "failed to accept a client of the control socket: {error}");
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    }
                }
            }
        });
        Ok(())
    }
}

/// The name of the socket in its directory.
const NAME: &str = "server.sock";

/// Removes the socket.
pub(super) fn remove(directory: &Path) {
    let _ = fs::remove_file(directory.join(NAME));
}

/// A path to the directory that fits into the address of a socket (108 bytes), valid as long as the file is open.
fn short(directory: &Path) -> io::Result<(File, PathBuf)> {
    let open = File::open(directory)?;
    let through = PathBuf::from(format!("/proc/self/fd/{}", open.as_raw_fd()));
    let path = if through.exists() { through } else { directory.to_owned() };
    Ok((open, path))
}

async fn hear(stream: tokio::net::UnixStream, sender: UnboundedSender<Event>) {
    let mut line = Vec::new();
    let mut reader = BufReader::new(stream).take(LONGEST);
    let read = timeout(PATIENCE, reader.read_until(b'\n', &mut line)).await;
    let Ok(client) = reader.into_inner().into_inner().into_std().map(Client) else { return };
    match read {
        Ok(Ok(1..)) => {}
        // Somebody looked whether anybody listens, or broke off.
        _ => return,
    }
    match serde_json::from_slice(&line) {
        // Nobody hears it when the server has just ended.
        Ok(request) => drop(sender.send(Event::Asked(request, client))),
        Err(error) => client.error(&format!("not understood: {error}"), None),
    }
}
