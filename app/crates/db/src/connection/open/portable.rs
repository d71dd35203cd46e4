//! The same without the calls of Unix.

use std::{fs::File, io, path::Path};

/// Whether files can be made in the directory: SQLite will say so.
pub(super) fn check_directory(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Whether the file can be read and written.
pub(super) fn check_file(file: &Path) -> io::Result<()> {
    File::options().read(true).write(true).open(file).map(drop)
}

/// Connects to a server's socket in the file system: there are none.
pub(super) async fn knock_at(_: &Path) -> io::Result<()> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "no sockets in the file system here; name a host"))
}
