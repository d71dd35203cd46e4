//! The journal with files that stop midway: after every single operation the tree is the old one or the new one, at the
//! latest when the next command has looked at it.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use tempfile::TempDir;

use super::*;
use crate::Kept;

/// How the files fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failure {
    /// The process is killed: nothing happens any more, and a text may be written by half.
    Kill,
    /// One operation fails (a full disk, a directory that is read-only).
    Once,
}

/// Files that fail after a number of operations.
struct Failing {
    left: usize,
    failure: Failure,
}

impl Failing {
    fn step(&mut self, path: &Path, text: Option<&str>) -> io::Result<()> {
        match (self.left, self.failure) {
            (0, Failure::Kill) => {
                if let Some(text) = text {
                    fs::write(path, &text[..text.len() / 2])?;
                }
                Err(io::Error::other("killed"))
            }
            (0, Failure::Once) => {
                self.left = usize::MAX;
                Err(io::Error::other("no space left"))
            }
            _ => {
                self.left -= 1;
                Ok(())
            }
        }
    }
}

impl Files for Failing {
    fn create_dir(&mut self, path: &Path) -> io::Result<()> {
        self.step(path, None)?;
        Disk.create_dir(path)
    }

    fn write(&mut self, path: &Path, text: &str, _: &Path) -> io::Result<()> {
        self.step(path, Some(text))?;
        // Without waiting for the disk: there are hundreds of these.
        fs::write(path, text)
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        self.step(to, None)?;
        Disk.rename(from, to)
    }

    fn remove_file(&mut self, path: &Path) -> io::Result<()> {
        self.step(path, None)?;
        Disk.remove_file(path)
    }

    fn remove_dir(&mut self, path: &Path) -> io::Result<()> {
        self.step(path, None)?;
        Disk.remove_dir(path)
    }

    fn sync_dir(&mut self, path: &Path) -> io::Result<()> {
        self.step(path, None)
    }
}

/// As many operations as [`change`] takes without being remembered: the most that there is to take back.
const ALMOST_ALL: usize = 19;

const OLD: [(&str, &str); 3] = [("src/mod.rs", "mod b;\n"), ("src/b.rs", "//! B.\n"), ("src/gone/x.html", "x")];

fn project() -> TempDir {
    let root = tempfile::tempdir().expect("a directory");
    for (path, text) in OLD {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(path, text).expect("a file");
    }
    root
}

/// Everything but the journal: files with their texts, and directories.
fn look(root: &Path) -> BTreeMap<PathBuf, Option<String>> {
    let mut found = BTreeMap::new();
    let mut directories = vec![PathBuf::new()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(root.join(&directory)).expect("a list") {
            let path = directory.join(entry.expect("an entry").file_name());
            if path == Path::new("var") {
                continue;
            }
            if root.join(&path).is_dir() {
                found.insert(path.clone(), None);
                directories.push(path);
            } else {
                found.insert(path.clone(), Some(fs::read_to_string(root.join(&path)).expect("a text")));
            }
        }
    }
    found
}

fn edit(path: &str, before: Option<&str>, after: Option<&str>) -> Edit {
    Edit { path: path.into(), before: before.map(str::to_owned), after: after.map(str::to_owned) }
}

fn change() -> Change {
    Change {
        title: "add-module a".to_owned(),
        edits: vec![
            edit("src/mod.rs", Some("mod b;\n"), Some("mod a;\nmod b;\n")),
            edit("src/gone/x.html", Some("x"), None),
            edit("src/a/mod.rs", None, Some("//! A.\n")),
            edit("src/a/templates/a/index.html", None, Some("<p>\n")),
        ],
    }
}

fn make(root: &Path, files: impl Files + 'static, change: &Change, remember: Remember) -> Result<()> {
    lock_with(root, Box::new(files), &mut Kept::default())?.make(change, remember)
}

