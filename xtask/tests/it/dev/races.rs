//! Saves at moments at which something else is under way, and many of them at once.

use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::site::{SOURCE, Site, TEMPLATE};
use crate::sandbox::PATIENCE;

/// A file that holds something up while it is there.
fn hold(site: &Site, file: &str) {
    File::create(site.path(file)).expect("a file");
}

#[test]
fn a_save_during_a_build_cancels_it() {
    let site = Site::new();
    let dev = site.start();
    dev.until_newest();
    hold(&site, "build.wait");
    site.append(SOURCE, "// Outdated.");
    let outdated = site.newest();
    dev.until("a build", || (site.begun() == 2).then_some(()));
    assert_eq!(dev.status()["state"], "building");
    site.append(SOURCE, "// Newest.");
    dev.until("another build", || (site.begun() == 3).then_some(()));
    site.remove("build.wait");
    assert_eq!(dev.until_newest(), 2);
    assert!(!site.builds().contains(&format!("done {outdated}")), "{:?}", site.builds());
    assert!(!site.starts().contains(&outdated));
    assert_eq!(site.begun(), 3);
}

#[test]
fn a_save_during_the_first_build_cancels_it_too() {
    let site = Site::new();
    hold(&site, "build.wait");
    let dev = site.start();
    dev.until("a build", || (site.begun() == 1).then_some(()));
    assert_eq!(dev.get("/").status, 503);
    assert_eq!(dev.status()["state"], "building");
    site.append(SOURCE, "// Newest.");
    dev.until("another build", || (site.begun() == 2).then_some(()));
    site.remove("build.wait");
    assert_eq!(dev.until_newest(), 1);
}

#[test]
fn a_save_during_a_start_replaces_what_starts() {
    let site = Site::new();
    let dev = site.start();
    dev.until_newest();
    let old = site.newest();
    hold(&site, "start.wait");
    site.append(SOURCE, "// waits");
    let outdated = site.newest();
    dev.until("a start", || site.starts().contains(&outdated).then_some(()));
    site.write(SOURCE, &site.read(SOURCE).replace("waits", "goes"));
    let newest = site.newest();
    dev.until("the newest", || {
        let served = dev.served();
        assert!([&old, &newest].contains(&served.as_ref().expect("the site")), "{served:?}");
        (served.as_ref() == Some(&newest)).then_some(())
    });
    assert_eq!(dev.until_newest(), 2);
}

#[test]
fn an_open_request_is_finished_by_the_old_process_while_newer_ones_serve() {
    let site = Site::new();
    let dev = site.start();
    dev.until_newest();
    let mut open = TcpStream::connect(dev.address()).expect("a connection");
    open.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let address = dev.address();
    let head =
        format!("POST /login/ HTTP/1.1\r\nHost: {address}\r\nContent-Length: 10\r\nContent-Type: text/plain\r\n\r\n");
    open.write_all(head.as_bytes()).expect("a request");
    for edit in 0..3 {
        site.append(SOURCE, &format!("// Edit {edit}."));
        assert_eq!(dev.until_newest(), 2 + edit);
    }
    open.write_all(b"0123456789").expect("the rest");
    let mut answer = String::new();
    open.read_to_string(&mut answer).expect("an answer and an end");
    assert!(answer.starts_with("HTTP/1.1 ") && answer.to_ascii_lowercase().contains("connection: close"), "{answer}");
}

#[test]
fn two_saves_a_millisecond_apart_serve_the_second() {
    let site = Site::new();
    let dev = site.start();
    dev.until_newest();
    for pair in 0..5 {
        let begun = site.begun();
        site.append(SOURCE, &format!("// First {pair}."));
        std::thread::park_timeout(Duration::from_millis(1));
        site.append(SOURCE, &format!("// Second {pair}."));
        dev.until_newest();
        assert!(site.begun() - begun <= 2, "{:?}", site.builds());
    }
}

#[test]
fn what_somebody_else_built_is_served_too() {
    let site = Site::new();
    let dev = site.start();
    dev.until_newest();
    // Cargo in another terminal. It has the lock first, mostly, and the development server's finds nothing to do then.
    site.append(SOURCE, "// An edit.");
    let mut other = Command::new(site.path("bin/cargo"));
    let other = other.arg("build").current_dir(site.path("")).stderr(Stdio::null()).status().expect("cargo");
    assert!(other.success());
    assert_eq!(dev.until_newest(), 2);
}

#[test]
fn checking_out_another_branch_is_few_changes() {
    let site = Site::new();
    let git = |words: &[&str]| {
        let quiet = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "core.hooksPath=/dev/null"];
        let done = Command::new("git").args(quiet).args(words).current_dir(site.path("")).output().expect("git");
        assert!(done.status.success(), "{words:?}: {}", String::from_utf8_lossy(&done.stderr));
    };
    let branch = |name: &str| {
        for number in 0..300 {
            let folder = format!("app/src/modules/many/part{}", number % 10);
            site.write(&format!("{folder}/f{number}.rs"), &format!("// {name} {number}\n"));
            site.write(&format!("{folder}/templates/f{number}.html"), name);
        }
        site.write(TEMPLATE, &site.read(TEMPLATE).replace("<h1>", &format!("<h1>{name} ")));
    };
    site.write(".gitignore", "target\nvar\nbin\n*.log\n");
    git(&["init", "--quiet", "--initial-branch", "one"]);
    git(&["add", "."]);
    git(&["commit", "--quiet", "--message", "one"]);
    git(&["checkout", "--quiet", "-b", "two"]);
    branch("two");
    git(&["add", "."]);
    git(&["commit", "--quiet", "--message", "two"]);
    let dev = site.start();
    dev.until_newest();
    let begun = site.begun();
    for name in ["one", "two"] {
        git(&["checkout", "--quiet", name]);
        dev.until_newest();
        assert_eq!(dev.get("/mailings/").text().contains("<h1>two"), name == "two");
    }
    // Git pauses now and then, and a build that takes no time is through before it goes on.
    assert!(site.begun() - begun < 20, "{:?}", site.builds());
}

#[test]
fn a_module_folder_that_goes_and_comes_back_is_watched_again() {
    let site = Site::new();
    let file = "app/src/modules/extra/deep/views.rs";
    site.write(file, "// One.\n");
    let dev = site.start();
    dev.until_newest();
    site.remove("app/src/modules/extra");
    dev.until_newest();
    site.write(file, "// Two.\n");
    dev.until_newest();
    site.append(file, "// Three.");
    dev.until_newest();
    // All at once, and under another name in between.
    site.remove("app/src/modules/extra");
    site.write(file, "// Four.\n");
    dev.until_newest();
    std::fs::rename(site.path("app/src/modules/extra"), site.path("app/src/modules/other")).expect("renamed");
    dev.until_newest();
    site.append("app/src/modules/other/deep/views.rs", "// Five.");
    dev.until_newest();
}
