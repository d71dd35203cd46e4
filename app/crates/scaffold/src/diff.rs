//! How changes are shown: as a tree of files, and as diffs that `git apply` takes.

use std::fmt::Write as _;
use std::ops::Range;
use std::path::Path;

use similar::{Algorithm, DiffTag, TextDiff, capture_diff_slices};

use crate::change::{Edit, Kind};

/// One edit as a unified diff, without the last line's end.
pub(crate) fn unified(edit: &Edit) -> String {
    let path = edit.path.display();
    let mut text = format!("diff --git a/{path} b/{path}\n");
    let (from, to) = match edit.kind() {
        Kind::Create => {
            text.push_str("new file mode 100644\n");
            ("/dev/null".to_owned(), format!("b/{path}"))
        }
        Kind::Modify => (format!("a/{path}"), format!("b/{path}")),
        Kind::Remove => {
            text.push_str("deleted file mode 100644\n");
            (format!("a/{path}"), "/dev/null".to_owned())
        }
    };
    let (before, after) = (edit.before.as_deref().unwrap_or_default(), edit.after.as_deref().unwrap_or_default());
    let diff = TextDiff::from_lines(before, after);
    // Writing to a string cannot fail.
    let _ = write!(text, "{}", diff.unified_diff().header(&from, &to));
    text.truncate(text.strip_suffix('\n').unwrap_or(&text).len());
    text
}

/// The files of a change as a tree, each with what becomes of it, below the directory that holds them all; without the
/// last line's end.
pub(crate) fn tree<'a>(edits: impl IntoIterator<Item = (&'a Edit, &'a str)>) -> String {
    let mut files: Vec<(&Path, &str)> = edits.into_iter().map(|(edit, what)| (edit.path.as_path(), what)).collect();
    files.sort();
    let holds_all = |directory: &&Path| files.iter().all(|(file, _)| file.starts_with(directory));
    let top = files.first().and_then(|(file, _)| file.ancestors().skip(1).find(holds_all)).unwrap_or(Path::new(""));
    let mut text = format!("{}/", top.display());
    let mut above = vec![top];
    for (file, what) in &files {
        let directories: Vec<&Path> = file.ancestors().skip(1).take_while(|path| path.starts_with(top)).collect();
        for directory in directories.iter().rev().filter(|directory| !above.contains(directory)) {
            line(top, directory, "/", &mut text);
        }
        above = directories;
        line(top, file, &format!("  ({what})"), &mut text);
    }
    text
}

fn line(top: &Path, path: &Path, end: &str, text: &mut String) {
    let depth = path.strip_prefix(top).map_or(1, |below| below.components().count());
    let name = path.file_name().unwrap_or_default().display();
    // Writing to a string cannot fail.
    let _ = write!(text, "\n{:width$}{name}{end}", "", width = depth * 2);
}

/// What a text becomes when what lies between `base` and `theirs` is done to it too; nothing when both touch the same
/// lines. Unlike in git's merges, lines beside each other are not the same lines: a registration is one line.
pub(crate) fn merge(base: &str, ours: &str, theirs: &str) -> Option<String> {
    let base: Vec<&str> = base.split_inclusive('\n').collect();
    let mut hunks = hunks(&base, ours);
    hunks.extend(self::hunks(&base, theirs));
    // An insertion comes before what takes away the line behind it.
    hunks.sort_by_key(|hunk| (hunk.lines.start, hunk.lines.end));
    let (mut merged, mut at) = (String::new(), 0);
    let mut previous: Option<&Hunk> = None;
    for hunk in &hunks {
        if previous == Some(hunk) {
            continue;
        }
        let are_both_insertions = previous.is_some_and(|previous| previous.lines == hunk.lines);
        if hunk.lines.start < at || are_both_insertions {
            return None;
        }
        merged.extend(base[at..hunk.lines.start].iter().copied());
        merged.push_str(&hunk.text);
        at = hunk.lines.end;
        previous = Some(hunk);
    }
    merged.extend(base[at..].iter().copied());
    Some(merged)
}

/// Lines that were put in the place of others.
#[derive(PartialEq, Eq)]
struct Hunk {
    lines: Range<usize>,
    text: String,
}

fn hunks(base: &[&str], changed: &str) -> Vec<Hunk> {
    let changed: Vec<&str> = changed.split_inclusive('\n').collect();
    let changes = capture_diff_slices(Algorithm::Myers, base, &changed);
    let changes = changes.iter().filter(|change| change.tag() != DiffTag::Equal);
    changes.map(|change| Hunk { lines: change.old_range(), text: changed[change.new_range()].concat() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_people_did_to_other_lines_is_brought_together() {
        let base = "a\nb\nc\n";
        for (ours, theirs, merged) in [
            ("a\nb\nc\n", "a\nc\n", Some("a\nc\n")),
            ("A\nb\nc\n", "a\nc\n", Some("A\nc\n")),
            ("a\nb\nx\nc\n", "a\nc\n", Some("a\nx\nc\n")),
            ("a\nx\nb\nc\n", "a\nc\n", Some("a\nx\nc\n")),
            ("a\nc\n", "a\nc\n", Some("a\nc\n")),
            ("a\nB\nc\n", "a\nc\n", None),
            ("a\nb\nc\nx\n", "a\nb\nc\ny\n", None),
            ("a\nb\nc", "b\nc\n", Some("b\nc")),
            ("", "a\nc\n", None),
        ] {
            assert_eq!(merge(base, ours, theirs).as_deref(), merged, "{ours:?} {theirs:?}");
        }
    }

    #[test]
    fn the_last_line_is_shown_as_it_is() {
        let edit = |before: &str, after: &str| Edit {
            path: "a.txt".into(),
            before: Some(before.to_owned()),
            after: Some(after.to_owned()),
        };
        let head = "diff --git a/a.txt b/a.txt\n--- a/a.txt\n+++ b/a.txt\n@@ -1,2 +1,2 @@\n";
        assert_eq!(unified(&edit("x\n\n", "y\n\n")), format!("{head}-x\n+y\n "));
        let end = "\n\\ No newline at end of file";
        assert_eq!(unified(&edit("x\ny", "z\ny")), format!("{head}-x\n+z\n y{end}"));
    }
}
