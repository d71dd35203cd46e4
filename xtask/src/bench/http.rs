//! As much of an HTTP client as benches and tests need: requests over one connection, and streams of server-sent events.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// The most of a head or of a line that is read.
const MAX_HEAD: usize = 64 * 1024;

/// What happens to a connection after the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// It serves the next request, if the server agrees.
    Keep,
    /// The server is told to close it.
    Close,
}

/// What ended a request without an answer.
#[derive(Debug)]
pub enum Broken {
    /// Nobody listens.
    Refused,
    /// The connection ended before the answer did.
    Reset(String),
    /// The answer did not come in time.
    Timeout,
}

impl Broken {
    fn of(error: &io::Error) -> Self {
        match error.kind() {
            ErrorKind::ConnectionRefused => Self::Refused,
            ErrorKind::WouldBlock | ErrorKind::TimedOut => Self::Timeout,
            _ => Self::Reset(error.to_string()),
        }
    }
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The first value of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn closes(&self) -> bool {
        self.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"))
    }
}

/// One connection.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    host: String,
    /// What was read beyond the last answer.
    read: Vec<u8>,
    is_over: bool,
}

impl Connection {
    /// Connects. Answers that take longer than `patience` are not waited for.
    ///
    /// # Errors
    /// When nobody accepts.
    pub fn open(address: SocketAddr, patience: Duration) -> Result<Self, Broken> {
        let connect = || {
            let stream = TcpStream::connect_timeout(&address, patience)?;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(patience))?;
            stream.set_write_timeout(Some(patience))?;
            Ok(stream)
        };
        let stream = connect().map_err(|error| Broken::of(&error))?;
        Ok(Self { stream, host: address.to_string(), read: Vec::new(), is_over: false })
    }

    /// Whether another request may be sent: the server has neither announced nor made an end.
    pub fn is_open(&self) -> bool {
        if self.is_over || self.stream.set_nonblocking(true).is_err() {
            return false;
        }
        // End of file is the proper end of an idle connection; an error is found by the next request, and counts.
        let is_open = !matches!(self.stream.peek(&mut [0]), Ok(0));
        self.stream.set_nonblocking(false).is_ok() && is_open
    }

    /// Sends a request without a body and reads the whole answer.
    ///
    /// # Errors
    /// When there is no whole answer.
    pub fn request(&mut self, method: &str, path: &str, after: After) -> Result<Answer, Broken> {
        let result = self.exchange(method, path, after);
        self.is_over |= after == After::Close || result.as_ref().map_or(true, Answer::closes);
        result.map_err(|error| Broken::of(&error))
    }

    fn exchange(&mut self, method: &str, path: &str, after: After) -> io::Result<Answer> {
        self.send(method, path, after)?;
        let mut answer = self.head()?;
        answer.body = self.body(method, &answer)?;
        Ok(answer)
    }

    fn send(&mut self, method: &str, path: &str, after: After) -> io::Result<()> {
        let host = &self.host;
        let connection = match after {
            After::Keep => "keep-alive",
            After::Close => "close",
        };
        let length = if method == "POST" { "Content-Length: 0\r\n" } else { "" };
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nAccept: text/html, */*;q=0.8\r\nConnection: {connection}\r\n{length}\r\n"
        );
        self.stream.write_all(head.as_bytes())
    }

    /// Reads more into the buffer; the end of the connection is an error.
    fn more(&mut self) -> io::Result<()> {
        let mut buffer = [0; 16 * 1024];
        match self.stream.read(&mut buffer)? {
            0 => Err(io::Error::new(ErrorKind::UnexpectedEof, "the connection ended in the middle")),
            read => {
                self.read.extend_from_slice(&buffer[..read]);
                Ok(())
            }
        }
    }

    fn head(&mut self) -> io::Result<Answer> {
        loop {
            let mut headers = [httparse::EMPTY_HEADER; 64];
            let mut head = httparse::Response::new(&mut headers);
            let parsed = head.parse(&self.read).map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?;
            if let httparse::Status::Complete(length) = parsed {
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                let headers = head.headers.iter().map(|header| (header.name.to_ascii_lowercase(), text(header.value)));
                let answer =
                    Answer { status: head.code.unwrap_or_default(), headers: headers.collect(), body: Vec::new() };
                self.read.drain(..length);
                return Ok(answer);
            }
            if self.read.len() > MAX_HEAD {
                return Err(io::Error::new(ErrorKind::InvalidData, "the head of the answer has no end"));
            }
            self.more()?;
        }
    }

    fn body(&mut self, method: &str, answer: &Answer) -> io::Result<Vec<u8>> {
        if method == "HEAD" || matches!(answer.status, 100..200 | 204 | 304) {
            return Ok(Vec::new());
        }
        if answer.header("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked")) {
            let mut body = Vec::new();
            while let Some(chunk) = self.chunk()? {
                body.extend(chunk);
            }
            return Ok(body);
        }
        match answer.header("content-length").map(str::parse) {
            Some(Ok(length)) => self.take(length),
            Some(Err(_)) => Err(io::Error::new(ErrorKind::InvalidData, "the length of the answer is no number")),
            None => {
                self.is_over = true;
                let mut body = std::mem::take(&mut self.read);
                self.stream.read_to_end(&mut body)?;
                Ok(body)
            }
        }
    }

    fn take(&mut self, length: usize) -> io::Result<Vec<u8>> {
        while self.read.len() < length {
            self.more()?;
        }
        let rest = self.read.split_off(length);
        Ok(std::mem::replace(&mut self.read, rest))
    }

    fn line(&mut self) -> io::Result<String> {
        loop {
            if let Some(end) = self.read.iter().position(|&byte| byte == b'\n') {
                let line = self.take(end + 1)?;
                return Ok(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned());
            }
            if self.read.len() > MAX_HEAD {
                return Err(io::Error::new(ErrorKind::InvalidData, "a line has no end"));
            }
            self.more()?;
        }
    }

    /// The next chunk of a body; none after the last.
    fn chunk(&mut self) -> io::Result<Option<Vec<u8>>> {
        let line = self.line()?;
        let size = line.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16)
            .map_err(|_| io::Error::new(ErrorKind::InvalidData, format!("`{line}` is no size of a chunk")))?;
        let chunk = self.take(size)?;
        self.line()?;
        Ok((size > 0).then_some(chunk))
    }
}

/// One request on a connection of its own.
///
/// # Errors
/// When there is no whole answer.
pub fn request(address: SocketAddr, method: &str, path: &str, patience: Duration) -> Result<Answer, Broken> {
    Connection::open(address, patience)?.request(method, path, After::Close)
}

/// A stream of server-sent events.
#[derive(Debug)]
pub struct Events {
    connection: Connection,
    answer: Answer,
    text: String,
}

impl Events {
    /// Opens the stream.
    ///
    /// # Errors
    /// When there is no answer, or another one than 200.
    pub fn open(address: SocketAddr, path: &str, patience: Duration) -> Result<Self, Broken> {
        let mut connection = Connection::open(address, patience)?;
        let mut open = || connection.send("GET", path, After::Keep).and_then(|()| connection.head());
        let answer = open().map_err(|error| Broken::of(&error))?;
        match answer.status {
            200 => Ok(Self { connection, answer, text: String::new() }),
            status => Err(Broken::Reset(format!("the answer has the status {status}"))),
        }
    }

    /// The data of the next event; none when the stream ended, in whatever way, or nothing came until the deadline.
    pub fn next(&mut self, deadline: Instant) -> Option<String> {
        loop {
            if let Some(end) = self.text.find("\n\n") {
                let event: String = self.text.drain(..end + 2).collect();
                let data: Vec<&str> = event.lines().filter_map(|line| line.strip_prefix("data:")).collect();
                if data.is_empty() {
                    continue;
                }
                return Some(data.iter().map(|line| line.trim_start()).collect::<Vec<_>>().join("\n"));
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            self.connection.stream.set_read_timeout(Some(left)).ok()?;
            let more = self.more().ok()?;
            self.text.push_str(&String::from_utf8_lossy(&more).replace('\r', ""));
        }
    }

    fn more(&mut self) -> io::Result<Vec<u8>> {
        if self.answer.header("transfer-encoding").is_some() {
            let ended = || io::Error::new(ErrorKind::UnexpectedEof, "the stream ended");
            return self.connection.chunk()?.ok_or_else(ended);
        }
        if self.connection.read.is_empty() {
            self.connection.more()?;
        }
        Ok(std::mem::take(&mut self.connection.read))
    }
}
