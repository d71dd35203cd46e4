//! A server that was started for a bench, and ends with it.

use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context;
use rustix::process::{Pid, Signal};

use crate::bench::http::{Answer, request};
use crate::bench::meter;
use crate::system;

/// How long a server may take until it answers, and until it has ended. Generous: machines may have much else to do.
const PATIENCE: Duration = Duration::from_secs(180);

const TICK: Duration = Duration::from_millis(20);

/// A server.
pub(super) struct Running {
    child: Child,
    name: &'static str,
    address: SocketAddr,
    log: PathBuf,
}

/// An address that is free now.
pub(super) fn free_address() -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").context("failed to find a free port")?;
    listener.local_addr().context("failed to find a free port")
}

/// Runs a command that must succeed, and shows what it says only if it does not.
pub(super) fn quietly(command: &mut Command) -> anyhow::Result<()> {
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("failed to start {command:?}"))?;
    let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    anyhow::ensure!(output.status.success(), "{command:?} failed: {}\n{said}", output.status);
    Ok(())
}

impl Running {
    /// Starts a server, whose output goes to `log`, and waits until it answers.
    pub(super) fn start(
        name: &'static str,
        mut command: Command,
        address: SocketAddr,
        path: &str,
        log: &Path,
    ) -> anyhow::Result<Self> {
        let file = File::create(log).with_context(|| format!("failed to write `{}`", log.display()))?;
        let other = file.try_clone().with_context(|| format!("failed to write `{}`", log.display()))?;
        command.stdin(Stdio::null()).stdout(file).stderr(other);
        system::end_with_parent(&mut command);
        let child = command.spawn().with_context(|| format!("failed to start {name}"))?;
        let mut running = Self { child, name, address, log: log.to_owned() };
        let deadline = Instant::now() + PATIENCE;
        loop {
            let last = match request(address, "GET", path, PATIENCE) {
                Ok(answer) if answer.status == 200 => return Ok(running),
                Ok(answer) => format!("`{path}` has the status {}", answer.status),
                Err(broken) => format!("{broken:?}"),
            };
            let has_ended = running.child.try_wait().with_context(|| format!("failed to wait for {name}"))?.is_some();
            if has_ended || Instant::now() >= deadline {
                return Err(running.failed(&format!("answer ({last})")));
            }
            std::thread::park_timeout(TICK);
        }
    }

    /// The error for what it did not do, with what it said last.
    pub(super) fn failed(&self, what: &str) -> anyhow::Error {
        let said = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = said.lines().collect();
        let last = lines[lines.len().saturating_sub(20)..].join("\n");
        anyhow::anyhow!("{} did not {what}; it said last:\n{last}", self.name)
    }

    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The page at this path, which must be there.
    pub(super) fn page(&self, path: &str) -> anyhow::Result<Answer> {
        match request(self.address, "GET", path, PATIENCE) {
            Ok(answer) if answer.status == 200 => Ok(answer),
            other => Err(self.failed(&format!("answer `{path}`: {other:?}"))),
        }
    }

    /// The process and those that it started.
    pub(super) fn processes(&self) -> anyhow::Result<Vec<i32>> {
        meter::family(Pid::from_child(&self.child))
    }

    /// Tells it to end and waits for that.
    pub(super) fn stop(mut self) -> anyhow::Result<()> {
        rustix::process::kill_process(Pid::from_child(&self.child), Signal::TERM)
            .with_context(|| format!("failed to stop {}", self.name))?;
        let deadline = Instant::now() + PATIENCE;
        while self.child.try_wait().with_context(|| format!("failed to wait for {}", self.name))?.is_none() {
            if Instant::now() >= deadline {
                return Err(self.failed("end"));
            }
            std::thread::park_timeout(TICK);
        }
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // After an error: it may have ended before.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
