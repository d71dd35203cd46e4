//! The control socket: one question as a line of JSON, answers as lines of JSON.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::Context;
use serde_json::Value;

use super::waiting::{Woken, until_readable};
use crate::prod::RUN;
use crate::project::Project;
use crate::system::{Request, Signals};

/// The most of an answer that is read; it is a few hundred bytes.
const LONGEST: usize = 1024 * 1024;

/// A question that was asked.
pub(super) struct Asked {
    stream: UnixStream,
    read: Vec<u8>,
    lines: VecDeque<Value>,
}

/// What came next.
#[derive(Debug)]
pub(super) enum Answer {
    /// A line.
    Line(Value),
    /// The server has nothing more to say.
    End,
    /// xtask is asked to end.
    Stopped(Request),
    /// It takes too long.
    Late,
}

/// Asks.
///
/// # Errors
/// When nobody listens.
pub(super) fn ask(project: &Project, question: &Value) -> io::Result<Asked> {
    // A socket's path may be 108 bytes long; the project's may be longer.
    let directory = File::open(project.root.join(RUN))?;
    let short = if cfg!(target_os = "linux") {
        PathBuf::from(format!("/proc/self/fd/{}", directory.as_raw_fd()))
    } else {
        project.root.join(RUN)
    };
    let mut stream = UnixStream::connect(short.join("server.sock"))?;
    stream.write_all(format!("{question}\n").as_bytes())?;
    stream.set_nonblocking(true)?;
    Ok(Asked { stream, read: Vec::new(), lines: VecDeque::new() })
}

impl Asked {
    /// Waits for the next line.
    ///
    /// # Errors
    /// When what comes is not what servers say.
    pub(super) fn next(&mut self, signals: &mut Signals, deadline: Instant) -> anyhow::Result<Answer> {
        loop {
            if let Some(line) = self.lines.pop_front() {
                return Ok(Answer::Line(line));
            }
            match until_readable(&self.stream, signals, deadline)? {
                Woken::Readable => {}
                Woken::Asked(request) => return Ok(Answer::Stopped(request)),
                Woken::Late => return Ok(Answer::Late),
            }
            let mut buffer = [0; 4096];
            match self.stream.read(&mut buffer) {
                Ok(0) => return Ok(Answer::End),
                Ok(read) => self.take(&buffer[..read])?,
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return Ok(Answer::End),
                Err(error) => return Err(error).context("failed to read from the control socket"),
            }
        }
    }

    fn take(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        self.read.extend_from_slice(bytes);
        while let Some(end) = self.read.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.read.drain(..=end).collect();
            let text = String::from_utf8_lossy(&line);
            let value = serde_json::from_slice(&line);
            self.lines.push_back(value.with_context(|| format!("the server said `{}`", text.trim_end()))?);
        }
        anyhow::ensure!(self.read.len() <= LONGEST, "the server says too much on its control socket");
        Ok(())
    }
}

/// What a line says in this field.
pub(super) fn said<'a>(line: &'a Value, field: &str) -> Option<&'a str> {
    line.get(field).and_then(Value::as_str)
}
