//! A task runner that watches the sources, as far as the app sees it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use crate::sandbox::Sandbox;

/// Its secret.
pub(super) const TOKEN: &str = "0123456789abcdef";

/// A task runner that listens.
pub(super) struct Runner(TcpListener);

/// A request that it was sent.
pub(super) struct Asked {
    stream: TcpStream,
    /// The first line.
    pub(super) line: String,
    /// The headers in lower case, one a line, sorted.
    pub(super) headers: Vec<String>,
    pub(super) body: String,
}

impl Runner {
    pub(super) fn new() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").expect("a listener"))
    }

    pub(super) fn port(&self) -> u16 {
        self.0.local_addr().expect("an address").port()
    }

    /// The sandbox as it is developed with this task runner.
    pub(super) fn develops(&self, sandbox: Sandbox) -> Sandbox {
        let sandbox = sandbox.var("APP__ENVIRONMENT", "development");
        sandbox.var("APP_DEV_PORT", &self.port().to_string()).var("APP_DEV_TOKEN", TOKEN)
    }

    /// Waits for a request.
    pub(super) fn asked(&self) -> Asked {
        let (stream, _) = self.0.accept().expect("a request");
        let mut reader = BufReader::new(stream);
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).expect("a line");
            match line.trim_end() {
                "" => break,
                line => lines.push(line.to_owned()),
            }
        }
        let line = lines.remove(0);
        let mut headers: Vec<String> = lines.iter().map(|line| line.to_lowercase()).collect();
        headers.sort();
        let length = headers.iter().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
        let mut body = vec![0; length];
        reader.read_exact(&mut body).expect("a body");
        Asked { stream: reader.into_inner(), line, headers, body: String::from_utf8(body).expect("text") }
    }
}

impl Asked {
    pub(super) fn says(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).expect("an answer sent");
    }

    /// Waits until the other side is gone.
    pub(super) fn wait_until_gone(mut self) {
        let rest = self.stream.read_to_end(&mut Vec::new());
        assert!(rest.is_ok_and(|rest| rest == 0), "nothing more is sent");
    }
}