#[test]
fn a_change_that_is_killed_anywhere_is_taken_back_by_the_next_command() {
    let (mut old, mut new) = (0, 0);
    for left in 0.. {
        let root = project();
        let before = look(root.path());
        let done = make(root.path(), Failing { left, failure: Failure::Kill }, &change(), Remember::Change);
        let mut heard = Kept::default();
        recover(root.path(), &mut heard).expect("what is left is put back");
        let taken_back = "note: `add-module a` was stopped midway; its changes have been taken back";
        if look(root.path()) == before {
            old += 1;
            assert!(heard.0.is_empty() || heard.0 == [taken_back], "{left}: {heard:?}", heard = heard.0);
            assert!(Records::read(root.path()).expect("a journal").last().is_none());
        } else {
            new += 1;
            assert!(heard.0.is_empty(), "{left}: {:?}", heard.0);
            let changed = look(root.path());
            assert!(changed.contains_key(Path::new("src/a/templates/a/index.html")), "{left}: {changed:?}");
            assert!(!changed.contains_key(Path::new("src/gone")), "{left}: {changed:?}");
            assert!(Records::read(root.path()).expect("a journal").last().is_some());
        }
        assert!(!has_pending(root.path()));
        // A killed command leaves nothing that keeps the next from doing the same again.
        if done.is_err() && look(root.path()) == before {
            make(root.path(), Disk, &change(), Remember::Change).expect("the same change");
        }
        if done.is_ok() {
            break;
        }
    }
    assert!(old > 15 && new >= 1, "{old} {new}");
}

#[test]
fn a_recovery_that_is_killed_anywhere_goes_on_at_the_next_command() {
    for left in 0.. {
        let root = project();
        let before = look(root.path());
        let failing = Failing { left: ALMOST_ALL, failure: Failure::Kill };
        make(root.path(), failing, &change(), Remember::Change).expect_err("it was killed");
        assert!(has_pending(root.path()));
        let done = lock_with(root.path(), Box::new(Failing { left, failure: Failure::Kill }), &mut Kept::default());
        let ended = done.is_ok();
        drop(done);
        recover(root.path(), &mut Kept::default()).expect("what is left is put back");
        assert_eq!(look(root.path()), before, "{left}");
        if ended {
            assert!(left > 5);
            break;
        }
    }
}

#[test]
fn a_change_in_which_something_fails_leaves_everything_as_it_was() {
    for left in 0.. {
        let root = project();
        let before = look(root.path());
        let failing = Failing { left, failure: Failure::Once };
        match make(root.path(), failing, &change(), Remember::Change) {
            Ok(()) if look(root.path()) != before && left > 15 => break,
            // A directory that could not be removed.
            Ok(()) => {}
            Err(error) => {
                assert!(error.to_string().contains("no space left"), "{error}");
                assert_eq!(look(root.path()), before, "{left}: {error}");
                assert!(!has_pending(root.path()), "{left}");
            }
        }
    }
}

#[test]
fn what_was_edited_after_the_crash_is_kept_and_named() {
    let root = project();
    let failing = Failing { left: ALMOST_ALL, failure: Failure::Kill };
    make(root.path(), failing, &change(), Remember::Change).expect_err("it was killed");
    fs::write(root.path().join("src/a/mod.rs"), "//! Mine.\n").expect("a file");
    let mut heard = Kept::default();
    recover(root.path(), &mut heard).expect("the rest is put back");
    assert_eq!(heard.0[1..], ["note: `src/a/mod.rs` was edited meanwhile, and is left as it is"]);
    let left = look(root.path());
    assert_eq!(left[Path::new("src/a/mod.rs")].as_deref(), Some("//! Mine.\n"));
    assert!(!left.contains_key(Path::new("src/a/templates")) && left.contains_key(Path::new("src/gone/x.html")));
}

