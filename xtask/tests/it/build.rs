//! When the app is built, and when it is not.

use std::fs::File;
use std::time::SystemTime;

use crate::sandbox::{BUILD, Sandbox, app};

#[test]
fn a_second_identical_call_does_not_even_ask_cargo() {
    let sandbox = Sandbox::new();
    let called = app(&["showmigrations"]);
    sandbox.xtask(["showmigrations"]).stdout(&called).stderr(BUILD).run();
    sandbox.xtask(["showmigrations"]).stdout(&called).run();
    sandbox.xtask(["showmigrations"]).current_dir("app").any_output().run();
    sandbox.xtask(["showmigrations"]).stdout(&called).run();
}

#[test]
fn every_change_that_matters_asks_cargo_once() {
    let sandbox = Sandbox::built();
    let called = app(&["check"]);
    for (file, text) in [
        ("app/src/main.rs", "fn main() { }\n"),
        ("app/src/modules/new.rs", "//! New."),
        ("app/crates/db/src/lib.rs", "//! A crate."),
        ("app/crates/db/Cargo.toml", "[package]"),
        ("app/Cargo.toml", "[package]\n"),
        ("Cargo.toml", "[workspace]\n"),
        ("Cargo.lock", "version = 4\n"),
        (".cargo/config.toml", "[build]\n"),
        ("rust-toolchain.toml", "[toolchain]\n"),
        ("bin/rustc", "another compiler"),
    ] {
        std::fs::remove_file(sandbox.root().join(file)).ok();
        sandbox.write(file, text);
        sandbox.xtask(["check"]).stdout(&called).stderr(BUILD).run();
        sandbox.xtask(["check"]).stdout(&called).run();
    }
    std::fs::remove_file(sandbox.root().join("app/src/modules/new.rs")).expect("a file");
    sandbox.xtask(["check"]).stdout(&called).stderr(BUILD).run();
    for variable in ["RUSTFLAGS", "CARGO_BUILD_RUSTFLAGS", "CARGO_PROFILE_DEV_DEBUG"] {
        sandbox.xtask(["check"]).env(variable, "x").stdout(&called).stderr(BUILD).run();
    }
}

#[test]
fn what_is_read_at_run_time_builds_nothing() {
    let sandbox = Sandbox::built();
    for file in ["app/src/modules/a/migrations/0001_initial.toml", "app/src/modules/a/templates/a.html", "README.md"] {
        sandbox.write(file, "new");
        sandbox.xtask(["check"]).stdout(&app(&["check"])).run();
    }
}

#[test]
fn a_binary_that_xtask_did_not_see_built_is_asked_about() {
    let sandbox = Sandbox::built();
    let binary = sandbox.root().join("target/debug/app");
    File::options().write(true).open(&binary).and_then(|file| file.set_modified(SystemTime::now())).expect("a time");
    sandbox.xtask(["check"]).stdout(&app(&["check"])).stderr(BUILD).run();
    std::fs::remove_file(&binary).expect("a file");
    sandbox.xtask(["check"]).stdout(&app(&["check"])).stderr(BUILD).run();
    std::fs::remove_file(binary.with_extension("d")).expect("a file");
    sandbox.xtask(["check"]).stdout(&app(&["check"])).stderr(BUILD).run();
}

#[test]
fn a_file_changed_during_the_build_is_asked_about_again() {
    let sandbox = Sandbox::new();
    let source = sandbox.root().join("app/src/main.rs");
    // Newer than anything the build can have begun with, as if saved while it ran.
    let soon = SystemTime::now() + std::time::Duration::from_secs(3600);
    File::options().write(true).open(&source).and_then(|file| file.set_modified(soon)).expect("a time");
    for _ in 0..2 {
        sandbox.xtask(["check"]).stdout(&app(&["check"])).stderr(BUILD).run();
    }
}

