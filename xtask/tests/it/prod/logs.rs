//! `logs`: the last lines, and those to come.

use std::fs::{File, rename};
use std::io::Write as _;

use rustix::process::Signal;

use super::Site;
use crate::sandbox::Sandbox;

fn append(site: &Site, text: &str) {
    let log = File::options().create(true).append(true).open(site.path("var/log/app.log"));
    log.and_then(|mut file| file.write_all(text.as_bytes())).expect("written");
}

fn site() -> Site {
    let site = Site { sandbox: Sandbox::new() };
    std::fs::create_dir_all(site.path("var/log")).expect("a directory");
    site
}

#[test]
fn the_last_lines_are_shown_from_rotated_files_too() {
    let site = Site { sandbox: Sandbox::new() };
    site.xtask(&["logs"]).stderr("there is no `var/log/app.log` yet\n").run();
    site.sandbox.write("var/log/app.log.2", "one\ntwo\n");
    site.sandbox.write("var/log/app.log.1", "three\n");
    site.sandbox.write("var/log/app.log", "four\nfive\n");
    site.xtask(&["logs"]).stdout("one\ntwo\nthree\nfour\nfive\n").run();
    site.xtask(&["logs", "-n", "4"]).stdout("two\nthree\nfour\nfive\n").run();
    site.xtask(&["logs", "-n1"]).stdout("five\n").run();
    site.xtask(&["logs", "-n", "0"]).run();
}

#[test]
fn after_a_start_that_failed_the_servers_own_words_are_shown() {
    let site = site();
    append(&site, "of the app\n");
    site.sandbox.write("var/log/server.log", "error: port taken\n");
    let stderr = "the server does not run; the last lines of `var/log/server.log`:\n";
    site.xtask(&["logs"]).stdout("of the app\nerror: port taken\n").stderr(stderr).run();
}

#[test]
fn new_lines_are_followed_across_rotations() {
    let site = site();
    append(&site, "zero\none\n");
    let call = site.xtask(&["logs", "-f", "-n", "1"]).start();
    assert_eq!(call.lines_until("one"), [""; 0]);
    append(&site, "two\n");
    assert_eq!(call.lines_until("two"), [""; 0]);
    // Twice before anybody looks.
    append(&site, "three\n");
    rename(site.path("var/log/app.log"), site.path("var/log/app.log.2")).expect("renamed");
    site.sandbox.write("var/log/app.log.1", "four\n");
    append(&site, "five\n");
    assert_eq!(call.lines_until("five"), ["three", "four"]);
    // Emptied, and written anew.
    File::create(site.path("var/log/app.log")).expect("a file");
    append(&site, "6\n");
    assert_eq!(call.lines_until("6"), [""; 0]);
    call.signal(Signal::INT);
    assert_eq!(call.end(), (Some(130), vec![], String::new()));
}

#[test]
fn a_log_that_is_not_there_yet_is_waited_for() {
    let site = site();
    let call = site.xtask(&["logs", "-f"]).start();
    append(&site, "first\n");
    call.wait_for("first");
    call.signal(Signal::TERM);
    assert_eq!(call.end().0, Some(143));
}
