//! What only Unix can do with a process: groups and signals, descriptors that one child inherits, waiting for an end
//! without forgetting the number.

use std::ffi::OsString;
use std::fs::{File, Metadata};
use std::io::{self, PipeWriter};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::time::Instant;

use anyhow::Context;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::FdFlags;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions};
use signal_hook::consts::{SIGCHLD, SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGWINCH};
use signal_hook::iterator::backend::SignalDelivery;
use signal_hook::iterator::exfiltrator::SignalOnly;

use super::{Request, To};
use crate::process::Ended;

/// The string that these bytes of a file or a name are.
pub fn os_string(bytes: Vec<u8>) -> OsString {
    OsString::from_vec(bytes)
}

/// A signal's name.
pub fn signal_name(number: i32) -> Option<&'static str> {
    signal_hook::low_level::signal_name(number)
}

/// The width of the terminal that stdout is.
pub fn columns() -> Option<u16> {
    rustix::termios::tcgetwinsize(io::stdout()).ok().map(|size| size.ws_col).filter(|columns| *columns > 0)
}

/// How many bytes are free where the path is, for those who are not root.
///
/// # Errors
/// When there is no such path.
pub fn free_space(path: &Path) -> io::Result<u64> {
    let found = rustix::fs::statvfs(path)?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}

/// What tells one file from all others, whatever they are called.
pub fn file_id(metadata: &Metadata) -> Option<(u64, u64)> {
    Some((metadata.dev(), metadata.ino()))
}

/// How many names a file has.
pub fn names(metadata: &Metadata) -> u64 {
    metadata.nlink()
}

/// The process that holds a lock on this file, which Linux tells.
pub fn lock_holder(file: &File) -> Option<u32> {
    let data = file.metadata().ok()?;
    let (device, inode) = (data.dev(), data.ino());
    let named = format!("{:02x}:{:02x}:{inode}", rustix::fs::major(device), rustix::fs::minor(device));
    let locks = std::fs::read_to_string("/proc/locks").ok()?;
    // `1: FLOCK ADVISORY WRITE 4242 fe:00:5890207 0 EOF`; who only waits has an arrow before the kind.
    let holder = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        (fields.get(1) == Some(&"FLOCK") && fields.get(5) == Some(&named.as_str())).then(|| fields[4].parse().ok())?
    };
    locks.lines().find_map(holder).filter(|pid| *pid > 0)
}

/// Gives the child a process group of its own.
pub fn own_group(command: &mut Command) {
    command.process_group(0);
}