#[test]
fn an_undoing_that_is_killed_anywhere_is_done_or_not() {
    for left in 0.. {
        let root = project();
        let before = look(root.path());
        make(root.path(), Disk, &change(), Remember::Change).expect("a change");
        let after = look(root.path());
        let edits = change().edits.iter().map(Edit::reversed).collect();
        let undo = Change { title: "undo".to_owned(), edits };
        let done = make(root.path(), Failing { left, failure: Failure::Kill }, &undo, Remember::Undone(1)).is_ok();
        recover(root.path(), &mut Kept::default()).expect("what is left is put back");
        let is_remembered = Records::read(root.path()).expect("a journal").last().is_some();
        assert_eq!(look(root.path()), if is_remembered { after } else { before }, "{left}");
        if done && !is_remembered {
            break;
        }
    }
}

#[test]
fn nothing_is_changed_that_is_not_as_planned() {
    let root = project();
    let before = look(root.path());
    for (edits, says) in [
        (
            vec![edit("src/new.rs", None, Some("//! N.\n")), edit("src/b.rs", None, Some("//! Other.\n"))],
            "somebody else",
        ),
        (vec![edit("src/new.rs", None, Some("//! N.\n")), edit("src/c.rs", None, Some("fn {"))], "src/c.rs:1:"),
        (vec![edit("../out.txt", None, Some(""))], "no path of the project's sources"),
        (vec![edit("/tmp/out.txt", None, Some(""))], "no path of the project's sources"),
        (vec![edit("src/b.rs/x.rs", None, Some(""))], "`src/b.rs` is a file"),
        (vec![edit("src", None, Some(""))], "`src` is a directory"),
    ] {
        let error = make(root.path(), Disk, &Change { title: "t".to_owned(), edits }, Remember::Change);
        let error = error.expect_err("a refusal").to_string();
        assert!(error.contains(says), "{error}");
        assert_eq!(look(root.path()), before);
    }
}

#[cfg(unix)]
#[test]
fn links_are_followed_inside_the_project_only() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let (root, elsewhere) = (project(), tempfile::tempdir().expect("a directory"));
    let at = |path: &str| root.path().join(path);
    let one =
        |path: &str, before, after| Change { title: "t".to_owned(), edits: vec![edit(path, before, Some(after))] };
    symlink(elsewhere.path(), at("out")).expect("a link");
    symlink("nowhere", at("src/dangling.rs")).expect("a link");
    symlink("b.rs", at("src/c.rs")).expect("a link");
    for (path, says) in [("out/x.rs", "leads out of the project"), ("src/dangling.rs", "leads nowhere")] {
        let error = make(root.path(), Disk, &one(path, None, "//! X.\n"), Remember::Change).expect_err(path);
        assert!(error.to_string().contains(says), "{error}");
    }
    assert_eq!(fs::read_dir(elsewhere.path()).expect("a list").count(), 0);
    fs::remove_dir_all(at("var")).expect("the journal");
    symlink(elsewhere.path(), at("var")).expect("a link");
    fs::set_permissions(at("src/b.rs"), fs::Permissions::from_mode(0o640)).expect("a mode");
    make(root.path(), Disk, &one("src/c.rs", Some("//! B.\n"), "//! C.\n"), Remember::Change).expect("a change");
    assert_eq!(fs::read_to_string(at("src/b.rs")).expect("a text"), "//! C.\n");
    assert!(at("src/c.rs").is_symlink());
    assert_eq!(fs::metadata(at("src/b.rs")).expect("a file").permissions().mode() & 0o777, 0o640);
    fs::set_permissions(at("src/b.rs"), fs::Permissions::from_mode(0o440)).expect("a mode");
    let error = make(root.path(), Disk, &one("src/c.rs", Some("//! C.\n"), "//! D.\n"), Remember::Change);
    assert_eq!(error.expect_err("a refusal").to_string(), "`src/c.rs` is read-only");
}

