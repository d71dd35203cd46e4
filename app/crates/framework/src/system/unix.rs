//! Files, descriptors and signals of Unix.

use std::fs::{File, Metadata, OpenOptions, Permissions};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, FromRawFd as _, OwnedFd};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::sync::Arc;

use anyhow::Context as _;
use rustix::fs::statvfs;
use rustix::io::{Errno, FdFlags, fcntl_setfd, ioctl_fionbio, ioctl_fionread};
use rustix::net::sockopt::socket_type;
use rustix::net::{AddressFamily, SocketType, getsockname};
use rustix::process::{Pid, Resource, Rlimit, getrlimit, setrlimit, test_kill_process};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;
use tokio::net::unix::pipe;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::UnboundedSender;

pub(crate) use tokio::net::{UnixListener as LocalListener, UnixStream as LocalStream};

use super::{Listening, Space};
use crate::process::{PARENT_FD, Stop};

/// Opens a file to append to. Log lines name people: not for everyone on the machine.
pub(crate) fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o640).open(path)
}

/// What is free where the path is.
pub(crate) fn free_space(path: &Path) -> io::Result<Space> {
    let found = statvfs(path)?;
    Ok(Space {
        bytes: found.f_bavail.saturating_mul(found.f_frsize),
        files: (found.f_files > 0).then_some(found.f_favail),
    })
}

/// Whether there is a process with this number, anybody's.
pub(crate) fn is_alive(pid: i32) -> bool {
    Pid::from_raw(pid).is_some_and(|pid| test_kill_process(pid) != Err(Errno::SRCH))
}

/// What a file's permissions allow those who are neither its owner nor in its group.
const OTHERS: u32 = 0o007;

/// Whether every user of the machine may read, change or run the file.
pub(crate) fn is_public(path: &Path) -> io::Result<bool> {
    Ok(path.metadata()?.permissions().mode() & OTHERS != 0)
}

/// Takes the file away from them.
pub(crate) fn make_private(path: &Path) -> io::Result<()> {
    let mut permissions = path.metadata()?.permissions();
    permissions.set_mode(permissions.mode() & !OTHERS);
    std::fs::set_permissions(path, permissions)
}

/// The file's permissions.
pub(crate) fn mode(metadata: &Metadata) -> Option<u32> {
    Some(metadata.permissions().mode() & 0o7777)
}

/// Gives a file or a directory these permissions.
pub(crate) fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    std::fs::set_permissions(path, Permissions::from_mode(mode))
}

/// Makes a symbolic link to `target`.
pub(crate) fn symlink(target: &Path, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

/// Gives two directories each other's names, in one step.
#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
pub(crate) fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)?)
}

/// Not all of Unix can.
#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
pub(crate) fn exchange(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Puts a program in this process's place: signals, the terminal and the exit code are its own from then on. Comes back
/// only when that fails.
pub(crate) fn become_program(mut program: Command) -> io::Result<ExitStatus> {
    Err(program.exec())
}

/// Ends the process as the signal behind a stop does when nobody takes it.
#[cfg(feature = "shell")]
pub(crate) fn end_by(stop: Stop) {
    let signal = match stop {
        Stop::Interrupt => signal_hook::consts::SIGINT,
        Stop::Terminate | Stop::ParentGone => signal_hook::consts::SIGTERM,
    };
    // It fails for signals that have no default action, which these have.
    let _ = signal_hook::low_level::emulate_default_handler(signal);
}

/// Whether the open file is the one that the path names now.
pub(crate) fn is_same(file: &File, path: &Path) -> bool {
    let identity = |metadata: Metadata| (metadata.dev(), metadata.ino());
    let (open, named) = (file.metadata().map(identity), path.metadata().map(identity));
    matches!((open, named), (Ok(open), Ok(named)) if open == named)
}

/// How many descriptors this process may have open, once it may have as many as the system lets it. (The usual limit is
/// for programs that could not do with more.)
pub(crate) fn descriptors() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let limit = setrlimit(Resource::Nofile, raised).map_or(limit, |()| raised);
    limit.current.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX)
}

/// Whether bytes have arrived that nobody has read. The system is asked, for the runtime may not know yet.
pub(crate) fn has_unread<S: AsFd>(stream: &S) -> bool {
    ioctl_fionread(stream).is_ok_and(|unread| unread > 0)
}

/// Takes over an open descriptor that this process was started with.
#[expect(unsafe_code, reason = "a descriptor that is inherited is known by its number alone")]
pub(crate) fn take_over(number: i32) -> io::Result<File> {
    // SAFETY: the number is not -1 (callers pass 3 and up), and it is borrowed for one call that fails with `EBADF` when
    // nothing is open under it.
    fcntl_setfd(unsafe { BorrowedFd::borrow_raw(number) }, FdFlags::CLOEXEC)?;
    // SAFETY: it is open, as the call above showed, and it belongs to whoever the parent handed it over to by way of a
    // variable: each number is taken once, before anything else is opened.
    Ok(File::from(unsafe { OwnedFd::from_raw_fd(number) }))
}

