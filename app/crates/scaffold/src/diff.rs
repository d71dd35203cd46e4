//! How changes are shown: as a tree of files, and as diffs that `git apply` takes.

use std::fmt::Write as _;
use std::path::Path;

use similar::{TextDiff, TextMerge};

use crate::change::{Edit, Kind};

/// One edit as a unified diff.
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
    text
}

/// The files of a change as a tree, each with what becomes of it.
pub(crate) fn tree<'a>(edits: impl IntoIterator<Item = (&'a Edit, &'a str)>) -> String {
    let mut files: Vec<(&Path, &str)> = edits.into_iter().map(|(edit, what)| (edit.path.as_path(), what)).collect();
    files.sort();
    let mut text = String::new();
    let mut above: Vec<&Path> = Vec::new();
    for (path, what) in files {
        let directories: Vec<&Path> = path.ancestors().skip(1).filter(|path| !path.as_os_str().is_empty()).collect();
        for directory in directories.iter().rev().filter(|directory| !above.contains(directory)) {
            line(directory, "/", &mut text);
        }
        above = directories;
        line(path, &format!("  ({what})"), &mut text);
    }
    text
}

fn line(path: &Path, end: &str, text: &mut String) {
    let depth = path.components().count() - 1;
    let name = path.file_name().unwrap_or_default().display();
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{:width$}{name}{end}", "", width = depth * 2);
}

/// What a text becomes when what lies between `base` and `theirs` is done to it too; nothing when both touch the same
/// lines.
pub(crate) fn merge(base: &str, ours: &str, theirs: &str) -> Option<String> {
    let merged = TextMerge::from_lines(base, ours, theirs);
    (!merged.is_conflicted()).then(|| merged.to_string())
}
