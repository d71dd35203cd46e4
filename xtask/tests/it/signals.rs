//! Signals and exit codes of builds and of commands that share the terminal.

use rustix::process::Signal;

use crate::sandbox::{Sandbox, app};

#[test]
fn the_exit_code_is_the_childs() {
    let sandbox = Sandbox::built();
    for code in [1, 2, 3, 7, 101, 124, 255] {
        let stderr = format!("error: `app migrate --check` exited with {code}\n");
        let call = sandbox.xtask(["migrate", "--check"]).env("FAKE_MIGRATE", format!("exit {code}"));
        call.stdout(&app(&["migrate", "--check"])).stderr(&stderr).status(code).run();
    }
    for (signal, name) in [(6, "SIGABRT"), (9, "SIGKILL"), (15, "SIGTERM")] {
        let stderr = format!("error: `app check` was killed by {name}\n");
        let call = sandbox.xtask(["check"]).env("FAKE_CHECK", format!("signal {signal}"));
        call.stdout(&app(&["check"])).stderr(&stderr).status(128 + signal).run();
    }
}

#[test]
fn ctrl_c_during_a_command_is_130_without_a_complaint() {
    for what in ["signal 2", "exit 130"] {
        let sandbox = Sandbox::built();
        sandbox.xtask(["check"]).env("FAKE_CHECK", what).stdout(&app(&["check"])).status(130).run();
    }
}

#[test]
fn a_command_that_survives_ctrl_c_keeps_its_code() {
    let sandbox = Sandbox::built();
    for whole_group in [true, false] {
        let running = sandbox.xtask(["check"]).env("FAKE_CHECK", "wait").start();
        running.wait_for("ready");
        if whole_group {
            running.signal_group(Signal::INT)
        } else {
            running.signal(Signal::INT)
        }
        assert_eq!(running.end(), (Some(0), vec!["SIGINT".to_owned()], String::new()));
    }
}

#[test]
fn sigterm_and_the_deadline_hold_for_commands_too() {
    let sandbox = Sandbox::built();
    let running = sandbox.xtask(["check"]).env("FAKE_CHECK", "stubborn").start();
    running.wait_for("ready");
    running.signal(Signal::TERM);
    let (code, rest, stderr) = running.end();
    assert_eq!((code, rest), (Some(137), vec!["SIGTERM".to_owned()]));
    assert_eq!(stderr, "error: `app check` did not stop in time and was killed\n");
}

#[test]
fn a_command_ends_when_xtask_is_killed() {
    let sandbox = Sandbox::built();
    let running = sandbox.xtask(["check"]).env("FAKE_CHECK", "wait").start();
    running.wait_for("ready");
    running.signal(Signal::KILL);
    assert_eq!(running.end(), (Some(-9), vec!["orphaned".to_owned()], String::new()));
}

#[test]
#[cfg(target_os = "linux")]
fn a_build_ends_when_xtask_is_killed() {
    let sandbox = Sandbox::new();
    let running = sandbox.xtask(["check"]).env("FAKE_CARGO", "wait").start();
    running.wait_for("ready");
    running.signal(Signal::KILL);
    let (code, rest, _) = running.end();
    assert_eq!((code, rest), (Some(-9), vec!["SIGTERM".to_owned()]));
}

#[test]
fn ctrl_c_during_a_build_stops_cargo_and_the_compiler_and_starts_nothing() {
    for whole_group in [true, false] {
        let sandbox = Sandbox::new();
        let running = sandbox.xtask(["dev", "--no-reload"]).env("FAKE_CARGO", "compile").start();
        running.wait_for("ready");
        if whole_group {
            running.signal_group(Signal::INT)
        } else {
            running.signal(Signal::INT)
        }
        let (code, _, stderr) = running.end();
        assert_eq!((code, stderr.as_str()), (Some(130), "cargo build --package app --bin app\n"));
        assert!(!sandbox.root().join("target/debug/app").exists());
    }
}

#[test]
fn servers_have_a_group_of_their_own_and_other_commands_share_xtasks() {
    let sandbox = Sandbox::built();
    sandbox.xtask(["runserver"]).stdout(&app(&["runserver"]).replace("shared", "own")).run();
    sandbox.xtask(["migrate"]).stdout(&app(&["migrate"])).run();
}
