//! How the master becomes another version of itself: the same process, with the same descriptors, goes on with what stands
//! in a file that has no name.

use std::fs::{self, OpenOptions};
use std::io::{self, Seek as _, Write as _};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use crate::context::Context;
use crate::http::metrics::Snapshot;
use crate::process::{INHERITED_FDS, STATE_FD};
use crate::system;

/// Changes whenever [`State`], or what master and serving processes say to each other, changes so that another version
/// cannot go on with it. Then the serving processes are new after a restart, and the master stays what it is.
pub(super) const PROTOCOL: u32 = 1;

/// What the next version needs. Descriptors are numbers here.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct State {
    pub(super) lock: i32,
    pub(super) control: i32,
    pub(super) metrics: Option<i32>,
    pub(super) parent: Option<i32>,
    /// Both ends of the pipe by which serving processes see that the master lives.
    pub(super) alive: [i32; 2],
    pub(super) sockets: Vec<i32>,
    pub(super) files: Vec<PathBuf>,
    /// Who asked for it.
    pub(super) client: Option<i32>,
    /// Where the program is looked for.
    pub(super) exe: PathBuf,
    pub(super) since: String,
    pub(super) generation: u32,
    pub(super) next_id: u64,
    pub(super) crashes: u64,
    pub(super) ended: Snapshot,
    pub(super) workers: Vec<Kept>,
}

/// A serving process that goes on.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) pid: i32,
    pub(super) generation: u32,
    pub(super) since: String,
    pub(super) restarts: u32,
    pub(super) draining: bool,
    pub(super) control: i32,
    pub(super) counted: Snapshot,
}

/// Puts the program of `command` in this process's place. Comes back only when that fails.
pub(super) fn become_next(mut command: Command, directory: &Path, state: &State, passed: Vec<OwnedFd>) -> io::Error {
    let file = match written(directory, state) {
        Ok(file) => file,
        Err(error) => return error,
    };
    let numbers: Vec<String> = passed.iter().map(|descriptor| descriptor.as_raw_fd().to_string()).collect();
    command.env(INHERITED_FDS, numbers.join(",")).env(STATE_FD, file.as_raw_fd().to_string());
    let passed: Vec<Arc<OwnedFd>> = passed.into_iter().chain([file]).map(Arc::new).collect();
    system::pass_on(&mut command, passed.clone());
    system::hold_signals(&mut command);
    let error = system::become_program(command).err();
    // It was not to be: all goes on as it was.
    let heeded = system::heed_signals();
    // No child may inherit them by accident.
    for descriptor in &passed {
        let _ = rustix::io::fcntl_setfd(descriptor, rustix::io::FdFlags::CLOEXEC);
    }
    error.or(heeded.err()).unwrap_or_else(|| io::Error::other("the program ended"))
}

fn written(directory: &Path, state: &State) -> io::Result<OwnedFd> {
    let path = directory.join(format!("server.state.{}", std::process::id()));
    let _ = fs::remove_file(&path);
    let mut file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
    fs::remove_file(&path)?;
    file.write_all(&serde_json::to_vec(state)?)?;
    file.rewind()?;
    Ok(file.into())
}

/// What the version before this one left, if there was one.
pub(super) fn left(ctx: &Context) -> anyhow::Result<Option<State>> {
    let Some(file) = ctx.handover().state()? else { return Ok(None) };
    let failed = "failed to read what the version before this one left";
    serde_json::from_reader(io::BufReader::new(file)).map(Some).context(failed)
}

/// A descriptor that it left.
pub(super) fn descriptor(ctx: &Context, number: i32) -> anyhow::Result<OwnedFd> {
    let file = ctx.handover().inherited(number);
    Ok(file.with_context(|| format!("the descriptor {number} was not passed on"))?.into())
}
