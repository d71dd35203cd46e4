//! Watching a real directory: what is sent after what people, editors and git do.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use tempfile::TempDir;
use xtask::commands::Prepared;
use xtask::dev::model::{Changes, Kind};
use xtask::dev::watch::{self, Mode, Watcher};
use xtask::project::Project;

/// Longer than anything takes on a busy machine; only a test that fails waits so long.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) const PAGE: &str = "app/templates/base.html";
const VIEWS: &str = "app/src/modules/users/views.rs";
const MARK: &str = "app/static/mark.css";

/// A small project, and what is sent of it.
pub(super) struct Watched {
    directory: TempDir,
    root: PathBuf,
    sent: Receiver<Changes>,
    told: Receiver<String>,
    watcher: Watcher,
    marks: u32,
}

impl Watched {
    pub(super) fn new(mode: Mode) -> Self {
        Self::with(mode, |_| {})
    }

    pub(super) fn with(mode: Mode, prepare: impl FnOnce(&Path)) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let root = directory.path().canonicalize().expect("a directory");
        for path in ["Cargo.toml", "Cargo.lock", "app/Cargo.toml", "app/src/main.rs", VIEWS, PAGE, MARK] {
            write(&root.join(path), "old content\n");
        }
        fs::create_dir_all(root.join("target/debug")).expect("a directory");
        prepare(&root);
        let project = project(&root);
        let (send, sent) = channel();
        let (tell, told) = channel();
        let send = move |changes: Changes| drop(send.send(changes));
        let watcher =
            watch::start(&project, mode, || Prepared::Unchanged, send, move |line| drop(tell.send(line.to_owned())))
                .expect("a thread");
        Self { directory, root, sent, told, watcher, marks: 0 }
    }

    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    fn write(&self, path: &str, text: &str) {
        write(&self.path(path), text);
    }

    pub(super) fn next(&self) -> BTreeSet<(Kind, String)> {
        let changes = self.sent.recv_timeout(PATIENCE).expect("changes");
        assert!(!changes.files.is_empty());
        let relative = |path: &Path| path.strip_prefix(&self.root).unwrap_or(path).to_string_lossy().into_owned();
        changes.files.iter().map(|(kind, path)| (*kind, relative(path))).collect()
    }

    /// Makes a change that must be sent, and gives everything that is sent until it is.
    pub(super) fn mark(&mut self) -> Vec<BTreeSet<(Kind, String)>> {
        self.marks += 1;
        self.write(MARK, &format!("mark {}", self.marks));
        let mark = (Kind::Style, MARK.to_owned());
        let mut all = Vec::new();
        loop {
            let mut next = self.next();
            let is_last = next.remove(&mark);
            all.extend((!next.is_empty()).then_some(next));
            if is_last {
                return all;
            }
        }
    }

    /// Everything so far, however many messages it took.
    fn sum(&mut self) -> BTreeSet<(Kind, String)> {
        self.mark().into_iter().flatten().collect()
    }

    fn assert_next(&self, expected: &[(Kind, &str)]) {
        assert_eq!(self.next(), expected.iter().map(|(kind, path)| (*kind, (*path).to_owned())).collect());
    }
}

fn project(root: &Path) -> Project {
    Project {
        root: root.to_owned(),
        here: root.to_owned(),
        binaries: root.join("target/debug"),
        cargo: "cargo".into(),
        variables: Default::default(),
        scrubbed: Default::default(),
    }
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("a parent")).expect("directories");
    fs::write(path, text).expect("a file");
}

pub(super) fn only(kind: Kind, path: &str) -> BTreeSet<(Kind, String)> {
    [(kind, path.to_owned())].into()
}

/// To look twice a second takes its time.
fn rounds(mode: Mode, rounds: u32) -> u32 {
    match mode {
        Mode::Events => rounds,
        Mode::Poll => 1,
    }
}

const MODES: [Mode; 2] = [Mode::Events, Mode::Poll];

#[test]
fn what_is_saved_made_and_deleted_is_sent_with_its_kind() {
    for mode in MODES {
        let watched = Watched::new(mode);
        watched.write(VIEWS, "new content\n");
        watched.assert_next(&[(Kind::Source, VIEWS)]);
        watched.write("app/src/modules/users/templates/users/a.html", "a");
        watched.assert_next(&[(Kind::Page, "app/src/modules/users/templates/users/a.html")]);
        fs::remove_file(watched.path(PAGE)).expect("a file");
        watched.assert_next(&[(Kind::Page, PAGE)]);
        watched.write(".env", "A=1");
        watched.assert_next(&[(Kind::Settings, ".env")]);
        watched.write(".cargo/config.toml", "");
        watched.assert_next(&[(Kind::Source, ".cargo/config.toml")]);
        watched.write("app/src/modules/users/migrations/0002_x.toml", "");
        watched.assert_next(&[(Kind::Migration, "app/src/modules/users/migrations/0002_x.toml")]);
        // By rename: the root's files are replaced, and watched on.
        for text in ["1", "2"] {
            watched.write("Cargo.toml.new", text);
            fs::rename(watched.path("Cargo.toml.new"), watched.path("Cargo.toml")).expect("renamed");
            watched.assert_next(&[(Kind::Source, "Cargo.toml")]);
        }
    }
}