/// Lets this one child, and no other that may be started meanwhile, inherit the descriptors under their own numbers.
#[expect(unsafe_code, reason = "what is done between fork and exec must be harmless there")]
pub(crate) fn pass_on(command: &mut Command, descriptors: Vec<Arc<OwnedFd>>) {
    let clear = move || descriptors.iter().try_for_each(|one| Ok(fcntl_setfd(one, FdFlags::empty())?));
    // SAFETY: `fcntl` may be called between fork and exec; nothing is allocated, and no lock taken.
    unsafe {
        command.pre_exec(clear);
    }
}

/// The signals that tell a server something.
const TOLD: [libc::c_int; 3] = [libc::SIGHUP, libc::SIGINT, libc::SIGTERM];

/// Has these signals wait while the program takes this process's place: handlers are not inherited, and until it has its
/// own they would end it. It must call [`heed_signals`].
#[expect(unsafe_code, reason = "nothing safe changes which signals wait")]
pub(crate) fn hold_signals(command: &mut Command) {
    // SAFETY: `pthread_sigmask` may be called between fork and exec; nothing is allocated, and no lock taken.
    unsafe {
        command.pre_exec(|| mask(libc::SIG_BLOCK));
    }
}

/// Lets this thread take the signals that waited. Also for whoever stays because the other program could not be started:
/// std has it die of a broken pipe by then.
#[expect(unsafe_code, reason = "nothing safe ignores a signal")]
pub(crate) fn heed_signals() -> io::Result<()> {
    // SAFETY: the signal exists, and is ignored, as std does at the start of every program.
    unsafe {
        libc::signal(libc::SIGPIPE, libc::SIG_IGN);
    }
    mask(libc::SIG_UNBLOCK)
}

#[expect(unsafe_code, reason = "nothing safe changes which signals wait")]
fn mask(how: libc::c_int) -> io::Result<()> {
    // SAFETY: the set is made by `sigemptyset` before it is used, and lives until the call returns.
    let error = unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut set);
        for signal in TOLD {
            libc::sigaddset(&raw mut set, signal);
        }
        libc::pthread_sigmask(how, &raw const set, std::ptr::null_mut())
    };
    if error == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(error)) }
}

/// Starts the child in a session of its own, without a terminal.
#[expect(unsafe_code, reason = "what is done between fork and exec must be harmless there")]
pub(crate) fn new_session(command: &mut Command) {
    // SAFETY: `setsid` may be called between fork and exec; nothing is allocated, and no lock taken.
    unsafe {
        command.pre_exec(|| Ok(rustix::process::setsid().map(drop)?));
    }
}

/// The inherited descriptor as the socket that it is; `None` when it is nothing that listens.
pub(crate) fn listener(inherited: File) -> io::Result<Option<Listening>> {
    if !listens(&inherited)? || socket_type(&inherited)? != SocketType::STREAM {
        return Ok(None);
    }
    let local = getsockname(&inherited)?.address_family() == AddressFamily::UNIX;
    let socket = OwnedFd::from(inherited);
    ioctl_fionbio(&socket, true)?;
    let listening = match local {
        true => Listening::Local(LocalListener::from_std(socket.into())?),
        false => Listening::Tcp(TcpListener::from_std(socket.into())?),
    };
    Ok(Some(listening))
}

#[cfg(not(target_vendor = "apple"))]
fn listens(socket: &File) -> io::Result<bool> {
    Ok(rustix::net::sockopt::socket_acceptconn(socket)?)
}

/// Apple's systems do not tell.
#[cfg(target_vendor = "apple")]
fn listens(_: &File) -> io::Result<bool> {
    Ok(true)
}

/// Begins to send what tells this process to stop: SIGINT, SIGTERM, the end of the pipe from the parent.
pub(crate) fn send_stops(parent: Option<File>, sender: UnboundedSender<Stop>) -> anyhow::Result<()> {
    let failed = "failed to watch for signals";
    let mut interrupt = signal(SignalKind::interrupt()).context(failed)?;
    let mut terminate = signal(SignalKind::terminate()).context(failed)?;
    let parent = parent.map(|file| pipe::Receiver::from_owned_fd(file.into())).transpose();
    let mut parent = parent.with_context(|| format!("failed to watch the pipe named in `{PARENT_FD}`"))?;
    tokio::spawn(async move {
        loop {
            let stop = tokio::select! {
                _ = interrupt.recv() => Stop::Interrupt,
                _ = terminate.recv() => Stop::Terminate,
                () = gone(&mut parent) => Stop::ParentGone,
            };
            if stop == Stop::ParentGone {
                parent = None;
            }
            if sender.send(stop).is_err() {
                return;
            }
        }
    });
    Ok(())
}

/// Waits for the end of the pipe; for ever where there is none.
async fn gone(parent: &mut Option<pipe::Receiver>) {
    let Some(pipe) = parent else {
        return std::future::pending().await;
    };
    let mut buffer = [0; 64];
    // Nothing is ever sent: a failure to read means as much as the end.
    while pipe.read(&mut buffer).await.is_ok_and(|read| read > 0) {}
}
