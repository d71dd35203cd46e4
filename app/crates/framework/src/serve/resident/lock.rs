//! The lock: whoever holds `var/run/server.lock` is the server. Its pid stands in the file for people; the lock alone is
//! the truth, so a number that somebody else has by now means nothing.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read as _};
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use super::run_directory;
use crate::context::Context;
use crate::management::CommandError;
use crate::system;

/// How often somebody looks who waits for a server that is stopping.
const LOOK: Duration = Duration::from_millis(50);

/// How long a lock is looked at again before it counts as a server's: whoever asks whether there is one (`status`) holds it
/// for a moment.
const GLANCE: Duration = Duration::from_millis(500);

/// How much longer than its deadline a server may take to stop.
const SLACK: Duration = Duration::from_secs(10);

/// What the holder of the lock says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Holder {
    pub(super) pid: u32,
    /// When the process began, in the system's ticks: together with `boot_id` nobody else has the same.
    pub(super) start_ticks: u64,
    pub(super) boot_id: String,
    pub(super) exe: PathBuf,
    pub(super) version: String,
    pub(super) state: String,
    pub(super) addresses: Vec<String>,
    pub(super) since: String,
}

/// The lock, held for as long as the process lives.
pub(super) struct Lock {
    pub(super) file: File,
}

/// What became of the try to get it.
pub(super) enum Tried {
    /// Ours. Who held it last, if that one did not stop in order.
    Taken(Lock, Option<Holder>),
    Held(Holder),
}

impl Lock {
    /// Takes it. A server that is stopping is waited for.
    pub(super) async fn take(ctx: &Context) -> anyhow::Result<(Self, Option<Holder>)> {
        let patience = Duration::from_secs(ctx.settings().server.drain_seconds) + SLACK;
        let begin = Instant::now();
        loop {
            match Self::try_briefly(ctx).await? {
                Tried::Taken(lock, crashed) => return Ok((lock, crashed)),
                Tried::Held(holder) if holder.state == "stopping" && begin.elapsed() < patience => sleep(LOOK).await,
                Tried::Held(holder) => return Err(holder.refusal(ctx).into()),
            }
        }
    }

    async fn try_briefly(ctx: &Context) -> anyhow::Result<Tried> {
        let path = path(ctx);
        let begin = Instant::now();
        loop {
            match Self::try_take(&path).with_context(|| format!("failed to lock `{}`", path.display()))? {
                Tried::Held(holder) if holder.state != "stopping" && begin.elapsed() < GLANCE => sleep(LOOK).await,
                tried => return Ok(tried),
            }
        }
    }

    fn try_take(path: &Path) -> io::Result<Tried> {
        if let Some(directory) = path.parent() {
            make(directory)?;
        }
        loop {
            let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o640).open(path)?;
            match file.try_lock() {
                // Somebody may have removed the file meanwhile, and the next one would lock another.
                Ok(()) if !system::is_same(&file, path) => {}
                Ok(()) => {
                    let last = holder(&file);
                    return Ok(Tried::Taken(Self { file }, last));
                }
                Err(TryLockError::WouldBlock) => return Ok(Tried::Held(holder(&file).unwrap_or_default())),
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
    }

    /// Says who holds it.
    pub(super) fn write(&self, holder: &Holder) -> io::Result<()> {
        let mut text = serde_json::to_vec(holder)?;
        text.push(b'\n');
        // In one piece, so that nobody reads half of it.
        self.file.write_all_at(&text, 0)?;
        self.file.set_len(text.len() as u64)
    }

    /// Says that the server stopped in order.
    pub(super) fn clear(&self) -> io::Result<()> {
        self.file.set_len(0)
    }
}

impl Holder {
    /// This process.
    pub(super) fn this(ctx: &Context, exe: &Path) -> Self {
        let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
        // The name, in parentheses, may hold anything; the 22nd field is the 20th after it.
        let ticks = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(19)?.parse().ok());
        let boot_id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        Self {
            pid: std::process::id(),
            start_ticks: ticks.unwrap_or_default(),
            boot_id: boot_id.trim().to_owned(),
            exe: exe.to_owned(),
            version: ctx.version().to_owned(),
            since: ctx.now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
            ..Self::default()
        }
    }

    /// What is said to somebody who wants to be the server as well.
    fn refusal(&self, ctx: &Context) -> CommandError {
        let Self { pid, since, addresses, .. } = self;
        let stop = match ctx.program().ends_with("xtask") {
            true => format!("`{} stop-prod`", ctx.program()),
            false => format!("`kill {pid}`"),
        };
        let message = match addresses.is_empty() {
            true => "the server runs already".to_owned(),
            false => format!("the server runs already: pid {pid}, since {since}, on {}", addresses.join(", ")),
        };
        CommandError::new(format!("{message}\nhint: {stop} stops it"))
    }
}

/// Makes the directory of the lock and the control socket, which is nobody else's even before its own mode is set.
fn make(directory: &Path) -> io::Result<()> {
    if let Some(above) = directory.parent() {
        std::fs::create_dir_all(above)?;
    }
    match DirBuilder::new().mode(0o750).create(directory) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Fails when there is a server.
pub(super) async fn refuse_second(ctx: &Context) -> anyhow::Result<()> {
    match Lock::try_briefly(ctx).await? {
        Tried::Held(holder) if holder.state != "stopping" => Err(holder.refusal(ctx).into()),
        Tried::Held(_) | Tried::Taken(..) => Ok(()),
    }
}

/// Who holds it, as far as anybody says so.
pub(super) fn current(ctx: &Context) -> Option<Holder> {
    holder(&File::open(path(ctx)).ok()?)
}

fn path(ctx: &Context) -> PathBuf {
    run_directory(ctx).join("server.lock")
}

fn holder(mut file: &File) -> Option<Holder> {
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    serde_json::from_str(text.lines().next()?).ok()
}
