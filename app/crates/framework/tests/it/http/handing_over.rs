//! One server after the other on the same socket, under load: nobody is refused, nobody is reset.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::process::{Server, listener};
use super::shop::debugging;

/// How many times the server is replaced.
const HAND_OVERS: usize = 30;

/// How long a client waits between two requests. It is part of what is measured: a connection has to be idle at times.
const PAUSE: Duration = Duration::from_millis(10);

/// Asks once, on this connection or on a new one. What comes back is the connection if it can be used again.
fn ask(address: SocketAddr, kept: Option<BufReader<TcpStream>>) -> std::io::Result<Option<BufReader<TcpStream>>> {
    let mut connection = match kept {
        Some(kept) => kept,
        None => BufReader::new(TcpStream::connect(address)?),
    };
    connection.get_ref().set_read_timeout(Some(Duration::from_secs(30)))?;
    connection.get_mut().write_all(b"GET /items/5/ HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if connection.read_line(&mut head)? == 0 {
            return Err(std::io::Error::other(format!("closed after {head:?}")));
        }
    }
    let mut body = [0; 10];
    connection.read_exact(&mut body)?;
    if !head.starts_with("HTTP/1.1 200 ") || body != *b"GET item 5" {
        return Err(std::io::Error::other(head));
    }
    Ok((!head.contains("connection: close")).then_some(connection))
}

/// Asks until told to stop. The errors, and how many answers there were.
fn load(address: SocketAddr, keeps: bool, stop: &AtomicBool) -> (Vec<String>, usize) {
    let (mut errors, mut answers, mut kept) = (Vec::new(), 0, None);
    let mut next = Instant::now();
    while !stop.load(Ordering::Relaxed) {
        match ask(address, kept.take()) {
            Ok(connection) => {
                answers += 1;
                kept = connection.filter(|_| keeps);
            }
            Err(error) => errors.push(error.to_string()),
        }
        next += PAUSE;
        while let Some(left) = next.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
            std::thread::park_timeout(left);
        }
    }
    (errors, answers)
}

#[test]
fn nobody_notices_that_the_server_is_another_one() {
    let (socket, address) = listener();
    let sandbox = debugging().var("LISTEN_FDS", "1");
    let start = || Server::start(&sandbox, &[], &[("LISTEN_FDS_FIRST_FD", &socket)]);
    let mut current = start();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..6)
            .map(|client| {
                scope.spawn({
                    let stop = &stop;
                    move || load(address, client % 2 == 0, stop)
                })
            })
            .collect();
        let mut old = Vec::new();
        for _ in 0..HAND_OVERS {
            let next = start();
            current.signal(Signal::TERM);
            old.push(std::mem::replace(&mut current, next));
        }
        for server in old {
            assert!(server.end().status.success());
        }
        stop.store(true, Ordering::Relaxed);
        let ended: Vec<_> = clients.into_iter().map(|client| client.join().expect("no panic")).collect();
        let errors: Vec<&String> = ended.iter().flat_map(|(errors, _)| errors).collect();
        let answers: usize = ended.iter().map(|(_, answers)| answers).sum();
        assert!(errors.is_empty() && answers > HAND_OVERS, "{answers} answers; {errors:?}");
    });
    current.signal(Signal::TERM);
    assert!(current.end().status.success());
}
