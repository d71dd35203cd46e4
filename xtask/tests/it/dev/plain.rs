//! The development server without reloading: what runs before it, and how it ends.

use rustix::process::Signal;

use crate::sandbox::{Sandbox, app};

fn served(args: &[&str]) -> String {
    app(args).replace("shared", "own")
}

#[test]
fn the_database_is_prepared_and_the_server_runs_in_its_own_group() {
    let sandbox = Sandbox::built();
    let stdout = format!("{}{}", app(&["migrate", "--if-empty"]), served(&["runserver"]));
    sandbox.xtask(["dev", "--no-reload"]).stdout(&stdout).run();
    let base = ["--settings", "s.toml"];
    let stdout = [
        app(&["migrate", "--if-empty", "--settings", "s.toml"]),
        app(&["load_demo", "--if-empty", "--settings", "s.toml"]),
        served(&["runserver", "127.0.0.1:8001", "--settings", "s.toml", "--port-file", "p"]),
    ];
    let args = ["dev", "--no-reload", "127.0.0.1:8001", "--demo"].iter().chain(&base).chain(&["--port-file", "p"]);
    sandbox.xtask(args).stdout(&stdout.concat()).run();
}

#[test]
fn the_first_step_that_fails_ends_it() {
    let sandbox = Sandbox::built();
    let call = sandbox.xtask(["dev", "--no-reload", "--demo"]).env("FAKE_MIGRATE", "exit 3").status(3);
    call.stdout(&app(&["migrate", "--if-empty"])).stderr("error: `app migrate --if-empty` exited with 3\n").run();
}

#[test]
fn ctrl_c_ends_the_server_with_130_and_without_a_complaint() {
    for whole_group in [true, false] {
        let sandbox = Sandbox::built();
        let running = sandbox.xtask(["dev", "--no-reload"]).env("FAKE_RUNSERVER", "wait").start();
        running.wait_for("ready");
        if whole_group {
            running.signal_group(Signal::INT)
        } else {
            running.signal(Signal::INT)
        }
        let (code, rest, stderr) = running.end();
        assert_eq!((code, rest, stderr.as_str()), (Some(130), vec!["SIGINT".to_owned()], ""));
    }
}

#[test]
fn ctrl_c_before_the_server_starts_it_no_more() {
    for (signal, name, code) in [(Signal::INT, "SIGINT", 130), (Signal::TERM, "SIGTERM", 143)] {
        let sandbox = Sandbox::built();
        let running = sandbox.xtask(["dev", "--no-reload"]).env("FAKE_MIGRATE", "wait").start();
        running.wait_for("ready");
        running.signal(signal);
        assert_eq!(running.end(), (Some(code), vec![name.to_owned()], String::new()));
    }
}

#[test]
fn a_server_that_drains_on_sigterm_gives_its_own_code() {
    let sandbox = Sandbox::built();
    let running = sandbox.xtask(["dev", "--no-reload"]).env("FAKE_RUNSERVER", "wait").start();
    running.wait_for("ready");
    running.signal(Signal::TERM);
    assert_eq!(running.end(), (Some(0), vec!["SIGTERM".to_owned()], String::new()));
}

#[test]
fn a_second_ctrl_c_ends_a_stubborn_server_at_once() {
    let sandbox = Sandbox::built();
    let running = sandbox.xtask(["dev", "--no-reload"]).env("FAKE_RUNSERVER", "stubborn").start();
    running.wait_for("ready");
    running.signal(Signal::INT);
    running.wait_for("SIGINT");
    running.signal(Signal::INT);
    assert_eq!(running.end(), (Some(130), Vec::new(), String::new()));
}

#[test]
fn a_stubborn_server_is_killed_at_the_deadline() {
    let sandbox = Sandbox::built();
    let running = sandbox.xtask(["dev", "--no-reload"]).env("FAKE_RUNSERVER", "stubborn").start();
    running.wait_for("ready");
    running.signal(Signal::TERM);
    let (code, rest, stderr) = running.end();
    assert_eq!((code, rest), (Some(137), vec!["SIGTERM".to_owned()]));
    assert_eq!(stderr, "error: `app runserver` did not stop in time and was killed\n");
}

#[test]
fn a_server_that_dies_takes_its_helpers_along() {
    let sandbox = Sandbox::built();
    std::fs::copy(sandbox.root().join("bin/rustc"), sandbox.root().join("target/debug/rustc")).expect("a program");
    let running = sandbox.xtask(["dev", "--no-reload"]).env("FAKE_RUNSERVER", "leave").start();
    assert_eq!(running.end().0, Some(0));
}

#[test]
fn the_server_ends_when_xtask_is_killed() {
    let sandbox = Sandbox::built();
    let running = sandbox.xtask(["dev", "--no-reload"]).env("FAKE_RUNSERVER", "wait").start();
    running.wait_for("ready");
    running.signal(Signal::KILL);
    assert_eq!(running.end(), (Some(-9), vec!["orphaned".to_owned()], String::new()));
}