#[test]
fn what_changes_no_content_sends_nothing() {
    for mode in MODES {
        let mut watched = Watched::new(mode);
        watched.write(VIEWS, "old content\n");
        fs::File::open(watched.path(PAGE))
            .and_then(|file| file.set_modified(std::time::SystemTime::now()))
            .expect("a time");
        fs::rename(watched.path("app/src"), watched.path("app/src2")).expect("renamed");
        fs::rename(watched.path("app/src2"), watched.path("app/src")).expect("renamed");
        for path in
            ["target/debug/x.rs", "var/app.sqlite3", "xtask/src/main.rs", "app/tests/it/a.rs", ".git/index", "x.rs"]
        {
            watched.write(path, "x");
        }
        assert_eq!(watched.mark(), []);
    }
}

#[test]
fn two_saves_of_equal_size_within_a_moment_both_count() {
    let mut watched = Watched::new(Mode::Events);
    for round in 0..20 {
        // The second save often has the stamp of the first; it comes while, or right after, the first is looked at.
        watched.write(VIEWS, &format!("a {round:04}"));
        watched.write(VIEWS, &format!("b {round:04}"));
        assert_eq!(watched.sum(), [(Kind::Source, VIEWS.to_owned())].into());
        // If the second one was overlooked, what the file had before it is no news now.
        watched.write(VIEWS, &format!("a {round:04}"));
        watched.assert_next(&[(Kind::Source, VIEWS)]);
    }
}

#[test]
fn folders_that_are_deleted_and_made_again_are_watched_on() {
    for mode in MODES {
        let mut watched = Watched::new(mode);
        let module = watched.path("app/src/modules/users");
        for round in 0..rounds(mode, 10) {
            fs::remove_dir_all(&module).expect("a directory");
            watched.write(VIEWS, &format!("{round}"));
            assert_eq!(watched.sum(), only(Kind::Source, VIEWS), "{round}");
            watched.write(VIEWS, &format!("again {round}"));
            assert_eq!(watched.sum(), only(Kind::Source, VIEWS), "again {round}");
        }
        // Deeper and deeper, faster than anybody can add watches.
        let deep = "app/src/modules/a/b/c/d/e/f/g.rs";
        watched.write(deep, "");
        watched.assert_next(&[(Kind::Source, deep)]);
        watched.write(deep, "1");
        watched.assert_next(&[(Kind::Source, deep)]);
        // With content, from outside.
        watched.write("var/module/views.rs", "x");
        fs::rename(watched.path("var/module"), watched.path("app/src/modules/moved")).expect("renamed");
        watched.assert_next(&[(Kind::Source, "app/src/modules/moved/views.rs")]);
        watched.write("app/src/modules/moved/views.rs", "y");
        watched.assert_next(&[(Kind::Source, "app/src/modules/moved/views.rs")]);
        fs::rename(watched.path("app/src/modules/moved"), watched.path("var/module")).expect("renamed");
        watched.assert_next(&[(Kind::Source, "app/src/modules/moved/views.rs")]);
        watched.write("var/module/views.rs", "z");
        assert_eq!(watched.mark(), []);
    }
}

#[test]
fn links_are_followed_and_loops_are_not() {
    for mode in MODES {
        let outside = tempfile::tempdir().expect("a directory");
        let shared = outside.path().join("shared");
        write(&shared.join("templates/x.html"), "old");
        write(&shared.join("env"), "A=1");
        let watched = Watched::with(mode, |root| {
            symlink(&shared, root.join("app/src/shared")).expect("a link");
            symlink(shared.join("env"), root.join(".env")).expect("a link");
            symlink(root.join("app"), root.join("app/src/loop")).expect("a link");
            symlink(root.join("app/src/modules"), shared.join("back")).expect("a link");
            symlink("nowhere", root.join("app/src/dangling.rs")).expect("a link");
        });
        write(&shared.join("templates/x.html"), "new");
        watched.assert_next(&[(Kind::Page, "app/src/shared/templates/x.html")]);
        write(&shared.join("env"), "A=2");
        watched.assert_next(&[(Kind::Settings, ".env")]);
        write(&watched.path("app/src/nowhere"), "found");
        watched.assert_next(&[(Kind::Source, "app/src/dangling.rs")]);
    }
}

