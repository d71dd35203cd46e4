//! The target directory: after a removal, a build compiles nothing.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use super::clear;
use crate::sandbox::Sandbox;

/// All that people and editors let cargo do.
const BUILDS: &[&[&str]] = &[
    &["build"],
    &["build", "--release", "--package", "app", "--bin", "app"],
    &["build", "--package", "part"],
    &["test", "--no-run", "--workspace"],
    &["check", "--workspace", "--all-targets"],
    &["clippy", "--workspace", "--all-targets"],
];

/// A program with a library, a build script and a test, on another package whose features differ by who asks.
fn workspace() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox
        .write("Cargo.toml", "[workspace]\nmembers = [\"app\", \"part\"]\nexclude = [\"xtask\"]\nresolver = \"3\"\n");
    app(&sandbox, "\"some\"");
    sandbox.write("app/build.rs", "fn main() { println!(\"cargo:rerun-if-changed=build.rs\") }\n");
    sandbox.write("app/src/lib.rs", "//! A library.\npub use part::number;\n");
    sandbox.write("app/src/main.rs", "//! A program.\nfn main() { println!(\"{}\", app::number()) }\n");
    sandbox.write("app/tests/it.rs", "//! A test.\n#[test]\nfn it() { assert_eq!(app::number(), 1) }\n");
    sandbox.write(
        "part/Cargo.toml",
        "[package]\nname = \"part\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[features]\nsome = []\nmore = []\n",
    );
    sandbox.write("part/src/lib.rs", "//! A part.\n/// One.\npub fn number() -> u32 { 1 }\n");
    sandbox
}

fn app(sandbox: &Sandbox, features: &str) {
    let text = format!(
        "[package]\nname = \"app\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[dependencies]\npart = {{ path = \
         \"../part\", features = [{features}] }}\n"
    );
    // Now, as a person saves it.
    fs::write(sandbox.root().join("app/Cargo.toml"), text).expect("a file");
}

/// Builds everything, and gives what was compiled.
fn compiled(sandbox: &Sandbox) -> Vec<String> {
    let project = sandbox.project(("CARGO_TERM_COLOR", "never"));
    let mut compiled = Vec::new();
    for args in BUILDS {
        let mut command = Command::new(env!("CARGO"));
        command.args(*args).args(["--offline", "--message-format", "json"]).current_dir(sandbox.root());
        for name in &project.scrubbed.removed {
            command.env_remove(name);
        }
        let output = command.envs(&project.scrubbed.set).output().expect("cargo starts");
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        let messages = output.stdout.split(|&byte| byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok());
        let stale = messages.filter(|message: &Value| message["fresh"] == false);
        compiled.extend(stale.map(|message| format!("{args:?} {}", message["target"]["name"])));
    }
    compiled
}

/// How many files and directories there are in directories of the target directory.
fn count(sandbox: &Sandbox, folder: &str) -> usize {
    let target = sandbox.root().join("target");
    let entries = ["debug", "release"].map(|profile| target.join(profile).join(folder));
    entries.iter().filter_map(|folder| fs::read_dir(folder).ok()).map(Iterator::count).sum()
}

#[test]
fn a_build_right_after_compiles_nothing() {
    let sandbox = workspace();
    assert!(compiled(&sandbox).len() > 10);
    let all = count(&sandbox, "deps");
    clear(&sandbox, &[]).stdout("nothing to remove\n").run();
    assert_eq!(compiled(&sandbox), [""; 0]);

    fs::write(sandbox.root().join("part/src/lib.rs"), "//! A part.\n/// One.\npub fn number() -> u32 { 2 - 1 }\n")
        .expect("a file");
    assert!(compiled(&sandbox).len() > 10);
    clear(&sandbox, &[]).stdout("nothing to remove\n").run();
    assert_eq!(compiled(&sandbox), [""; 0]);
    assert_eq!(count(&sandbox, "deps"), all);

    // Other features are other units; what `part` is without them is still what `--package part` builds.
    let before = [".fingerprint", "deps", "build", "incremental"].map(|folder| count(&sandbox, folder));
    app(&sandbox, "\"some\", \"more\"");
    assert!(compiled(&sandbox).len() > 10);
    clear(&sandbox, &["--keep-days", "1"]).stdout("nothing to remove\n").run();
    let shown = clear(&sandbox, &["--dry-run"]).any_output().run().stdout;
    let gone = clear(&sandbox, &[]).any_output().run().stdout;
    assert_eq!(shown.replace("would be ", ""), gone);
    let lines: Vec<&str> =
        gone.lines().filter(|line| !line.ends_with(" freed")).filter_map(|line| line.get(13..)).collect();
    let expected = [
        "builds in `target/debug` that nothing uses any more",
        "incremental data in `target/debug` of such builds",
        "builds in `target/release` that nothing uses any more",
    ];
    assert_eq!(lines, expected, "{gone}");
    assert_eq!(compiled(&sandbox), [""; 0]);
    assert_eq!([".fingerprint", "deps", "build", "incremental"].map(|folder| count(&sandbox, folder)), before);

    // And back: the manifests say what is in use, not what was built last.
    app(&sandbox, "\"some\"");
    assert!(compiled(&sandbox).len() > 10);
    app(&sandbox, "\"some\", \"more\"");
    assert_eq!(compiled(&sandbox), [""; 0]);
    assert!(clear(&sandbox, &[]).any_output().run().stdout.ends_with(" freed\n"));
    assert_eq!(compiled(&sandbox), [""; 0]);
    assert_eq!([".fingerprint", "deps", "build", "incremental"].map(|folder| count(&sandbox, folder)), before);
}

