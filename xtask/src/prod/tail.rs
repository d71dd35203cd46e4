//! The last lines of a file, without reading all of it.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

/// How much is read at once.
const BLOCK: u64 = 64 * 1024;

/// The last lines of a file; nothing when there is no such file.
///
/// # Errors
/// When it cannot be read.
pub(super) fn last_lines(path: &Path, count: usize) -> io::Result<String> {
    match File::open(path) {
        Ok(mut file) => of_file(&mut file, count),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(error),
    }
}

/// The last lines of an open file, which then stands at its end.
///
/// # Errors
/// When it cannot be read.
pub(super) fn of_file(file: &mut File, count: usize) -> io::Result<String> {
    let end = file.seek(SeekFrom::End(0))?;
    let (mut start, mut read) = (end, Vec::new());
    let is_enough = |read: &[u8]| read.iter().filter(|byte| **byte == b'\n').count() > count;
    while start > 0 && !is_enough(&read) {
        let from = start.saturating_sub(BLOCK);
        file.seek(SeekFrom::Start(from))?;
        let mut block = Vec::new();
        file.by_ref().take(start - from).read_to_end(&mut block)?;
        block.append(&mut read);
        (start, read) = (from, block);
    }
    file.seek(SeekFrom::Start(end))?;
    let lines: Vec<&[u8]> = read.split_inclusive(|byte| *byte == b'\n').collect();
    let last = lines.len().saturating_sub(count);
    Ok(String::from_utf8_lossy(&lines[last..].concat()).into_owned())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn the_last_lines_are_found_however_long_they_are() {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        let path = file.path().to_owned();
        let last = |count| last_lines(&path, count).expect("it can be read");
        assert_eq!(last(3), "");
        let long = "x".repeat(100_000);
        write!(file, "one\ntwo\n{long}\nfour").expect("written");
        assert_eq!(last(0), "");
        assert_eq!(last(1), "four");
        assert_eq!(last(2), format!("{long}\nfour"));
        assert_eq!(last(3), format!("two\n{long}\nfour"));
        assert_eq!(last(99), format!("one\ntwo\n{long}\nfour"));
        assert_eq!(last_lines(Path::new("/nowhere/at/all"), 5).expect("nothing there"), "");
    }
}
