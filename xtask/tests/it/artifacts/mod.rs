//! `clear-artifacts`: what goes, and above all what stays.

mod builds;

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use crate::sandbox::{Call, Sandbox};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A call with the real cargo, which has to know what is in use.
fn clear<'a>(sandbox: &'a Sandbox, args: &[&str]) -> Call<'a> {
    sandbox.xtask(std::iter::once("clear-artifacts").chain(args.iter().copied())).real_cargo()
}

/// A workspace for cargo, with a lockfile.
fn workspace() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("Cargo.lock", "version = 4\n\n[[package]]\nname = \"app\"\nversion = \"0.0.0\"\n");
    sandbox
}

fn write(sandbox: &Sandbox, path: &str, days: u32) {
    sandbox.write(path, "12345");
    let time = SystemTime::now() - DAY * days - Duration::from_secs(60);
    let file = File::options().write(true).open(sandbox.root().join(path)).expect("a file");
    file.set_modified(time).expect("a time");
}

fn git(root: &Path, args: &[&str]) {
    let mut command = Command::new("git");
    command.args(args).current_dir(root).env_remove("GIT_DIR");
    assert!(command.output().expect("git starts").status.success(), "git {args:?}");
}

const LEFT: &[&str] = &[
    "app/.pytest_cache/v/cache",
    "app/.ruff_cache/0.1/x",
    "app/__pycache__/b.pyc",
    "app/src/.main.rs.swp",
    "app/src/main.rs~",
    "tools/__pycache__/a.cpython-312.pyc",
    "tools/__pycache__/a.cpython-312.pyc.140029",
    "var/log/app.log.1",
    "var/log/server.log.12",
];

const KEPT: &[&str] = &[
    ".git/x~",
    "app/__pycache__/written-by-hand.py",
    "app/src/mine.rs~",
    "app/src/main.rs",
    "other/.git/HEAD",
    "other/x~",
    "target/xtask/x~",
    "var/app.sqlite3",
    "var/log/1",
    "var/log/app.log",
    "var/log/app.log.old",
    "var/mail/1.log.1",
    "var/x~",
    "venv/CACHEDIR.TAG",
    "venv/x~",
];

#[test]
fn what_tools_leave_goes_and_nothing_else() {
    let sandbox = workspace();
    git(sandbox.root(), &["init", "--quiet"]);
    for path in LEFT.iter().chain(KEPT) {
        write(&sandbox, path, 2);
    }
    git(sandbox.root(), &["add", "--force", "app/src/mine.rs~"]);
    let outside = tempfile::tempdir().expect("a directory");
    fs::write(outside.path().join("x~"), "12345").expect("a file");
    symlink(outside.path(), sandbox.root().join("app/outside")).expect("a link");
    let lines = "        5 B  app/.pytest_cache\n        5 B  app/.ruff_cache\n        5 B  app/__pycache__\n        \
        5 B  app/src/.main.rs.swp\n        5 B  app/src/main.rs~\n       10 B  tools/__pycache__\n        \
        5 B  var/log/app.log.1\n        5 B  var/log/server.log.12\n";
    let is_there = |path: &&&str| sandbox.root().join(path).exists();
    clear(&sandbox, &["--dry-run"]).stdout(&format!("{lines}45 B would be freed\n")).run();
    assert_eq!(LEFT.iter().filter(is_there).count(), LEFT.len());
    clear(&sandbox, &[]).stdout(&format!("{lines}45 B freed\n")).run();
    assert_eq!(LEFT.iter().filter(is_there).collect::<Vec<_>>(), Vec::<&&str>::new());
    assert!(!sandbox.root().join("tools/__pycache__").exists());
    assert_eq!(KEPT.iter().filter(is_there).count(), KEPT.len());
    assert!(outside.path().join("x~").exists());
    clear(&sandbox, &[]).stdout("nothing to remove\n").run();
    sandbox.xtask(["clear_pycache"]).real_cargo().stdout("nothing to remove\n").run();
}

#[test]
fn what_is_young_stays() {
    let sandbox = workspace();
    for (path, days) in [("a~", 0), ("b~", 2), ("c~", 4), ("var/log/app.log.1", 0), ("var/log/app.log.2", 4)] {
        write(&sandbox, path, days);
    }
    clear(&sandbox, &["--keep-days", "3"])
        .stdout("        5 B  c~\n        5 B  var/log/app.log.2\n10 B freed\n")
        .run();
    // Somebody may have it open.
    clear(&sandbox, &[]).stdout("        5 B  b~\n        5 B  var/log/app.log.1\n10 B freed\n").run();
    assert!(sandbox.root().join("a~").exists());
    clear(&sandbox, &["--all", "--keep-days", "3"]).any_output().status(2).run();
}

