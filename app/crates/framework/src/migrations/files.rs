//! Writing migration files: all of a run, or none.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// Writes new files whose directories are made where they are missing. A reader sees a file wholly or not at all, and
/// when one of them cannot be written nothing is left of the others.
///
/// # Errors
/// The first failure, with the file's path; a file that exists already is one.
pub(super) fn create_all(files: &[(PathBuf, String)]) -> anyhow::Result<()> {
    let mut made = Made::default();
    for (path, text) in files {
        made.create(path, text).with_context(|| format!("failed to write `{}`", path.display()))?;
    }
    made.keep();
    Ok(())
}

/// Puts another text in place of a file's.
///
/// # Errors
/// The failure, with the file's path; the old text is there then.
pub(super) fn replace(path: &Path, text: &str) -> anyhow::Result<()> {
    let draft = draft(path);
    let replaced = write(&draft, text).and_then(|()| fs::rename(&draft, path));
    if replaced.is_err() {
        // The draft may not even exist.
        let _ = fs::remove_file(&draft);
    }
    replaced.with_context(|| format!("failed to write `{}`", path.display()))
}

/// What was made so far; dropping it takes it away again.
#[derive(Default)]
struct Made {
    files: Vec<PathBuf>,
    directories: Vec<PathBuf>,
}

impl Made {
    fn create(&mut self, path: &Path, text: &str) -> io::Result<()> {
        let missing = path.ancestors().skip(1).take_while(|directory| !directory.exists());
        let missing: Vec<PathBuf> = missing.map(Path::to_owned).collect();
        for directory in missing.into_iter().rev() {
            fs::create_dir(&directory)?;
            self.directories.push(directory);
        }
        let draft = draft(path);
        self.files.push(draft.clone());
        write(&draft, text)?;
        // Unlike a rename, a link does not replace what somebody else wrote meanwhile.
        match fs::hard_link(&draft, path) {
            Ok(()) => {
                self.files.push(path.to_owned());
                fs::remove_file(&draft)
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
            // Not every file system has links.
            Err(_) if !path.try_exists()? => {
                fs::rename(&draft, path)?;
                self.files.push(path.to_owned());
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    fn keep(mut self) {
        self.files.clear();
        self.directories.clear();
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        // What is gone already, or cannot be removed, is not worth hiding the real failure.
        self.files.iter().rev().for_each(|file| drop(fs::remove_file(file)));
        self.directories.iter().rev().for_each(|directory| drop(fs::remove_dir(directory)));
    }
}

/// Beside the file, under a name that is no migration's.
fn draft(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}", std::process::id()))
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut file = fs::File::create(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_written_all_or_none() {
        let root = tempfile::tempdir().expect("a directory");
        let at = |path: &str| root.path().join(path);
        fs::write(at("there"), "old").expect("a file");
        let files =
            |last: &str| vec![(at("a/b/one"), "1".to_owned()), (at("two"), "2".to_owned()), (at(last), "3".to_owned())];
        let error = create_all(&files("there")).expect_err("a file that exists");
        assert!(format!("{error:#}").contains("/there`"), "{error:#}");
        create_all(&files("there/three")).expect_err("a directory that is a file");
        let left: Vec<_> =
            fs::read_dir(root.path()).expect("a list").map(|entry| entry.expect("an entry").file_name()).collect();
        assert_eq!(left, ["there"]);
        assert_eq!(fs::read_to_string(at("there")).expect("a text"), "old");
        create_all(&files("three")).expect("all three");
        assert_eq!(fs::read_to_string(at("a/b/one")).expect("a text"), "1");
        replace(&at("three"), "new").expect("another text");
        assert_eq!(fs::read_to_string(at("three")).expect("a text"), "new");
        assert_eq!(fs::read_dir(root.path()).expect("a list").count(), 4, "no draft is left");
    }
}
