//! `stop-prod`: in order, by a signal, by force; and never anybody else.

use serde_json::json;

use super::{Site, wait_until};
use crate::sandbox::Sandbox;

#[test]
fn a_server_is_stopped_in_order_and_a_second_time_there_is_nothing_to_do() {
    let site = Site::running("");
    let stderr = format!(
        "stopping the production server (pid {})\ntold to stop: {{\"do\":\"stop\",\"timeout\":7}}\nthe production server is \
         stopped\n",
        site.pid()
    );
    site.xtask(&["stop-prod", "--timeout", "7"]).stderr(&stderr).run();
    assert!(!site.is_held());
    for _ in 0..2 {
        site.xtask(&["stop_prod"]).stderr("the production server is not running\n").run();
    }
}

#[test]
fn one_that_does_not_listen_gets_a_signal() {
    let site = Site::running("mute");
    let stderr = format!(
        "stopping the production server (pid {})\nit does not listen on its control socket: it gets SIGTERM\nthe production \
         server is stopped\n",
        site.pid()
    );
    site.xtask(&["stop-prod"]).stderr(&stderr).run();
}

#[test]
fn one_that_does_not_end_is_killed_at_the_deadline() {
    let site = Site::running("deaf");
    let stderr = format!(
        "stopping the production server (pid {})\nthe production server did not stop within 1 s: 1 process(es) killed\n",
        site.pid()
    );
    site.xtask(&["stop-prod", "--timeout", "1"]).stderr(&stderr).run();
    site.xtask(&["status"]).any_output().status(3).run();
}

#[test]
fn a_number_that_is_anothers_by_now_is_left_alone() {
    let site = Site { sandbox: Sandbox::new() };
    // This test has the number; it would not survive a signal.
    let record = json!({ "pid": std::process::id(), "start_ticks": 1, "boot_id": "another", "since": "then" });
    let told = format!("pid {}, since then", std::process::id());
    let lock = site.leave_record(&record.to_string());
    let stderr = format!("the production server is not running: it crashed ({told})\n");
    site.xtask(&["stop-prod"]).stderr(&stderr).run();
    site.xtask(&["stop-prod"]).stderr("the production server is not running\n").run();

    // Somebody holds the lock, but it is not the one whose number is in it.
    drop(lock);
    let lock = site.leave_record(&record.to_string());
    lock.lock().expect("a lock");
    let stderr = "error: the production server is just being started\nhint: `cargo xtask restart-prod` replaces it by a new \
                  build, `cargo xtask stop-prod` stops it\n";
    site.xtask(&["prod"]).stderr(stderr).status(1).run();
    site.xtask(&["status"]).stdout("production server: starting\n").status(1).run();
    let stderr = "stopping the production server\nerror: the production server did not stop within 1 s, and it is not known \
                  which process it is\n";
    site.xtask(&["stop-prod", "--timeout", "1"]).stderr(stderr).status(1).run();
}

#[test]
fn a_server_that_just_starts_is_waited_for() {
    let site = Site { sandbox: Sandbox::new() };
    let lock = site.leave_record("");
    lock.lock().expect("a lock");
    let call = site.xtask(&["stop-prod"]).start();
    wait_until("it is asked about", || site.is_held());
    drop(lock);
    let (code, _, stderr) = call.end();
    assert_eq!(code, Some(0));
    assert!(
        stderr.ends_with("the production server is stopped\n") || stderr == "the production server is not running\n"
    );
}
