//! Builds of the development server: what they say, and how they are cancelled.

use std::ffi::OsStr;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};

use xtask::app::{self, Freshness};
use xtask::dev::builder::{self, Building, Progress};
use xtask::dev::model::{Built, Diagnostic, Level, Place};
use xtask::project::Project;

use super::site::until;
use crate::commands;
use crate::sandbox::{PATIENCE, Sandbox};

fn start(project: &Project) -> (Building, Receiver<Built>) {
    let (send, receive) = channel();
    let building = builder::start(project, None, Progress::Captured, move |built| drop(send.send(built)));
    (building.expect("a thread"), receive)
}

fn built(project: &Project) -> Built {
    let (_building, result) = start(project);
    result.recv_timeout(PATIENCE).expect("a result")
}

fn failed(project: &Project) -> Vec<Diagnostic> {
    match built(project) {
        Built::Failed { messages } => messages,
        other => panic!("{other:?}"),
    }
}

fn real(sandbox: &Sandbox) -> Project {
    Project { cargo: env!("CARGO").into(), ..sandbox.project(("CARGO_NET_OFFLINE", "true")) }
}

/// Waits until the file is there, and gives what is in it.
fn content(path: &Path) -> String {
    let found = || std::fs::read_to_string(path).ok().filter(|text| text.ends_with('\n'));
    until("the file is written", || path.display().to_string(), found)
}

#[test]
fn a_build_gives_the_binary_and_is_remembered() {
    let sandbox = Sandbox::new();
    let project = sandbox.project(("FAKE_SHOW", ""));
    assert_eq!(built(&project), Built::Done { binary: project.app_binary(), fresh: true, warnings: vec![] });
    assert_eq!(app::freshness(&project), Freshness::Fresh);
}

#[test]
fn commands_are_listed_before_a_build() {
    let sandbox = Sandbox::new();
    let (module, hello) = ("app/src/modules/a/mod.rs", "app/src/modules/a/commands/hello.rs");
    let list = "app/src/modules/a/commands/mod.rs";
    sandbox.write(module, &commands::module("a", &["commands"]));
    sandbox.write(hello, &commands::command("Say hello"));
    let project = sandbox.project(("FAKE_SHOW", ""));
    let under_ci = Project { variables: [("CI".into(), "true".into())].into(), ..project.clone() };
    let refused = format!(
        "error: `{hello}` is not listed in `{list}`\nhint: run `cargo xtask check` without `CI=true`, and commit what it \
         writes\n"
    );
    assert_eq!(failed(&under_ci), [Diagnostic { level: Level::Error, rendered: refused, place: None }]);
    let rendered = format!("note: listed `hello` in `{list}`\n");
    let warnings = vec![Diagnostic { level: Level::Warning, rendered, place: None }];
    assert_eq!(built(&project), Built::Done { binary: project.app_binary(), fresh: true, warnings });
}

#[test]
fn what_is_not_the_compilers_is_one_message() {
    let sandbox = Sandbox::new();
    let messages = failed(&sandbox.project(("FAKE_CARGO", "fail error: no such package")));
    let rendered = "error: no such package\n".to_owned();
    assert_eq!(messages, [Diagnostic { level: Level::Error, rendered, place: None }]);
    let missing = Project { cargo: "/nowhere/cargo".into(), ..sandbox.project(("A", "")) };
    let text = &failed(&missing)[0].rendered;
    assert_eq!(text, "error: failed to start `/nowhere/cargo`: No such file or directory (os error 2)\n");
    let real = real(&sandbox);
    sandbox.write("app/Cargo.toml", "[package]\nname = \"app\"\n[dependencies]\nserde = \"1\"\nnothing = \"77\"\n");
    let text = &failed(&real)[0].rendered;
    assert!(text.starts_with("error: no matching package"), "{text}");
    sandbox.write("app/Cargo.toml", "[package\n");
    let text = &failed(&real)[0].rendered;
    assert!(text.starts_with("error: ") && text.contains("--> app/Cargo.toml:1"), "{text}");
}

#[test]
fn the_compilers_messages_have_colours_and_places() {
    let sandbox = Sandbox::new();
    let project = real(&sandbox);
    sandbox.write("app/src/main.rs", "fn unused() {}\n\nfn main() {\n    println!(\"{}\", nonsense);\n}\n");
    let messages = failed(&project);
    assert_eq!(messages.len(), 1, "{messages:?}");
    let file = sandbox.root().join("app/src/main.rs");
    assert_eq!(messages[0].place, Some(Place { file: file.clone(), line: 4, column: 20 }));
    assert!(messages[0].rendered.contains("\u{1b}["), "{messages:?}");
    sandbox.write("app/src/main.rs", "fn unused() {}\n\nfn main() {}\n");
    for fresh in [false, true] {
        let Built::Done { binary, fresh: found, warnings } = built(&project) else { panic!("does not build") };
        assert_eq!((binary, found), (project.app_binary(), fresh));
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert_eq!(warnings[0].place, Some(Place { file: file.clone(), line: 1, column: 4 }));
    }
}

#[test]
fn a_cancelled_build_leaves_neither_cargo_nor_a_compiler_behind() {
    let sandbox = Sandbox::new();
    // `stubborn` ignores the polite signal.
    for what in ["compile", "stubborn"] {
        let pids = sandbox.root().join(what);
        let mut project = sandbox.project(("FAKE_CARGO", what));
        project.scrubbed = project.scrubbed.with("FAKE_PIDS", &pids);
        let (building, result) = start(&project);
        let started = content(&pids);
        building.cancel();
        assert_eq!(result.recv_timeout(PATIENCE), Ok(Built::Cancelled));
        let pid = started.trim().parse().ok().and_then(rustix::process::Pid::from_raw).expect("a number");
        // The test is not its parent; the system reaps it some time after it ended.
        until("it ends", || what.to_owned(), || rustix::process::test_kill_process(pid).is_err().then_some(()));
    }
}

#[test]
fn dropping_a_build_cancels_it() {
    let sandbox = Sandbox::new();
    let (building, result) = start(&sandbox.project(("FAKE_CARGO", "wait")));
    drop(building);
    assert_eq!(result.recv_timeout(PATIENCE), Ok(Built::Cancelled));
}

#[test]
fn cargo_is_verbose_only_for_replaying() {
    for (switch, is_verbose) in [(None, cfg!(target_os = "linux")), (Some("0"), false)] {
        let sandbox = Sandbox::new();
        let mut project = sandbox.project(("A", ""));
        project.variables.remove(OsStr::new("XTASK_REPLAY"));
        project.variables.extend(switch.map(|value| ("XTASK_REPLAY".into(), value.into())));
        let wrapper = sandbox.root().join("bin/wrapper");
        let calls = sandbox.root().join("calls");
        let text = format!("#!/bin/sh\necho \"$@\" >'{}'\nexit 1\n", calls.display());
        std::fs::write(&wrapper, text).expect("a file");
        std::fs::set_permissions(&wrapper, Permissions::from_mode(0o755)).expect("a program");
        failed(&Project { cargo: wrapper.into(), ..project });
        assert_eq!(content(&calls).contains(" -vv"), is_verbose, "{switch:?}");
    }
}