#[test]
fn the_binary_of_another_checkout_in_a_shared_target_directory_is_not_ours() {
    let (ours, theirs) = (Sandbox::built(), Sandbox::built());
    for file in ["debug/app", "debug/app.d", "xtask/app-debug.stamp"] {
        let (from, to) = (theirs.root().join("target").join(file), ours.root().join("target").join(file));
        std::fs::remove_file(&to).expect("a file");
        std::fs::rename(from, to).expect("a move");
    }
    ours.xtask(["check"]).stdout(&app(&["check"])).stderr(BUILD).run();
}

#[test]
fn two_checkouts_that_share_a_target_directory_do_not_run_each_others_code() {
    let (first, second) = (Sandbox::new(), Sandbox::new());
    // The second checkout is older than the first one's build: by their times alone its files look built.
    second.write("app/src/main.rs", "fn main() { println!(\"second\") }\n");
    first.write("app/src/main.rs", "fn main() { println!(\"first\") }\n");
    let shared = first.root().join("target");
    let said = |sandbox: &Sandbox| {
        let call = sandbox.xtask(["version"]).env("CARGO_TARGET_DIR", &shared).real_cargo().any_output();
        call.run().stdout
    };
    assert_eq!(said(&first), "first\n");
    std::fs::remove_dir_all(second.root().join("target")).expect("a directory");
    std::os::unix::fs::symlink(&shared, second.root().join("target")).expect("a link");
    assert_eq!(said(&second), "second\n");
    assert_eq!(said(&first), "first\n");
}

#[test]
fn a_failed_build_shows_the_compilers_words_and_starts_nothing() {
    let sandbox = Sandbox::new();
    sandbox.write("app/src/main.rs", "fn main() { nonsense }\n");
    for args in [&["migrate"][..], &["dev", "--no-reload", "--demo"], &["send-mailing"]] {
        let output = sandbox.xtask(args).real_cargo().any_output().status(101).run();
        assert!(output.stderr.contains("error[E0425]: cannot find value `nonsense`"), "{}", output.stderr);
        let last = "\nerror: `cargo build --package app --bin app` exited with 101\n";
        assert!(output.stderr.ends_with(last), "{}", output.stderr);
        assert_eq!(output.stdout, "");
    }
}

#[test]
fn with_the_real_cargo_a_second_call_compiles_nothing() {
    let sandbox = Sandbox::new();
    sandbox.write("app/src/main.rs", "fn main() { println!(\"{:?}\", std::env::args().skip(1)) }\n");
    let first = sandbox.xtask(["check"]).real_cargo().any_output().run();
    assert!(first.stderr.contains("Compiling app"), "{}", first.stderr);
    // Cargo writes the lockfile while it builds, so the first time it is asked once more.
    sandbox.xtask(["check"]).real_cargo().any_output().run();
    sandbox.xtask(["check"]).real_cargo().stdout(&first.stdout).run();
    // Cargo finds nothing to do in a file that is only newer; that must not be asked again and again.
    sandbox.write("app/src/main.rs", "fn main() { println!(\"{:?}\", std::env::args().skip(1)) }\n");
    let touched = sandbox.xtask(["check"]).real_cargo().any_output().run();
    assert!(!touched.stderr.contains("Compiling"), "{}", touched.stderr);
    sandbox.xtask(["check"]).real_cargo().stdout(&first.stdout).run();
}

#[test]
fn timings_say_where_the_time_went() {
    let sandbox = Sandbox::built();
    let output = sandbox.xtask(["--timings", "check"]).any_output().run();
    let what: Vec<&str> = output.stderr.lines().map(|line| line[9..24].trim()).collect();
    assert_eq!(what, ["xtask itself", "of it freshness", "build", "run"]);
    assert_eq!(output.stdout, app(&["check"]));
}

#[test]
fn the_failed_command_is_the_last_line_after_the_timings_too() {
    let sandbox = Sandbox::built();
    let call = sandbox.xtask(["--timings", "check"]).env("FAKE_CHECK", "exit 3").status(3).any_output();
    let stderr = call.run().stderr;
    assert!(stderr.contains("timings: run") && stderr.ends_with("\nerror: `app check` exited with 3\n"), "{stderr}");
}
