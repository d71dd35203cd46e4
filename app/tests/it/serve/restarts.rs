//! Another version takes over: no request fails; or it does not work, and the one before goes on.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rustix::process::Signal;
use serde_json::json;

use super::{Load, Server, is_alive, root, wait_until};
use crate::binary::Root;

/// A server whose program is a copy of its own, which can be replaced.
fn with_own_program(arguments: &[&str]) -> (Server, PathBuf) {
    let root = root();
    let program = root.path().join("program");
    install(&program);
    let mut command = std::process::Command::new(&program);
    copy(&root, &mut command);
    command.args(["serve", "--bind", "127.0.0.1:0"]).args(arguments);
    (Server::spawn(command, root), program)
}

/// The directory and the environment of the usual command.
fn copy(root: &Root, command: &mut std::process::Command) {
    let usual = root.command();
    command.env_clear().envs(usual.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.current_dir(root.path()).stdin(std::process::Stdio::null());
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::piped());
}

/// Puts the program there as an installer does: a whole new file takes the name.
fn install(program: &Path) {
    let new = program.with_extension("new");
    fs::copy(env!("CARGO_BIN_EXE_app"), &new).expect("a copy");
    fs::rename(&new, program).expect("its name");
}

fn install_script(program: &Path, script: &str) {
    let new = program.with_extension("new");
    fs::write(&new, script).expect("a file");
    fs::set_permissions(&new, fs::Permissions::from_mode(0o755)).expect("a program");
    fs::rename(&new, program).expect("its name");
}

#[test]
fn nobody_notices_restarts_whatever_became_of_the_programs_file() {
    let (server, program) = with_own_program(&["--workers", "2"]);
    let load = Load::on(&server.address);
    let first = server.serving();
    let mut generation = 1;
    for step in ["same", "replaced", "deleted", "back", "same"] {
        match step {
            "replaced" | "back" => install(&program),
            "deleted" => fs::remove_file(&program).expect("it is there"),
            _ => {}
        }
        let said = server.restart();
        assert_eq!(said.last(), Some(&json!({"done": true})), "{step}: {said:?}");
        let gone = format!("`{}` is gone: restarting the program that runs", program.display());
        assert_eq!(said.contains(&json!({"say": gone})), step == "deleted", "{said:?}");
        generation += 1;
        let status = server.status();
        assert_eq!(status["generation"], generation, "{status}");
        assert_eq!((&status["pid"], &status["exe"]), (&json!(server.pid()), &json!(program)), "the master stays");
    }
    let serving = server.serving();
    assert!(serving.len() == 2 && serving.iter().all(|pid| !first.contains(pid)), "{serving:?}");
    let (answers, errors) = load.end();
    assert!(errors.is_empty() && answers > 0, "{answers} answers, {errors:?}");
    wait_until("the old processes have ended", || !first.iter().any(|pid| is_alive(*pid)));
    server.signal(Signal::TERM);
    let (code, said) = server.end();
    assert_eq!((code, said.lines().count()), (Some(0), 1), "only that the program was gone: {said}");
}

#[test]
fn a_version_that_does_not_start_leaves_the_one_before() {
    let (server, program) = with_own_program(&["--workers", "2"]);
    let serving = server.serving();
    let load = Load::on(&server.address);
    for (script, timeout, expected) in [
        ("#!/bin/sh\necho no such table >&2\nexit 3\n", 60, "the new serving process ended with exit code 3"),
        ("#!/bin/sh\nexec sleep 1000\n", 1, "the new serving process was not ready in time"),
        ("#!/bin/sh\nkill -9 $$\n", 60, "the new serving process was killed by SIGKILL"),
        ("#!/nowhere\n", 60, "the new serving process"),
    ] {
        install_script(&program, script);
        let said = server.ask(&json!({"do": "restart", "timeout": timeout}));
        let last = said.last().expect("an answer");
        let error = last["error"].as_str().unwrap_or_default();
        assert!(error.starts_with(expected) && error.ends_with("; the one before goes on"), "{said:?}");
        assert_eq!(last["hint"], "mend what it says, and restart again");
        let line = json!({"say": "no such table"});
        assert_eq!(said.contains(&line), script.contains("table"), "{said:?}");
        let status = server.status();
        assert_eq!((&status["state"], &status["generation"]), (&json!("serving"), &json!(1)), "{status}");
    }
    let mut after = server.serving();
    after.sort_unstable();
    let mut before = serving;
    before.sort_unstable();
    assert_eq!(after, before);
    let (answers, errors) = load.end();
    assert!(errors.is_empty() && answers > 0, "{answers} answers, {errors:?}");
    // What works is taken again.
    install(&program);
    assert_eq!(server.restart().last(), Some(&json!({"done": true})));
}

#[test]
fn one_restart_at_a_time() {
    let (server, program) = with_own_program(&[]);
    install_script(&program, "#!/bin/sh\nexec sleep 1000\n");
    std::thread::scope(|scope| {
        let first = scope.spawn(|| server.ask(&json!({"do": "restart", "timeout": 3})));
        wait_until("it is under way", || server.status()["state"] == "restarting");
        let expected = json!({"error": "a restart is under way", "hint": "wait until it has ended, and try again"});
        assert_eq!(server.restart(), [expected]);
        let said = first.join().expect("no panic");
        assert!(said.last().is_some_and(|last| last["error"].is_string()), "{said:?}");
    });
    install(&program);
    assert_eq!(server.restart().last(), Some(&json!({"done": true})));
}

#[test]
fn a_signal_does_the_same_and_a_program_that_is_nowhere_is_the_one_that_runs() {
    let (server, _) = with_own_program(&[]);
    let first = server.serving();
    server.signal(Signal::HUP);
    wait_until("there is another generation", || server.status()["generation"] == 2);
    assert_ne!(server.serving(), first);
    let said = server.ask(&json!({"do": "restart", "exe": "/nowhere/app"}));
    assert_eq!(said.last(), Some(&json!({"done": true})), "{said:?}");
}

#[test]
fn a_stop_during_a_restart_ends_both_versions() {
    let (server, program) = with_own_program(&[]);
    install_script(&program, "#!/bin/sh\nexec sleep 1000\n");
    let root = server.root.path().to_owned();
    let client = std::thread::spawn(move || super::ask(&root, &json!({"do": "restart", "timeout": 60})));
    wait_until("it is under way", || server.status()["state"] == "restarting");
    let pids: Vec<i32> = server.status()["workers"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|worker| i32::try_from(worker["pid"].as_i64().expect("a number")).expect("a pid"))
        .collect();
    assert_eq!(pids.len(), 2);
    server.signal(Signal::TERM);
    assert_eq!(server.end(), (Some(0), String::new()));
    assert_eq!(client.join().expect("no panic").last(), Some(&json!({"error": "the server is stopping"})));
    assert!(!pids.iter().any(|pid| is_alive(*pid)));
}
