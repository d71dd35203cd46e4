//! The operations on files of which a change is made; tests put others in their place that stop midway.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

/// What can be done to files. Each is one step, before and after which the process may be killed.
pub(crate) trait Files {
    fn create_dir(&mut self, path: &Path) -> io::Result<()>;

    /// Writes a whole new file, with the permissions of another one, if that is there, onto the disk.
    fn write(&mut self, path: &Path, text: &str, like: &Path) -> io::Result<()>;

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()>;

    fn remove_file(&mut self, path: &Path) -> io::Result<()>;

    /// Removes a directory that is empty.
    fn remove_dir(&mut self, path: &Path) -> io::Result<()>;

    /// Makes the names in a directory outlive a loss of power.
    fn sync_dir(&mut self, path: &Path) -> io::Result<()>;
}

/// The disk.
pub(crate) struct Disk;

impl Files for Disk {
    fn create_dir(&mut self, path: &Path) -> io::Result<()> {
        fs::create_dir(path)
    }

    fn write(&mut self, path: &Path, text: &str, like: &Path) -> io::Result<()> {
        // What a crash left goes first; a link that somebody put there is not followed.
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = File::create_new(path)?;
        if let Ok(found) = fs::metadata(like) {
            file.set_permissions(found.permissions())?;
        }
        file.write_all(text.as_bytes())?;
        file.sync_all()
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove_file(&mut self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_dir(&mut self, path: &Path) -> io::Result<()> {
        fs::remove_dir(path)
    }

    fn sync_dir(&mut self, path: &Path) -> io::Result<()> {
        // Only Unix opens directories.
        if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
    }
}
