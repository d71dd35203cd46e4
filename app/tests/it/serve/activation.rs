//! What systemd does: sockets that are handed over, and notifications.

use std::net::TcpListener;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::time::Duration;

use rustix::io::{FdFlags, fcntl_setfd};
use rustix::process::Signal;
use serde_json::json;

use super::{PATIENCE, Server, command, get, root};

/// Copies of the sockets under numbers in a row, which the next child inherits.
fn in_a_row(sockets: &[OwnedFd]) -> Vec<OwnedFd> {
    let mut first = 700;
    loop {
        let row: Vec<OwnedFd> = (first..)
            .zip(sockets)
            .map(|(number, socket)| rustix::io::fcntl_dupfd_cloexec(socket, number).expect("a copy"))
            .collect();
        if (first..).zip(&row).all(|(number, copy)| copy.as_raw_fd() == number) {
            return row;
        }
        first += 50;
    }
}

#[test]
fn it_serves_on_sockets_that_it_was_handed() {
    let root = root();
    let tcp = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = tcp.local_addr().expect("an address").to_string();
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("activated.sock");
    let unix = UnixListener::bind(&path).expect("a socket");
    let row = in_a_row(&[tcp.into(), unix.into()]);
    let mut prepared = command(&root, &["--bind", "127.0.0.1:1"]);
    prepared.env("LISTEN_FDS", "2").env("LISTEN_FDS_FIRST_FD", row[0].as_raw_fd().to_string());
    for socket in &row {
        fcntl_setfd(socket, FdFlags::empty()).expect("it is open");
    }
    let server = Server::spawn(prepared, root);
    drop(row);
    let addresses = json!([address, format!("unix:{}", path.display())]);
    assert_eq!(server.status()["addresses"], addresses, "what is typed does not count then");
    assert!(get(&address, "/health").is_ok());
    assert_eq!(server.restart().last(), Some(&json!({"done": true})));
    assert_eq!(server.status()["addresses"], addresses);
    assert!(UnixStream::connect(&path).is_ok());
    server.signal(Signal::TERM);
    assert_eq!(server.end().0, Some(0));
    assert!(path.exists(), "the file is that of whoever made it");
}

#[test]
fn systemd_hears_of_everything() {
    let root = root();
    let path = root.path().join("var/notify.sock");
    let socket = UnixDatagram::bind(&path).expect("a socket");
    socket.set_read_timeout(Some(PATIENCE)).expect("a time");
    let mut prepared = command(&root, &["--bind", "127.0.0.1:0"]);
    prepared.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", Duration::from_millis(200).as_micros().to_string());
    let server = Server::spawn(prepared, root);
    let mut buffer = [0; 1000];
    // Watchdog messages come at any time.
    let mut next = |wanted: &str| loop {
        let read = socket.recv(&mut buffer).expect("a message");
        let text = String::from_utf8_lossy(&buffer[..read]).into_owned();
        if wanted == "WATCHDOG=1" || text != "WATCHDOG=1" {
            assert!(text.starts_with(wanted), "{text}");
            return text;
        }
    };
    let ready = format!("READY=1\nMAINPID={}\nSTATUS=serving", server.pid());
    assert_eq!(next("READY=1"), ready);
    next("WATCHDOG=1");
    assert_eq!(server.restart().last(), Some(&json!({"done": true})));
    assert!(next("RELOADING=1").contains("\nMONOTONIC_USEC="));
    assert_eq!(next("READY=1"), ready);
    next("WATCHDOG=1");
    server.signal(Signal::TERM);
    next("STOPPING=1");
    assert_eq!(server.end().0, Some(0));
}
