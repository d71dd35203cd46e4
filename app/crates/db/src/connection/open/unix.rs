//! What may be done with files, and sockets that are files.

use std::{io, path::Path};

use rustix::fs::{Access, access};
use tokio::net::UnixStream;

/// Whether files can be made in the directory.
pub(super) fn check_directory(directory: &Path) -> io::Result<()> {
    Ok(access(directory, Access::WRITE_OK | Access::EXEC_OK)?)
}

/// Whether the file can be read and written.
pub(super) fn check_file(file: &Path) -> io::Result<()> {
    Ok(access(file, Access::READ_OK | Access::WRITE_OK)?)
}

/// Connects to a server's socket in the file system.
pub(super) async fn knock_at(socket: &Path) -> io::Result<()> {
    UnixStream::connect(socket).await.map(drop)
}
