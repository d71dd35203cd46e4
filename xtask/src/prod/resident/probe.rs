//! Whether a server really answers: one request for `/health` at each of its addresses.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(5);

const REQUEST: &[u8] = b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// Asks at this address: `host:port` or `unix:/path`.
///
/// # Errors
/// When nobody answers, or something else than "healthy".
pub(super) fn probe(address: &str) -> io::Result<()> {
    let head = match address.strip_prefix("unix:") {
        Some(path) => {
            let stream = UnixStream::connect(path)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            head(stream)?
        }
        None => {
            let mut found = address.to_socket_addrs()?;
            let found = found.next().ok_or_else(|| io::Error::other("the host has no address"))?;
            let stream = TcpStream::connect_timeout(&found, PATIENCE)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            head(stream)?
        }
    };
    let status = head.split(' ').nth(1).unwrap_or_default();
    match status {
        "200" => Ok(()),
        _ => Err(io::Error::other(format!("`/health` was answered with `{}`", head.trim_end()))),
    }
}

/// The first line of the answer.
fn head(mut stream: impl Read + Write) -> io::Result<String> {
    stream.write_all(REQUEST)?;
    let mut answer = Vec::new();
    let mut buffer = [0; 256];
    while !answer.contains(&b'\n') && answer.len() < 4096 {
        match stream.read(&mut buffer)? {
            0 => break,
            read => answer.extend_from_slice(&buffer[..read]),
        }
    }
    let end = answer.iter().position(|byte| *byte == b'\n').unwrap_or(answer.len());
    Ok(String::from_utf8_lossy(&answer[..end]).into_owned())
}
