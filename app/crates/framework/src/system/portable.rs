//! The same without anything that only Unix has: nothing is inherited, and Ctrl-C is all that stops a server.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::task::{Context, Poll, Waker};

use tokio::io::ReadBuf;
use tokio::net::TcpStream;
use tokio::sync::mpsc::UnboundedSender;

pub(crate) use tokio::net::{TcpListener as LocalListener, TcpStream as LocalStream};

use super::{Listening, Space};
use crate::process::Stop;

/// Opens a file to append to. Who may read it is what the directory says.
pub(crate) fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).open(path)
}

/// What is free where the path is: the system does not say.
pub(crate) fn free_space(_: &Path) -> io::Result<Space> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Whether there is a process with this number. When in doubt there is.
pub(crate) fn is_alive(_: i32) -> bool {
    true
}

/// Whether every user of the machine may read the file: not known by a file's mode.
pub(crate) fn is_public(path: &Path) -> io::Result<bool> {
    path.metadata().map(|_| false)
}

/// Takes the file away from them: nothing to do.
pub(crate) fn make_private(_: &Path) -> io::Result<()> {
    Ok(())
}

/// The file's permissions: not known.
pub(crate) fn mode(_: &Metadata) -> Option<u32> {
    None
}

/// Gives a file or a directory these permissions: there are none here.
pub(crate) fn set_mode(_: &Path, _: u32) -> io::Result<()> {
    Ok(())
}

/// Makes a symbolic link: not everyone may.
pub(crate) fn symlink(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Gives two directories each other's names: not in one step.
pub(crate) fn exchange(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Runs a program to its end, as no program can take this one's place.
pub(crate) fn become_program(mut program: Command) -> io::Result<ExitStatus> {
    program.status()
}

/// Ends the process.
#[cfg(feature = "shell")]
pub(crate) fn end_by(_: Stop) {
    std::process::abort();
}

/// Whether the open file is the one that the path names now. That cannot be known: whoever asks opens it anew.
pub(crate) fn is_same(_: &File, _: &Path) -> bool {
    false
}

/// How many descriptors this process may have open: nobody says.
pub(crate) fn descriptors() -> usize {
    usize::MAX
}

/// Whether bytes have arrived that nobody has read, as far as the runtime knows.
pub(crate) fn has_unread(stream: &TcpStream) -> bool {
    let mut byte = [0];
    let mut buffer = ReadBuf::new(&mut byte);
    let polled = stream.poll_peek(&mut Context::from_waker(Waker::noop()), &mut buffer);
    matches!(polled, Poll::Ready(Ok(unread)) if unread > 0)
}

/// Takes over an open descriptor that this process was started with.
pub(crate) fn take_over(_: i32) -> io::Result<File> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "nothing can be inherited on this system"))
}

/// The inherited descriptor as a socket. There is none.
pub(crate) fn listener(_: File) -> io::Result<Option<Listening>> {
    Ok(None)
}

/// Begins to send what tells this process to stop: Ctrl-C. No parent can hand a pipe over.
pub(crate) fn send_stops(_: Option<File>, sender: UnboundedSender<Stop>) -> anyhow::Result<()> {
    tokio::spawn(async move { while tokio::signal::ctrl_c().await.is_ok() && sender.send(Stop::Interrupt).is_ok() {} });
    Ok(())
}
