//! Bodies: pieces of what is in memory or in a file, read as the client takes them.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::task::JoinHandle;

/// How many bytes of a file are read at once.
const CHUNK: u64 = 128 * 1024;

/// Where the bytes come from.
#[derive(Debug)]
pub(super) enum Source {
    Memory(Bytes),
    File(File),
}

/// A piece of a body.
#[derive(Debug)]
pub(super) enum Piece {
    /// These bytes.
    Text(Bytes),
    /// Bytes of the source.
    Part(Range<u64>),
}

impl Piece {
    fn length(&self) -> u64 {
        match self {
            Self::Text(text) => text.len() as u64,
            Self::Part(range) => range.end - range.start,
        }
    }
}

/// A body of pieces.
#[derive(Debug)]
pub(super) struct Pieces {
    source: Option<Source>,
    queue: VecDeque<Piece>,
    left: u64,
    /// A file that is being read, somewhere where waiting hurts nobody.
    reading: Option<JoinHandle<(File, io::Result<Bytes>)>>,
}

impl Pieces {
    pub(super) fn new(source: Source, pieces: impl Into<VecDeque<Piece>>) -> Self {
        let queue = pieces.into();
        let left = queue.iter().map(Piece::length).sum();
        Self { source: Some(source), queue, left, reading: None }
    }

    /// Begins to read a part of the source, or gives it back when it is at hand.
    fn read(&mut self, part: Range<u64>) -> Option<Bytes> {
        match self.source.take()? {
            Source::Memory(all) => {
                let range = usize::try_from(part.start).ok().zip(usize::try_from(part.end).ok());
                let bytes = range.filter(|(_, end)| *end <= all.len()).map(|(start, end)| all.slice(start..end));
                self.source = Some(Source::Memory(all));
                bytes
            }
            Source::File(file) => {
                let end = part.end.min(part.start + CHUNK);
                if end < part.end {
                    self.queue.push_front(Piece::Part(end..part.end));
                }
                self.reading = Some(tokio::task::spawn_blocking(move || read(file, part.start..end)));
                None
            }
        }
    }
}

fn read(mut file: File, part: Range<u64>) -> (File, io::Result<Bytes>) {
    let mut bytes = Vec::new();
    let result = file.seek(SeekFrom::Start(part.start)).and_then(|_| {
        let length = part.end - part.start;
        bytes.reserve_exact(usize::try_from(length).unwrap_or(0));
        match file.by_ref().take(length).read_to_end(&mut bytes)? as u64 == length {
            true => Ok(Bytes::from(bytes)),
            // What was promised cannot be sent any more, so the connection has to break.
            false => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    });
    (file, result)
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        loop {
            if let Some(reading) = &mut self.reading {
                let (file, bytes) = ready!(Pin::new(reading).poll(cx)).map_err(io::Error::other)?;
                self.reading = None;
                self.source = Some(Source::File(file));
                return self.send(bytes?);
            }
            match self.queue.pop_front() {
                None => return Poll::Ready(None),
                Some(Piece::Text(text)) => return self.send(text),
                Some(Piece::Part(part)) => match self.read(part) {
                    Some(bytes) => return self.send(bytes),
                    None if self.reading.is_none() => {
                        return Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into())));
                    }
                    None => {}
                },
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

impl Pieces {
    fn send(&mut self, bytes: Bytes) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.left = self.left.saturating_sub(bytes.len() as u64);
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }
}