#[test]
fn the_files_that_the_build_names_count() {
    let mut watched = Watched::new(Mode::Events);
    watched.write("app/src/words.txt", "old");
    watched.write("README.md", "old");
    assert_eq!(watched.mark(), []);
    let names = ["app/src/main.rs", "app/src/words.txt", "README.md", "target/debug/build/x/out/a.rs"];
    let names = names.map(|name| watched.path(name).to_string_lossy().into_owned());
    watched.write("target/debug/app.d", &format!("target/debug/app: {}\n", names.join(" ")));
    watched.write("target/debug/build/x/out/a.rs", "new");
    // To be named is no change.
    assert_eq!(watched.mark(), []);
    watched.write("app/src/words.txt", "new");
    watched.assert_next(&[(Kind::Source, "app/src/words.txt")]);
    watched.write("README.md", "new");
    watched.assert_next(&[(Kind::Source, "README.md")]);
    watched.write("LICENSE", "new");
    assert_eq!(watched.mark(), []);
}

#[test]
fn a_change_of_branch_is_one_message_or_few() {
    let mut watched = Watched::new(Mode::Events);
    let files = || (0..400).map(|number| format!("app/src/modules/m{}/f{number}.rs", number % 40));
    let git = |words: &[&str]| {
        let arguments = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "gc.auto=0"].iter().chain(words);
        let ended = Command::new("git").current_dir(&watched.root).args(arguments).output().expect("git runs");
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    };
    git(&["init", "-q", "-b", "main"]);
    for (number, file) in files().enumerate().filter(|(number, _)| number % 2 == 0) {
        watched.write(&file, &number.to_string());
    }
    git(&["add", "."]);
    git(&["commit", "-qm", "a"]);
    git(&["checkout", "-qb", "other"]);
    for (number, file) in files().enumerate().filter(|(number, _)| number % 4 != 0) {
        watched.write(&file, &format!("other {number}"));
    }
    git(&["add", "."]);
    git(&["commit", "-qm", "b"]);
    let expected: BTreeSet<(Kind, String)> =
        files().enumerate().filter(|(number, _)| number % 4 != 0).map(|(_, file)| (Kind::Source, file)).collect();
    watched.sum();
    for branch in ["main", "other"] {
        let ended = Command::new("git").current_dir(&watched.root).args(["checkout", "-q", branch]).status();
        assert!(ended.expect("git runs").success());
        let messages = watched.mark();
        assert!(messages.len() <= 3, "{} messages", messages.len());
        assert_eq!(messages.into_iter().flatten().collect::<BTreeSet<_>>(), expected);
    }
}

/// Runs the test of this name again where the system gives few watches. None where it does not let us set that.
fn where_watches_are_few(test: &str) -> Option<String> {
    let set = "echo 6 >/proc/sys/user/max_inotify_watches || exit 77; exec \"$0\" --exact \"$1\" --nocapture";
    let program = std::env::current_exe().expect("a program");
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "sh", "-c", set]).arg(program).arg(test).env(FEW, "1");
    let output = command.output().ok()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    // 1 is unshare's own, 77 the shell's.
    if output.status.code().is_some_and(|code| code == 1 || code == 77) && output.stdout.is_empty() {
        return None;
    }
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    Some(text(&output.stdout))
}

const FEW: &str = "WATCHES_ARE_FEW";

#[test]
fn where_the_system_gives_no_more_watches_files_are_looked_at() {
    let test = "dev::watch::where_the_system_gives_no_more_watches_files_are_looked_at";
    if !xtask::environment::read().contains_key(OsStr::new(FEW)) {
        assert!(where_watches_are_few(test).is_none_or(|said| said.contains("1 passed")));
        return;
    }
    let told = [
        "warning: the limit `fs.inotify.max_user_watches` is reached; files are looked at every 500 ms instead",
        "hint: raise it, for example with `sudo sysctl fs.inotify.max_user_watches=524288`",
    ];
    // Reached at the start.
    let watched = Watched::new(Mode::Events);
    watched.write(VIEWS, "new");
    watched.assert_next(&[(Kind::Source, VIEWS)]);
    assert_eq!(watched.told.try_iter().collect::<Vec<_>>(), told);
    drop(watched);
    // Reached later.
    let mut watched = Watched::with(Mode::Events, |root| {
        for path in ["app/src", "app/templates", "app/static"] {
            fs::remove_dir_all(root.join(path)).expect("a directory");
        }
    });
    assert_eq!(watched.told.try_iter().count(), 0);
    watched.write(VIEWS, "new");
    assert_eq!(watched.sum(), only(Kind::Source, VIEWS));
    watched.write(VIEWS, "newer");
    assert_eq!(watched.sum(), only(Kind::Source, VIEWS));
    assert_eq!(watched.told.try_iter().collect::<Vec<_>>(), told);
}

#[test]
fn nothing_is_sent_once_it_is_dropped() {
    for mode in MODES {
        let Watched { directory, root, sent, told, watcher, .. } = Watched::new(mode);
        drop(watcher);
        // The thread ends, and drops its sender.
        assert_eq!(sent.recv_timeout(PATIENCE), Err(std::sync::mpsc::RecvTimeoutError::Disconnected));
        assert_eq!(told.iter().count(), 0);
        drop((directory, root));
    }
}