#[cfg(unix)]
#[test]
fn a_draft_that_is_a_link_is_not_followed() {
    let root = project();
    let other = root.path().join("other");
    fs::write(&other, "other").expect("a file");
    std::os::unix::fs::symlink(&other, root.path().join("src/.b.rs.scaffold")).expect("a link");
    let edits = vec![edit("src/b.rs", Some("//! B.\n"), Some("//! C.\n"))];
    make(root.path(), Disk, &Change { title: "t".to_owned(), edits }, Remember::Change).expect("a change");
    assert_eq!(fs::read_to_string(&other).expect("a text"), "other");
    assert_eq!(fs::read_to_string(root.path().join("src/b.rs")).expect("a text"), "//! C.\n");
    assert!(!root.path().join("src/b.rs").is_symlink());
}

#[test]
fn a_journal_that_leads_out_of_the_sources_is_refused() {
    let (above, inner) = (tempfile::tempdir().expect("a directory"), "project");
    let root = above.path().join(inner);
    fs::create_dir_all(root.join("var/scaffold/changes")).expect("a directory");
    let outside = above.path().join("x");
    fs::write(&outside, "after").expect("a file");
    fs::write(root.join("var/x"), "after").expect("a file");
    let absolute = outside.to_string_lossy().into_owned();
    for path in ["var/../../x", "../x", &absolute, "var/x", "src/../x", ""] {
        let edits = vec![edit(path, Some("before"), Some("after"))];
        let record = Record { version: Record::VERSION, title: "t".to_owned(), undoes: false, edits };
        let text = record.text().expect("a text");
        for file in [PENDING, "var/scaffold/changes/0001.json"] {
            fs::write(root.join(file), &text).expect("a file");
            let read = recover(&root, &mut Kept::default()).and_then(|()| Records::read(&root).map(drop));
            let error = read.expect_err(path).to_string();
            assert!(error.contains(file) && error.contains("no path of the project's sources"), "{path}: {error}");
            fs::remove_file(root.join(file)).expect("it is still there");
        }
        assert_eq!(fs::read_to_string(&outside).expect("a text"), "after", "{path}");
    }
}

#[test]
fn a_damaged_journal_is_put_aside_and_a_good_one_is_not() {
    let root = project();
    assert_eq!(set_aside(root.path()).expect("nothing"), None);
    for (number, damaged) in [(1, &b"{"[..]), (2, b"\xff"), (3, b"")] {
        fs::write(root.path().join(PENDING), damaged).expect("a file");
        let aside = PathBuf::from(format!("var/scaffold/damaged-{number}.json"));
        assert_eq!(set_aside(root.path()).expect("a file"), Some(aside.clone()));
        assert_eq!(fs::read(root.path().join(aside)).expect("it is still there"), damaged);
        assert!(!has_pending(root.path()));
    }
    let record = Record { version: Record::VERSION, title: "t".to_owned(), undoes: false, edits: Vec::new() };
    fs::write(root.path().join(PENDING), record.text().expect("a text")).expect("a file");
    assert_eq!(set_aside(root.path()).expect("nothing"), None);
    assert!(has_pending(root.path()));
}

#[test]
fn one_command_at_a_time_changes_the_sources() {
    let root = project();
    let first = lock(root.path(), &mut Kept::default()).expect("the lock");
    let path = root.path().to_owned();
    let (waits, waiting) = std::sync::mpsc::channel();
    struct Tell(std::sync::mpsc::Sender<String>);
    impl Talk for Tell {
        fn say(&mut self, _: &str) {}
        fn note(&mut self, line: &str) {
            self.0.send(line.to_owned()).expect("a test that listens");
        }
        fn ask(&mut self, _: &str) -> io::Result<Option<String>> {
            Ok(None)
        }
    }
    let begun = std::time::Instant::now();
    let second = std::thread::spawn(move || lock(&path, &mut Tell(waits)).map(drop));
    assert_eq!(waiting.recv().expect("a note"), "waiting for another command that is changing the sources");
    assert!(begun.elapsed() >= PATIENCE, "who waits for a moment only is not told");
    drop(first);
    second.join().expect("a thread").expect("the lock");
}
