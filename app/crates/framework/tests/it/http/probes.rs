//! What supervisors ask, with a database that comes and goes.

use std::io::copy;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use framework::http::{Client, Method, StatusCode};
use framework::module::Module;

use super::process::{Connection, Server};
use super::shop::{annex, debugging, module};
use crate::postgres;
use crate::sandbox::{Sandbox, wait};

/// The way to a database, which can be closed.
struct Way {
    address: SocketAddr,
    open: Option<(TcpListener, Receiver<TcpStream>)>,
}

impl Way {
    fn closed() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        Self { address: listener.local_addr().expect("an address"), open: None }
    }

    fn open(&mut self, port: u16) {
        let listener = TcpListener::bind(self.address).expect("the port again");
        let (sender, used) = channel();
        let accepting = listener.try_clone().expect("a descriptor");
        std::thread::spawn(move || {
            while let Ok((near, _)) = accepting.accept() {
                let Ok(far) = TcpStream::connect(("127.0.0.1", port)) else { return };
                for (from, to) in [(&near, &far), (&far, &near)] {
                    let (mut from, mut to) = (from.try_clone().expect("it"), to.try_clone().expect("it"));
                    std::thread::spawn(move || {
                        let _ = copy(&mut from, &mut to);
                        let _ = to.shutdown(Shutdown::Write);
                    });
                }
                if sender.send(near).is_err() {
                    return;
                }
            }
        });
        self.open = Some((listener, used));
    }

    fn close(&mut self) {
        let Some((listener, used)) = self.open.take() else { return };
        // Wakes who accepts; the other descriptor goes with its thread.
        rustix::net::shutdown(&listener, rustix::net::Shutdown::Both).expect("a listener");
        drop(listener);
        for stream in used.try_iter() {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

/// Asks until this is the answer.
fn becomes(connection: &mut Connection, expected: (&str, &str)) {
    let start = Instant::now();
    loop {
        connection.ask("/ready");
        let (head, body) = connection.answer().expect("an answer");
        if head.starts_with(&format!("http/1.1 {} ", expected.0)) && body == expected.1 {
            return;
        }
        assert!(start.elapsed() < Duration::from_secs(30), "{head}{body}");
        std::thread::park_timeout(Duration::from_millis(50));
    }
}

const READY: (&str, &str) = ("200", r#"{"status":"ready","database":"ok","migrations":"ok"}"#);
const UNREACHABLE: (&str, &str) =
    ("503", r#"{"status":"unavailable","database":"unreachable","migrations":"unknown"}"#);

#[test]
fn a_database_may_be_gone_at_the_start_and_come_and_go() {
    let Some(postgres) = postgres::server() else { return };
    let name = wait(postgres::database(postgres));
    let mut way = Way::closed();
    let url = format!("postgres://test@{}/{name}?sslmode=disable", way.address);
    let server = Server::start(&debugging().var("APP__DATABASE__URL", &url), &["0"], &[]);
    let mut connection = server.connect();
    connection.ask("/health");
    assert!(connection.answer().is_some_and(|(head, body)| head.contains(" 200 ") && body == r#"{"status":"ok"}"#));
    for _ in 0..2 {
        becomes(&mut connection, UNREACHABLE);
        way.open(postgres.port);
        becomes(&mut connection, READY);
        way.close();
    }
    becomes(&mut connection, UNREACHABLE);
    connection.ask("/items/1/");
    assert!(connection.answer().is_some_and(|(_, body)| body == "GET item 1"), "what needs no row is served");
}

fn pending() -> Module {
    Module::new("zebras").embedded_migrations(&[("0001_initial", "initial = true\noperations = []\n")]).clone()
}

#[test]
fn a_server_without_its_tables_is_not_ready() {
    let sandbox = Sandbox::new(&[module, annex, pending]);
    let client = Client::new(&sandbox.ctx());
    wait(async {
        let response = client.send(Method::GET, "/ready", &[("host", "10.1.1.1")], "").await;
        assert_eq!(response.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.body, r#"{"status":"unavailable","database":"ok","migrations":"1 unapplied"}"#);
        assert_eq!(response.header("cache-control"), Some("no-store"));
        assert_eq!(client.send(Method::POST, "/ready", &[], "").await.status, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(client.send(Method::GET, "/health", &[("host", "10.1.1.1")], "").await.status, StatusCode::OK);
    });
}