#[test]
fn what_another_compiler_made_or_no_unit_has_goes() {
    let sandbox = workspace();
    compiled(&sandbox);
    let folders = fs::read_dir(sandbox.root().join("target/debug/.fingerprint")).expect("a directory");
    let folders: Vec<PathBuf> = folders.map(|entry| entry.expect("an entry").path()).collect();
    let file = |folder: &PathBuf| {
        let mut files = fs::read_dir(folder).expect("a directory").map(|entry| entry.expect("an entry").path());
        files.find(|path| path.extension().is_some_and(|end| end == "json")).expect("a file")
    };
    let text = |folder: &PathBuf| fs::read_to_string(file(folder)).expect("a file");
    let test = folders.iter().find(|folder| file(folder).ends_with("test-integration-test-it.json")).expect("a test");
    let compiler = text(test).split([':', ',']).nth(1).expect("a number").to_owned();
    fs::write(file(test), text(test).replace(&compiler, "1")).expect("a file");
    let hash = test.to_string_lossy().rsplit_once('-').expect("a hash").1.to_owned();
    let program = sandbox.root().join(format!("target/debug/deps/it-{hash}"));
    let orphan = sandbox.root().join("target/debug/deps/libgone-0123456789abcdef.rlib");
    fs::write(&orphan, "").expect("a file");
    fs::write(sandbox.root().join("target/debug/deps/libwithout.so"), "").expect("a file");
    let has_program = program.exists();
    assert!(clear(&sandbox, &[]).any_output().run().stdout.ends_with(" freed\n"));
    assert!(!test.exists() && !program.exists() && !orphan.exists(), "{has_program}");
    assert!(sandbox.root().join("target/debug/deps/libwithout.so").exists());
}

#[test]
fn a_profile_in_which_somebody_builds_is_left_alone() {
    let sandbox = workspace();
    compiled(&sandbox);
    app(&sandbox, "");
    compiled(&sandbox);
    let lock = File::open(sandbox.root().join("target/debug/.cargo-lock")).expect("cargo's lock");
    lock.lock().expect("a lock");
    let refused =
        format!("error: somebody builds in `{}`; it is left alone\n", sandbox.root().join("target/debug").display());
    let output = clear(&sandbox, &[]).any_output().status(1).run();
    assert_eq!(output.stderr, refused);
    assert!(
        output.stdout.contains("`target/release`") && !output.stdout.contains("`target/debug`"),
        "{}",
        output.stdout
    );
    let output = clear(&sandbox, &["--all", "--yes"]).any_output().status(1).run();
    assert_eq!(output.stderr, refused);
    assert!(sandbox.root().join("target/debug/app").exists());
    assert!(!sandbox.root().join("target/release").exists());
    drop(lock);
}

#[test]
fn everything_goes_when_nobody_objects() {
    let sandbox = workspace();
    compiled(&sandbox);
    sandbox.write("target/CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55");
    let asked = clear(&sandbox, &["--all"]).stdout("").any_output().status(3).run();
    assert!(asked.stderr.starts_with("error: cannot ask \"Remove "), "{}", asked.stderr);
    assert!(asked.stderr.ends_with("hint: `cargo xtask clear-artifacts --all --yes`\n"), "{}", asked.stderr);
    let shown = clear(&sandbox, &["--all", "--dry-run"]).any_output().run().stdout;
    assert!(sandbox.root().join("target/release/app").exists());
    let gone = clear(&sandbox, &["--all", "--yes"]).any_output().run().stdout;
    assert_eq!(shown.replace("would be ", ""), gone);
    let left = fs::read_dir(sandbox.root().join("target")).expect("a directory");
    let left: Vec<_> = left.map(|entry| entry.expect("an entry").file_name()).collect();
    assert_eq!(left, ["CACHEDIR.TAG"]);
}
