//! What only Unix can do with a process: groups and signals, descriptors that one child inherits, waiting for an end
//! without forgetting the number.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitStatus};

use anyhow::Context;
use rustix::io::FdFlags;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions};

use super::Ended;

/// Gives the child a process group of its own.
pub fn own_group(command: &mut Command) {
    command.process_group(0);
}

/// How a child ended that gave this status.
pub fn ended(status: ExitStatus) -> Ended {
    match (status.code(), status.signal()) {
        (_, Some(signal_hook::consts::SIGINT)) | (Some(130), _) => Ended::Interrupted,
        (_, Some(signal)) => Ended::Killed(signal),
        (code, None) => Ended::Exited(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)),
    }
}

/// Ends a program that does not watch our pipe when xtask is gone, even by SIGKILL. Only Linux can do that, and takes
/// the end of the thread that started it for the end of xtask.
#[cfg_attr(target_os = "linux", allow(unsafe_code))]
pub fn end_with_parent(command: &mut Command) {
    #[cfg(target_os = "linux")]
    {
        let set = || -> io::Result<()> { Ok(rustix::process::set_parent_process_death_signal(Some(Signal::TERM))?) };
        // SAFETY: between fork and exec only async-signal-safe calls are allowed; this is one `prctl`, which neither
        // allocates nor takes a lock.
        unsafe {
            command.pre_exec(set);
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = command;
}

/// Lets this one child, and no other that may be started meanwhile, inherit the descriptor under the number that the
/// variable names. It is closed here together with the command.
#[allow(unsafe_code)]
pub fn inherit(command: &mut Command, variable: &str, fd: OwnedFd) {
    command.env(variable, fd.as_raw_fd().to_string());
    let clear_cloexec = move || -> io::Result<()> { Ok(rustix::io::fcntl_setfd(&fd, FdFlags::empty())?) };
    // SAFETY: between fork and exec only async-signal-safe calls are allowed; this is one `fcntl`, which is, and
    // it neither allocates nor takes a lock.
    unsafe {
        command.pre_exec(clear_cloexec);
    }
}

/// True when the child has ended. It is left unreaped.
pub(super) fn has_ended(pid: Pid) -> anyhow::Result<bool> {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    match rustix::process::waitid(WaitId::Pid(pid), options) {
        Ok(status) => Ok(status.is_some()),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(error).context("failed to wait for the child"),
    }
}

/// True when xtask's group is the terminal's foreground group: then a SIGINT came from Ctrl-C, and the child got it
/// too. Otherwise a program sent it, perhaps to xtask alone, and the child must get it from us.
pub(super) fn from_keyboard() -> bool {
    std::fs::File::open("/dev/tty")
        .is_ok_and(|tty| rustix::termios::tcgetpgrp(tty).is_ok_and(|group| group == rustix::process::getpgrp()))
}
