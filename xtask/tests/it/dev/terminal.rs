//! The screen and the keys at a terminal, and where there is none.

use std::fs::File;
use std::io::Read as _;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::Signal;
use xtask::dev::ansi::Colour;
use xtask::dev::browser;
use xtask::dev::dashboard::View;
use xtask::dev::keys::Keys;
use xtask::dev::listen;
use xtask::dev::model::{Event, Key, Source, State, Status, Stream};
use xtask::dev::screen::{Outputs, Screen};
use xtask::environment::Variables;

use super::site::Site;
use crate::pty::Pty;
use crate::sandbox::{PATIENCE, Sandbox};

fn view(state: State) -> View {
    View { status: Status { state, ..Status::default() }, url: "http://127.0.0.1:8000/".to_owned(), ..View::default() }
}

fn at(pty: &Pty) -> Screen {
    let outputs = Outputs { out: pty.slave(), err: pty.slave() };
    Screen::start(outputs, Colour::Auto, &Variables::new()).expect("a screen")
}

fn pipe() -> (File, File) {
    let (read, write): (OwnedFd, OwnedFd) = pipe_with(PipeFlags::CLOEXEC).expect("a pipe");
    (read.into(), write.into())
}

fn keys(pty: &Pty, screen: &Screen) -> (Keys, Receiver<Event>) {
    let (send, events) = channel();
    let keys = Keys::start_at(Some(pty.slave()), screen.handle(), move |event| drop(send.send(event)));
    (keys.expect("a thread"), events)
}

#[test]
fn the_dashboard_stays_below_what_is_said_and_goes_at_the_end() {
    let mut pty = Pty::open();
    pty.read();
    let screen = at(&pty);
    screen.show(&view(State::Serving));
    pty.until("\x1b[32m●\x1b[0m serving http://127.0.0.1:8000/\r");
    (screen.sink())(Source::Server(Stream::Out), "GET / 200");
    let drawn = pty.until("serving http://127.0.0.1:8000/\r");
    assert!(drawn.starts_with("\r\x1b[2K\x1b[JGET / 200\r\n\x1b[32m●"), "{drawn:?}");
    pty.resize(12);
    screen.redraw();
    pty.until("\x1b[J\x1b[32m●\x1b[0m serving …\r");
    let sink = screen.sink();
    drop(screen);
    pty.until("\r\x1b[2K\x1b[J");
    sink(Source::Server(Stream::Err), "late");
    pty.until("late\r\n");
    assert_eq!(pty.written(), "");
}

#[test]
fn the_environment_can_refuse_colours_and_the_dashboard() {
    for (name, value, expected) in
        [("NO_COLOR", "1", "● building · http://127.0.0.1:8000/\r"), ("TERM", "dumb", "dev: building\r\n")]
    {
        let mut pty = Pty::open();
        pty.read();
        let outputs = Outputs { out: pty.slave(), err: pty.slave() };
        let variables = Variables::from([(name.into(), value.into())]);
        let screen = Screen::start(outputs, Colour::Auto, &variables).expect("a screen");
        screen.show(&view(State::Building));
        assert!(!pty.until(expected).contains("\x1b["));
    }
}

#[test]
fn a_reader_that_does_not_read_holds_up_only_who_writes_much() {
    let ((out, writes_out), (mut err, writes_err)) = (pipe(), pipe());
    let outputs = Outputs { out: writes_out, err: writes_err };
    let screen = Screen::start(outputs, Colour::Auto, &Variables::new()).expect("a screen");
    let sink = screen.sink();
    let (send, written) = channel();
    let writer = std::thread::spawn(move || {
        for number in 0..200_000 {
            sink(Source::Server(Stream::Out), &format!("line {number}"));
            let _ = send.send(number);
        }
    });
    // Until nothing goes on.
    while written.recv_timeout(Duration::from_millis(200)).is_ok() {}
    assert!(!writer.is_finished());
    let begun = Instant::now();
    screen.say("still here");
    screen.show(&view(State::Serving));
    drop(screen);
    assert!(begun.elapsed() < Duration::from_secs(5));
    // What nobody would ever read is not waited for.
    writer.join().expect("an end");
    std::thread::spawn(move || std::io::copy(&mut { out }, &mut std::io::sink()));
    let mut said = [0; 16];
    err.read_exact(&mut said).expect("words");
    assert_eq!(&said, b"dev: still here\n");
}

#[test]
fn whoever_goes_away_disturbs_nobody() {
    let (read, write) = pipe();
    let pty = Pty::open();
    let outputs = Outputs { out: write, err: pty.slave() };
    let screen = Screen::start(outputs, Colour::Always, &Variables::new()).expect("a screen");
    let (keys, events) = keys(&pty, &screen);
    drop((read, pty));
    (screen.sink())(Source::Server(Stream::Out), "to a closed pipe");
    screen.show(&view(State::Failed));
    screen.say("to a terminal that is gone");
    screen.lend();
    screen.take_back();
    drop((keys, screen));
    assert!(events.try_iter().all(|event| event == Event::Redraw));
}

