//! As much HTTP/1.1 as the dev channel needs: one request per connection, of which only the head is read.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

/// The longest head that is read.
const HEAD: usize = 16 * 1024;

/// The most headers in it.
const HEADERS: usize = 100;

/// How long a client may take to send its head, or to take an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How much of a body, and for how long, is read away after the answer.
const LINGER: (u64, Duration) = (16 * 1024 * 1024, Duration::from_secs(5));

/// The head of a request.
#[derive(Debug, Default)]
pub(super) struct Head {
    pub(super) method: String,
    /// Path and query as they were sent.
    pub(super) target: String,
    pub(super) headers: Vec<(String, String)>,
}

impl Head {
    /// The path alone.
    pub(super) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The header of this name (in small letters); none when it is there twice.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(found, _)| found == name).map(|(_, value)| value.as_str());
        let value = values.next()?;
        values.next().is_none().then_some(value)
    }

    /// Whether something follows the head.
    fn has_body(&self) -> bool {
        self.header("transfer-encoding").is_some() || self.header("content-length").is_some_and(|length| length != "0")
    }
}

/// Why no head could be read.
#[derive(Debug)]
pub(super) enum Unread {
    /// The client is gone, or says nothing.
    Gone,
    /// What it sent is no HTTP.
    Malformed,
    /// The head is longer than is read.
    TooLong,
}

/// Reads the head of the one request.
pub(super) fn read(mut stream: &TcpStream) -> Result<Head, Unread> {
    let deadline = Instant::now() + PATIENCE;
    let mut bytes = Vec::new();
    let mut part = [0; 4096];
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() || stream.set_read_timeout(Some(left)).is_err() {
            return Err(Unread::Gone);
        }
        match stream.read(&mut part) {
            Ok(0) => return Err(Unread::Gone),
            Ok(count) => bytes.extend_from_slice(&part[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return Err(Unread::Gone),
        }
        if let Some(head) = parse(&bytes)? {
            return Ok(head);
        }
        if bytes.len() > HEAD {
            return Err(Unread::TooLong);
        }
    }
}

/// The head, once all of it is there.
fn parse(bytes: &[u8]) -> Result<Option<Head>, Unread> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    match request.parse(bytes) {
        Ok(httparse::Status::Complete(length)) if length > HEAD => Err(Unread::TooLong),
        Ok(httparse::Status::Complete(_)) => Ok(Some(Head {
            method: request.method.unwrap_or_default().to_owned(),
            target: request.path.unwrap_or_default().to_owned(),
            headers: request
                .headers
                .iter()
                .map(|header| (header.name.to_ascii_lowercase(), String::from_utf8_lossy(header.value).into_owned()))
                .collect(),
        })),
        Ok(httparse::Status::Partial) => Ok(None),
        Err(httparse::Error::TooManyHeaders) => Err(Unread::TooLong),
        Err(_) => Err(Unread::Malformed),
    }
}

/// The answer to a request.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: &'static str,
    pub(super) content_type: &'static str,
    /// More headers, each as a line without its end.
    pub(super) headers: Vec<String>,
    pub(super) body: String,
}

impl Answer {
    /// An answer of plain text.
    pub(super) fn text(status: &'static str, body: impl Into<String>) -> Self {
        Self { status, content_type: "text/plain; charset=utf-8", headers: Vec::new(), body: body.into() }
    }

    /// Sends it, and then closes the connection in such a way that the client can read all of it.
    pub(super) fn send(&self, mut stream: &TcpStream, head: &Head) -> io::Result<()> {
        let mut text = start(self.status, self.content_type, &self.headers);
        text.push_str(&format!("Content-Length: {}\r\n\r\n", self.body.len()));
        if head.method != "HEAD" {
            text.push_str(&self.body);
        }
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.write_all(text.as_bytes())?;
        stream.shutdown(Shutdown::Write)?;
        if head.has_body() {
            drain(stream);
        }
        Ok(())
    }
}

/// Begins an answer whose end is the end of the connection.
pub(super) fn begin_stream(mut stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let head = start("200 OK", "text/event-stream", &["X-Accel-Buffering: no".to_owned()]);
    stream.write_all(format!("{head}\r\n").as_bytes())
}

fn start(status: &str, content_type: &str, headers: &[String]) -> String {
    let mut text = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n\
         Connection: close\r\n"
    );
    for header in headers {
        text.push_str(header);
        text.push_str("\r\n");
    }
    text
}

/// Reads what the client still sends. Closed with that unread, the connection would be reset, and the answer perhaps
/// lost on the way.
fn drain(stream: &TcpStream) {
    let (most, longest) = LINGER;
    let deadline = Instant::now() + longest;
    let mut stream = stream.take(most);
    let mut part = [0; 16 * 1024];
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() || stream.get_ref().set_read_timeout(Some(left)).is_err() {
            return;
        }
        match stream.read(&mut part) {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_parsed_once_it_is_whole() {
        let text = b"POST /__dev/migrate?x=1 HTTP/1.1\r\nHost: localhost:8000\r\nContent-Length: 2\r\n\r\n{}";
        let end = text.len() - 2;
        for length in 0..end {
            assert!(matches!(parse(&text[..length]), Ok(None)), "{length}");
        }
        let head = parse(text).expect("valid").expect("whole");
        assert_eq!(
            (head.method.as_str(), head.path(), head.header("host")),
            ("POST", "/__dev/migrate", Some("localhost:8000"))
        );
        assert!(head.has_body());
    }

    #[test]
    fn a_header_that_is_there_twice_is_none() {
        let head = parse(b"GET / HTTP/1.1\r\nHost: a\r\nHOST: b\r\nAccept: c\r\n\r\n").expect("valid").expect("whole");
        assert_eq!((head.header("host"), head.header("accept")), (None, Some("c")));
        assert!(!head.has_body());
    }

    #[test]
    fn what_is_no_http_or_too_long_is_refused() {
        assert!(matches!(parse(b"\x16\x03\x01\x02\x00\x01"), Err(Unread::Malformed)));
        let many = format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(HEADERS + 1));
        assert!(matches!(parse(many.as_bytes()), Err(Unread::TooLong)));
        let long = format!("GET / HTTP/1.1\r\na: {}\r\n\r\n", "b".repeat(HEAD));
        assert!(matches!(parse(long.as_bytes()), Err(Unread::TooLong)));
    }
}
