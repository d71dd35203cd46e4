//! In place of the app and its dev layer: a small site that passes `/__dev/*` on to the channel, keeps connections open
//! and drains like the app.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// How soon it notices that it is to accept no more.
const PAUSE: Timespec = Timespec { tv_sec: 0, tv_nsec: 5_000_000 };

/// One process of the app, as it were. Dropped, it drains.
pub(crate) struct Front {
    site: Arc<Site>,
}

struct Site {
    files: Mutex<BTreeMap<String, String>>,
    channel: (u16, String),
    /// Connections that are open, to be closed when it drains.
    streams: Mutex<Vec<TcpStream>>,
    is_draining: Mutex<bool>,
}

impl Front {
    /// Serves files (path → text) on a socket that others may have served on before. `channel` is port and token.
    pub(crate) fn start(listener: &TcpListener, channel: (u16, String), files: &[(&str, &str)]) -> Self {
        let listener = listener.try_clone().expect("a descriptor");
        listener.set_nonblocking(true).expect("a socket");
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        let site = Site { files: Mutex::new(files), channel, streams: Mutex::default(), is_draining: Mutex::default() };
        let site = Arc::new(site);
        let accepting = Arc::clone(&site);
        std::thread::spawn(move || {
            while !*accepting.is_draining.lock().expect("whole") {
                let _ = poll(&mut [PollFd::new(&listener, PollFlags::IN)], Some(&PAUSE));
                if let Ok((stream, _)) = listener.accept() {
                    stream.set_nonblocking(false).expect("a socket");
                    let site = Arc::clone(&accepting);
                    std::thread::spawn(move || site.serve(stream));
                }
            }
        });
        Self { site }
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        self.site.files.lock().expect("whole").insert(path.to_owned(), text.to_owned());
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        *self.site.is_draining.lock().expect("whole") = true;
        for stream in self.site.streams.lock().expect("whole").drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

impl Site {
    fn serve(&self, mut stream: TcpStream) {
        let mut bytes = Vec::new();
        loop {
            let mut headers = [httparse::EMPTY_HEADER; 64];
            let mut request = httparse::Request::new(&mut headers);
            let Ok(httparse::Status::Complete(length)) = request.parse(&bytes) else {
                let mut part = [0; 4096];
                match stream.read(&mut part) {
                    Ok(count) if count > 0 => bytes.extend_from_slice(&part[..count]),
                    _ => return,
                }
                continue;
            };
            let (method, target) =
                (request.method.unwrap_or_default().to_owned(), request.path.unwrap_or_default().to_owned());
            let is_last = request.headers.iter().any(|header| header.name == "Connection" && header.value == b"close");
            bytes.drain(..length);
            if target.starts_with("/__dev/") {
                self.pass_on(&method, &target, &mut stream);
                return;
            }
            let is_last = is_last || *self.is_draining.lock().expect("whole");
            let path = target.split('?').next().unwrap_or_default();
            let file = self.files.lock().expect("whole").get(path).cloned();
            let (status, body) = file.map_or(("404 Not Found", String::new()), |body| ("200 OK", body));
            let kind = if path.ends_with(".css") { "text/css" } else { "text/html; charset=utf-8" };
            let answer = format!(
                "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: {}\r\n{}\r\n{body}",
                body.len(),
                if is_last { "close" } else { "keep-alive" },
                // A style sheet may be kept, which a swap must not fall for; a page has a strict policy.
                match path.ends_with(".css") {
                    true => "Cache-Control: max-age=600\r\n",
                    false => "Content-Security-Policy: default-src 'self'; require-trusted-types-for 'script'\r\n",
                }
            );
            if stream.write_all(answer.as_bytes()).is_err() || is_last {
                return;
            }
        }
    }

    fn pass_on(&self, method: &str, target: &str, stream: &mut TcpStream) {
        let (port, token) = &self.channel;
        let mut channel = TcpStream::connect(("127.0.0.1", *port)).expect("the channel");
        let request = format!("{method} {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-Dev-Token: {token}\r\n\r\n");
        channel.write_all(request.as_bytes()).expect("the channel");
        self.streams.lock().expect("whole").push(channel.try_clone().expect("a descriptor"));
        let browser = stream.try_clone().expect("a descriptor");
        let closer = channel.try_clone().expect("a descriptor");
        std::thread::spawn(move || {
            let mut browser = browser;
            while browser.read(&mut [0; 64]).is_ok_and(|count| count > 0) {}
            let _ = closer.shutdown(Shutdown::Both);
        });
        // To the end of the one, or until the other is gone.
        let _ = std::io::copy(&mut channel, stream);
        let _ = stream.shutdown(Shutdown::Both);
    }
}