/// How a child ended that gave this status.
pub fn ended(status: ExitStatus) -> Ended {
    match (status.code(), status.signal()) {
        (_, Some(SIGINT)) | (Some(130), _) => Ended::Interrupted,
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

/// Keeps the descriptors that xtask was started with, beyond the usual three, from whatever it starts: a server that outlives
/// xtask would hold somebody's pipe open for ever.
///
/// # Errors
/// When the system does not say which there are.
#[allow(unsafe_code)]
pub fn keep_descriptors() -> io::Result<()> {
    let listed = std::fs::read_dir("/dev/fd")?.filter_map(Result::ok);
    let numbers: Vec<i32> = listed.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    for number in numbers.into_iter().filter(|number| *number > 2) {
        // SAFETY: the number is only used for one `fcntl` that changes nothing but what children inherit; one that is
        // closed by now, as that of the listing itself, is an error, which does not matter.
        let descriptor = unsafe { BorrowedFd::borrow_raw(number) };
        let _ = rustix::io::fcntl_setfd(descriptor, FdFlags::CLOEXEC);
    }
    Ok(())
}

/// Tells the child by a pipe when xtask is gone, even by SIGKILL: it then reads "end of file". The value is the end of
/// the pipe that must stay open as long as the child is to live.
///
/// # Errors
/// When there is no pipe to be had.
pub fn watch_us(command: &mut Command) -> anyhow::Result<PipeWriter> {
    let (read, write) = io::pipe().context("failed to make a pipe")?;
    inherit(command, "APP_PARENT_FD", read.into());
    Ok(write)
}

/// Passes a request on.
///
/// # Errors
/// When the child has ended and was waited for.
pub fn pass_on(child: &mut Child, to: To, request: Request) -> io::Result<()> {
    let signal = match request {
        Request::Interrupt => Signal::INT,
        Request::Terminate => Signal::TERM,
        Request::HangUp => Signal::HUP,
    };
    send(child, to, signal)
}

/// Ends the child at once.
///
/// # Errors
/// When the child has ended and was waited for.
pub fn kill(child: &mut Child, to: To) -> io::Result<()> {
    send(child, to, Signal::KILL)
}

fn send(child: &Child, to: To, signal: Signal) -> io::Result<()> {
    let pid = Pid::from_child(child);
    Ok(match to {
        To::Group => rustix::process::kill_process_group(pid, signal),
        To::Process => rustix::process::kill_process(pid, signal),
    }?)
}

/// True when the child has ended. It is left unreaped.
///
/// # Errors
/// When the system cannot say.
pub fn has_ended(child: &mut Child) -> anyhow::Result<bool> {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    match rustix::process::waitid(WaitId::Pid(Pid::from_child(child)), options) {
        Ok(status) => Ok(status.is_some()),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(error).context("failed to wait for the child"),
    }
}

/// True when xtask's group is the terminal's foreground group: then a SIGINT came from Ctrl-C, and the child got it
/// too. Otherwise a program sent it, perhaps to xtask alone, and the child must get it from us.
pub fn from_keyboard() -> bool {
    std::fs::File::open("/dev/tty")
        .is_ok_and(|tty| rustix::termios::tcgetpgrp(tty).is_ok_and(|group| group == rustix::process::getpgrp()))
}

/// Catches SIGINT, SIGTERM and SIGHUP from its making on, and SIGCHLD or what a terminal sends. Handlers, not "ignore":
/// a handler is not inherited, so children start with the default. Made once per run, because a signal that arrives
/// between two steps counts.
pub struct Signals {
    delivery: SignalDelivery<UnixStream, SignalOnly>,
}

impl Signals {
    /// Installs the handlers.
    ///
    /// # Errors
    /// When the system refuses the handlers.
    pub fn catch() -> anyhow::Result<Self> {
        Self::install(&[SIGINT, SIGTERM, SIGCHLD])
    }

    /// Catches what asks for an end, and all that somebody who has changed the modes of a terminal must know of.
    ///
    /// # Errors
    /// When the system refuses the handlers.
    pub fn catch_with_terminal() -> anyhow::Result<Self> {
        Self::install(&[SIGINT, SIGTERM, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH])
    }

    fn install(caught: &[i32]) -> anyhow::Result<Self> {
        // Under `nohup` a hang-up is ignored, and stays so.
        let hangup = (!hangup_is_ignored()).then_some(SIGHUP);
        let (read, write) = UnixStream::pair().context("failed to make a pipe for signals")?;
        let delivery = SignalDelivery::with_pipe(read, write, SignalOnly, caught.iter().copied().chain(hangup))
            .context("failed to install the signal handlers")?;
        Ok(Self { delivery })
    }

    /// The requests to end that arrived since the last call.
    pub fn requests(&mut self) -> Vec<Request> {
        let request = |signal| match signal {
            Signal::INT => Some(Request::Interrupt),
            Signal::TERM => Some(Request::Terminate),
            Signal::HUP => Some(Request::HangUp),
            _ => None,
        };
        self.arrived().into_iter().filter_map(request).collect()
    }

    /// The signals that arrived since the last call, except for those of children.
    pub fn arrived(&mut self) -> Vec<Signal> {
        self.delivery.pending().filter(|&signal| signal != SIGCHLD).filter_map(Signal::from_named_raw).collect()
    }

    /// Waits for any signal (the end of a child is one), at most until the deadline.
    ///
    /// # Errors
    /// When the system cannot wait.
    pub fn wait(&self, deadline: Option<Instant>) -> anyhow::Result<()> {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let timeout = left.map(Timespec::try_from).transpose().context("failed to set a deadline")?;
        let mut fds = [PollFd::new(self.delivery.get_read(), PollFlags::IN)];
        match poll(&mut fds, timeout.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error).context("failed to wait for the child"),
        }
    }
}

impl AsFd for Signals {
    /// What is readable when a signal has arrived.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.delivery.get_read().as_fd()
    }
}

/// True when SIGHUP was set to "ignore" by whoever started xtask. Only Linux says so without `unsafe`; elsewhere the
/// answer is no.
fn hangup_is_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & (1 << (SIGHUP - 1)) != 0)
}