const MANIFEST: &str = r#"{"version":"1.1","paths":{"a.css":"a.222222222222.css","b.css":"b.111111111111.css"},"hash":"2",
    "build":"x","files":{"a.css":{"size":5},"b.css":{"size":5},"a.222222222222.css":{"size":5},"b.111111111111.css":{"size":5},
    "a.111111111111.css":{"size":5,"encodings":{"br":{"size":5},"gzip":{"size":5},"zstd":{"size":5}}}},
    "generations":[{"hash":"1","files":["a.111111111111.css","b.111111111111.css","../log/app.log"]}]}"#;

#[test]
fn earlier_static_files_go_and_the_manifest_says_so() {
    for (variable, folder) in [(None, "var/static"), (Some("collected"), "collected")] {
        let sandbox = workspace();
        let files = ["a.css", "b.css", "a.222222222222.css", "b.111111111111.css", "foreign.txt", ".static.lock"];
        let old = ["a.111111111111.css", "a.111111111111.css.br", "a.111111111111.css.gz", "a.111111111111.css.zst"];
        for name in files.iter().chain(&old) {
            write(&sandbox, &format!("{folder}/{name}"), 2);
        }
        write(&sandbox, "var/log/app.log", 2);
        let manifest = format!("{folder}/staticfiles.json");
        write(&sandbox, &manifest, 2);
        sandbox.write(&manifest, MANIFEST);
        let call = |args: &[&str]| {
            let call = clear(&sandbox, args);
            if let Some(root) = variable { call.env("APP__STATIC__ROOT", root) } else { call }
        };
        call(&["--keep-days", "3"]).stdout("nothing to remove\n").run();
        let line = format!("       20 B  earlier generations in `{folder}`\n");
        call(&["--dry-run"]).stdout(&format!("{line}20 B would be freed\n")).run();
        let lock =
            sandbox.root().join(folder).with_file_name(format!(".{}.lock", folder.rsplit('/').next().expect("a name")));
        let lock = File::create(lock).expect("a file");
        lock.lock().expect("a lock");
        let refused = format!(
            "error: static files are being collected in `{{root}}/{folder}`; the static files are left alone\n"
        );
        call(&[]).stdout("nothing to remove\n").stderr(&refused).status(1).run();
        drop(lock);
        call(&[]).stdout(&format!("{line}20 B freed\n")).run();
        let left = |name: &&&str| sandbox.root().join(folder).join(name).exists();
        assert_eq!((files.iter().filter(left).count(), old.iter().filter(left).count()), (files.len(), 0));
        assert!(sandbox.root().join("var/log/app.log").exists());
        let text = fs::read_to_string(sandbox.root().join(&manifest)).expect("a file");
        let after: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let mut expected: serde_json::Value = serde_json::from_str(MANIFEST).expect("JSON");
        expected["generations"] = serde_json::json!([]);
        expected["files"].as_object_mut().expect("files").remove("a.111111111111.css");
        assert_eq!(after, expected);
        call(&[]).stdout("nothing to remove\n").run();
    }
}

#[test]
fn without_git_or_cargo_what_they_know_stays() {
    let sandbox = workspace();
    write(&sandbox, "a~", 2);
    write(&sandbox, "target/debug/.fingerprint/old-0123456789abcdef/lib-old", 2);
    sandbox.write(".git", "gitdir: /nowhere\n");
    let refused = clear(&sandbox, &[]).any_output().status(1).run();
    assert!(refused.stderr.starts_with("error: git does not say which files it has: fatal: "), "{}", refused.stderr);
    fs::remove_file(sandbox.root().join(".git")).expect("a file");
    sandbox.write("app/Cargo.toml", "[package\n");
    let output = clear(&sandbox, &[]).any_output().status(1).run();
    assert_eq!(output.stdout, "        5 B  a~\n5 B freed\n");
    assert!(output.stderr.starts_with("error: the builds are left alone: "), "{}", output.stderr);
    assert!(sandbox.root().join("target/debug/.fingerprint/old-0123456789abcdef/lib-old").exists());
}

#[test]
fn a_target_directory_elsewhere_is_left_alone() {
    let sandbox = workspace();
    let elsewhere = Sandbox::new();
    sandbox.link(env!("CARGO_BIN_EXE_xtask"), "other/debug/xtask");
    fs::remove_dir_all(sandbox.root().join("target")).expect("a directory");
    symlink(elsewhere.root().join("target"), sandbox.root().join("target")).expect("a link");
    let note = format!(
        "note: `{}` is not in the project's own directory and file system; `cargo clean` empties it\n",
        elsewhere.root().join("target").display()
    );
    clear(&sandbox, &["--all", "--yes"]).stdout("nothing to remove\n").stderr(&note).run();
    assert!(elsewhere.root().join("target/debug/xtask").exists());
}
