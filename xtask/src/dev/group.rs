//! A process group that ends with xtask, even by SIGKILL.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::Context;
use rustix::process::{Pid, Signal};

/// Reads until xtask's end of the pipe is closed, which the system does whatever xtask dies of, and kills its group.
/// Neither cargo nor rustc watches a pipe, and what they start would outlive a signal that reaches them alone; nor does
/// an app that hangs.
const GUARD: &str = "trap '' HUP INT TERM; read _; sleep $0; kill -KILL 0";

/// A group of its own. What is in it is killed when this is dropped.
#[derive(Debug)]
pub(super) struct Group {
    /// The first of the group. As long as it is not waited for, no other group can have its number.
    guard: Child,
    pid: Pid,
}

impl Group {
    /// A group with nothing in it but its guard.
    pub(super) fn new() -> anyhow::Result<Self> {
        Self::with_grace(Duration::ZERO)
    }

    /// One whose processes know themselves when xtask is gone, and have so much time (in whole seconds) to end then.
    pub(super) fn with_grace(grace: Duration) -> anyhow::Result<Self> {
        let mut command = Command::new("/bin/sh");
        let grace = grace.as_secs().to_string();
        command
            .args(["-c", GUARD, &grace])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0);
        let guard = command.spawn().context("failed to start `/bin/sh`")?;
        Ok(Self { pid: Pid::from_child(&guard), guard })
    }

    /// Starts a process in it.
    pub(super) fn spawn(&self, command: &mut Command) -> io::Result<Child> {
        command.process_group(self.pid.as_raw_nonzero().get()).spawn()
    }

    /// Signals all that is in it.
    pub(super) fn signal(&self, signal: Signal) {
        // It always exists, and is ours: there is no error that means anything.
        let _ = rustix::process::kill_process_group(self.pid, signal);
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
        // It was killed just now, so this does not wait.
        let _ = self.guard.wait();
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::time::Instant;

    use super::*;

    fn sleeper(group: &Group) -> Child {
        group.spawn(Command::new("sleep").arg("1000")).expect("sleep starts")
    }

    #[test]
    fn when_xtask_is_gone_the_group_is_killed() {
        for grace in [Duration::ZERO, Duration::from_secs(1)] {
            let mut group = Group::with_grace(grace).expect("a group");
            let mut child = sleeper(&group);
            let gone = Instant::now();
            // What the system does to a process that is killed: its descriptors are closed.
            drop(group.guard.stdin.take());
            assert_eq!(child.wait().expect("a child").signal(), Some(9));
            assert!(gone.elapsed() >= grace, "{:?}", gone.elapsed());
        }
    }

    #[test]
    fn dropping_the_group_kills_all_of_it() {
        let group = Group::new().expect("a group");
        let mut children = [sleeper(&group), sleeper(&group)];
        drop(group);
        for child in &mut children {
            assert_eq!(child.wait().expect("a child").signal(), Some(9));
        }
    }
}
