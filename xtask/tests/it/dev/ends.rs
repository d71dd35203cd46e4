//! The end of the server, at every moment and for every reason: nothing is left, and the port is free.

use std::fs::File;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::site::{AT_ONCE, Dev, SOURCE, Site};

/// A request that is not finished: the process that has it does not end before its deadline.
fn open_request(dev: &Dev<'_>) -> TcpStream {
    let mut open = TcpStream::connect(dev.address()).expect("a connection");
    let head = format!("POST /login/ HTTP/1.1\r\nHost: {}\r\nContent-Length: 10\r\n\r\n", dev.address());
    open.write_all(head.as_bytes()).expect("a request");
    // One after it on the same socket has an answer, so the server has accepted the first.
    dev.get("/mailings/");
    open
}

#[test]
fn each_signal_ends_it_wholly() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 0), (Signal::HUP, 129)] {
        let site = Site::new();
        let dev = site.start();
        dev.until_newest();
        let _page = dev.events();
        let begun = Instant::now();
        dev.signal(signal);
        let (ended, said) = dev.end();
        assert_eq!(ended, code, "{said}");
        assert!(!said.contains("error:"), "{said}");
        assert!(begun.elapsed() < Duration::from_secs(5), "an open page is no open request");
    }
}

#[test]
fn a_second_ctrl_c_does_not_wait_for_open_requests() {
    let site = Site::new();
    let dev = site.start();
    dev.until_newest();
    let _open = open_request(&dev);
    let begun = Instant::now();
    dev.signal(Signal::INT);
    // The first has been seen when nobody accepts any more.
    dev.until("an end of accepting", || {
        dev.has_ended().then_some(()).or_else(|| TcpStream::connect(dev.address()).is_err().then_some(()))
    });
    dev.signal(Signal::INT);
    assert_eq!(dev.end_leaving_for(AT_ONCE).0, 130);
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
}

#[test]
fn a_build_and_a_start_end_with_it() {
    for (file, word, signal, code) in [
        ("build.wait", "builds", Signal::INT, 130),
        ("start.wait", "waits", Signal::INT, 130),
        ("build.wait", "builds", Signal::KILL, -9),
        ("start.wait", "waits", Signal::KILL, -9),
    ] {
        let site = Site::new();
        let dev = site.start();
        dev.until_newest();
        File::create(site.path(file)).expect("a file");
        site.append(SOURCE, &format!("// {word}"));
        dev.until("what takes long", || {
            (site.begun() == 2 && (word == "builds" || site.starts().len() == 2)).then_some(())
        });
        dev.signal(signal);
        if signal == Signal::KILL && word == "waits" {
            // The starter is a script, which watches nobody.
            site.remove(file);
        }
        let grace = if signal == Signal::KILL { AT_ONCE } else { Duration::ZERO };
        assert_eq!(dev.end_leaving_for(grace).0, code, "{file} {signal:?}");
    }
}

#[test]
fn a_first_build_ends_with_it() {
    let site = Site::new();
    File::create(site.path("build.wait")).expect("a file");
    let dev = site.start();
    dev.until("a build", || (site.begun() == 1).then_some(()));
    dev.signal(Signal::INT);
    assert_eq!(dev.end().0, 130);
}

#[test]
fn it_ends_while_the_last_build_is_broken() {
    let site = Site::new();
    site.append(SOURCE, "broken");
    let dev = site.start();
    dev.until_state("failed");
    dev.signal(Signal::TERM);
    assert_eq!(dev.end().0, 0);
}

#[test]
fn sigkill_leaves_nothing_behind() {
    let site = Site::new();
    let dev = site.start_with(&["--with", "worker"]);
    dev.until_newest();
    dev.until_said("worker | working");
    let _open = open_request(&dev);
    dev.signal(Signal::KILL);
    assert_eq!(dev.end_leaving_for(AT_ONCE).0, -9);
}

#[test]
fn companions_are_of_the_build_that_is_served() {
    let site = Site::new();
    let dev = site.start_with(&["--with", "worker"]);
    dev.until_newest();
    dev.until_said(&format!("worker | working {}", site.newest()));
    site.append(SOURCE, "// An edit.");
    dev.until_newest();
    dev.until_said(&format!("worker | working {}", site.newest()));
    dev.until("one worker", || {
        let workers = site.processes().into_iter().filter(|process| process.contains("target/debug/app worker"));
        (workers.count() == 1).then_some(())
    });
    dev.signal(Signal::INT);
    assert_eq!(dev.end().0, 130);
}

#[test]
fn a_busy_port_is_said_before_anything_is_built() {
    let site = Site::new();
    let busy = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = busy.local_addr().expect("an address");
    let dev = site.spawn(["dev", &address.to_string()], address);
    dev.until("an end", || dev.has_ended().then_some(()));
    drop(busy);
    let (code, said) = dev.end();
    assert_eq!(code, 1, "{said}");
    assert!(said.contains(&format!("port {} on 127.0.0.1 is in use by `", address.port())), "{said}");
    assert!(said.contains("hint: `cargo xtask dev "), "{said}");
    assert_eq!(site.begun(), 0);
}