#[test]
fn keys_arrive_at_once_and_the_terminal_is_given_back() {
    let mut pty = Pty::open();
    pty.read();
    let screen = at(&pty);
    screen.show(&view(State::Serving));
    assert!(!pty.gives_keys_at_once());
    let (keys, events) = keys(&pty, &screen);
    assert!(pty.gives_keys_at_once());
    pty.until("q quit");
    for (typed, key) in
        [("r", Key::Rebuild), ("m", Key::Migrate), ("o", Key::Open), ("?l", Key::Clear), ("Q", Key::Quit)]
    {
        pty.press(typed);
        assert_eq!(events.recv_timeout(PATIENCE), Ok(Event::Key(key)));
    }
    pty.press("\n");
    pty.until("\r\x1b[2K\x1b[J\r\n\x1b[32m●");
    rustix::process::kill_process(rustix::process::getpid(), Signal::WINCH).expect("this process runs");
    assert_eq!(events.recv_timeout(PATIENCE), Ok(Event::Redraw));
    drop(keys);
    assert!(!pty.gives_keys_at_once());
    assert!(events.try_iter().all(|event| event == Event::Redraw));
}

#[test]
fn the_port_is_that_of_the_settings_and_a_busy_one_is_explained() {
    let sandbox = Sandbox::new();
    let project = sandbox.project(("FAKE_SHOW", ""));
    let any = "127.0.0.1:0".parse().expect("an address");
    let listening = listen::bind(&project, Some(&any), None).expect("a free port");
    let port = listening.listener.local_addr().expect("an address").port();
    assert_eq!(listening.url, format!("http://127.0.0.1:{port}/"));
    let all = "0:0".parse().expect("an address");
    assert!(listen::bind(&project, Some(&all), None).expect("a free port").url.starts_with("http://0.0.0.0:"));
    let busy = port.to_string().parse().expect("an address");
    let error = listen::bind(&project, Some(&busy), None).expect_err("it is busy");
    assert!(error.to_string().starts_with(&format!("port {port} on 127.0.0.1 is in use")), "{error}");
    for (address, expected) in [
        ("192.0.2.1:8000", "192.0.2.1 is not an address of this machine"),
        ("no-such-host.invalid:1", "the host `no-such-host.invalid` has no address"),
    ] {
        let error = listen::bind(&project, Some(&address.parse().expect("an address")), None).expect_err(address);
        assert!(error.to_string().starts_with(expected), "{error}");
    }
}

#[test]
fn the_words_are_those_of_runserver() {
    let site = Site::new();
    let busy = TcpListener::bind("127.0.0.1:0").expect("a listener");
    let port = busy.local_addr().expect("an address").port().to_string();
    let said = |name: &str, address: &str| {
        let ran = site.command([name, address]).output().expect("xtask starts");
        assert_eq!(ran.status.code(), Some(1), "{ran:?}");
        let text = String::from_utf8(ran.stderr).expect("text");
        let text = text.lines().find_map(|line| line.split_once("rror: ")).expect("an error").1.to_owned();
        // A child of another test may seem to hold the port too, between its fork and its exec.
        text.split(" by `").next().expect("a part").trim_end().to_owned()
    };
    for address in [port.as_str(), "192.0.2.1:8000", "no-such-host.invalid:1"] {
        let expected = said("runserver", address);
        assert!(expected.contains(address.split(':').next().expect("a part")), "{expected}");
        assert_eq!(said("dev", address), expected);
    }
}

#[test]
fn a_browser_that_cannot_be_opened_is_one_line_with_the_address() {
    let sandbox = Sandbox::new();
    for (browser, expected) in [
        ("no-such-browser-anywhere", "there is no program to open a browser; open http://127.0.0.1:8000/"),
        ("false", "the browser could not be opened; open http://127.0.0.1:8000/"),
        ("no-such-browser-anywhere:false", "the browser could not be opened; open http://127.0.0.1:8000/"),
        ("", "there is no display for a browser; open http://127.0.0.1:8000/"),
    ] {
        let mut project = sandbox.project(("FAKE_SHOW", ""));
        project.variables.insert("BROWSER".into(), browser.into());
        project.variables.retain(|name, _| name != "DISPLAY" && name != "WAYLAND_DISPLAY");
        let (send, said) = channel();
        browser::open(&project, "http://0.0.0.0:8000/", move |line| drop(send.send(line.to_owned())));
        assert_eq!(said.recv_timeout(PATIENCE).expect("a line"), expected, "{browser}");
    }
    let (send, said) = channel::<String>();
    let mut project = sandbox.project(("FAKE_SHOW", ""));
    project.variables.insert("BROWSER".into(), "true".into());
    browser::open(&project, "http://a/", move |line| drop(send.send(line.to_owned())));
    assert!(said.recv_timeout(PATIENCE).is_err());
}
