//! The socket of a connection, which knows whether all that was written has left, and can be read from again.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::metrics::{Going, Metrics};
use super::stream::Stream;

/// What is under way on a connection.
pub(super) struct Activity {
    metrics: Arc<Metrics>,
    requests: AtomicUsize,
    unflushed: AtomicBool,
}

impl Activity {
    pub(super) fn new(metrics: &Arc<Metrics>) -> Self {
        let (requests, unflushed) = (AtomicUsize::new(0), AtomicBool::new(false));
        Self { metrics: Arc::clone(metrics), requests, unflushed }
    }

    /// Whether every request that was read has been answered, and every answer has been sent. The start of a further
    /// request may have come.
    pub(super) fn is_idle(&self) -> bool {
        self.requests.load(Ordering::Acquire) == 0 && !self.unflushed.load(Ordering::Acquire)
    }
}

/// A request under way: from its head to the end of the body of its answer.
pub(super) struct Open(Arc<Activity>, #[expect(dead_code, reason = "it counts as long as it is there")] Going);

impl Open {
    pub(super) fn new(activity: &Arc<Activity>) -> Self {
        activity.requests.fetch_add(1, Ordering::AcqRel);
        Self(Arc::clone(activity), activity.metrics.request())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.requests.fetch_sub(1, Ordering::AcqRel);
    }
}

/// The socket.
pub(super) struct Socket {
    stream: Stream,
    /// What was read already, but by nobody who could use it.
    before: Bytes,
    activity: Arc<Activity>,
}

impl Socket {
    pub(super) fn new(stream: Stream, activity: &Arc<Activity>) -> Self {
        Self { stream, before: Bytes::new(), activity: Arc::clone(activity) }
    }

    /// The same, with bytes that were read to be read again.
    pub(super) fn rewound(self, before: Bytes) -> Self {
        Self { before, ..self }
    }

    /// Whether bytes have arrived that nobody has read.
    pub(super) fn has_unread(&self) -> bool {
        !self.before.is_empty() || self.stream.has_unread()
    }

    fn note(&self, sent: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(bytes)) = sent {
            self.activity.metrics.sent(bytes);
        }
        sent
    }

    pub(super) fn into_stream(self) -> Stream {
        self.stream
    }
}

impl AsyncRead for Socket {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.before.is_empty() {
            return Pin::new(&mut self.stream).poll_read(cx, buffer);
        }
        let length = self.before.len().min(buffer.remaining());
        buffer.put_slice(&self.before.split_to(length));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.activity.unflushed.store(true, Ordering::Release);
        let sent = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.note(sent)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.activity.unflushed.store(true, Ordering::Release);
        let sent = Pin::new(&mut self.stream).poll_write_vectored(cx, pieces);
        self.note(sent)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// Called when nothing is left to be written.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.activity.unflushed.store(false, Ordering::Release);
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
