//! The socket of a connection, which knows whether all that was written has left, and can be read from again.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use super::metrics::{Event, Going, Metrics};
use super::stream::Stream;

/// What is under way on a connection.
pub(super) struct Activity {
    metrics: Arc<Metrics>,
    /// How long the client may leave what is written.
    patience: Duration,
    /// Those that were read so far.
    requests: AtomicUsize,
    open: AtomicUsize,
    unflushed: AtomicBool,
    /// Whether something came since the last request.
    heard: AtomicBool,
    abandoned: AtomicBool,
}

impl Activity {
    pub(super) fn new(metrics: &Arc<Metrics>, patience: Duration) -> Self {
        Self {
            metrics: Arc::clone(metrics),
            patience,
            requests: AtomicUsize::new(0),
            open: AtomicUsize::new(0),
            unflushed: AtomicBool::new(false),
            heard: AtomicBool::new(false),
            abandoned: AtomicBool::new(false),
        }
    }

    /// Whether every request that was read has been answered, and every answer has been sent. The start of a further
    /// request may have come.
    pub(super) fn is_idle(&self) -> bool {
        self.open.load(Ordering::Acquire) == 0 && !self.unflushed.load(Ordering::Acquire)
    }

    /// How many requests have come so far.
    pub(super) fn requests(&self) -> usize {
        self.requests.load(Ordering::Acquire)
    }

    /// Whether the start of a further request has come, as far as is known here.
    pub(super) fn has_heard(&self) -> bool {
        self.heard.load(Ordering::Acquire)
    }

    /// Whether the client was given up while something was to be sent to it.
    pub(super) fn is_abandoned(&self) -> bool {
        self.abandoned.load(Ordering::Acquire)
    }

    /// Counts a client that was given up.
    pub(super) fn gave_up(&self) {
        self.metrics.count(Event::SlowClient);
    }
}

/// A request under way: from its head to the end of the body of its answer.
pub(super) struct Open(Arc<Activity>, #[expect(dead_code, reason = "it counts as long as it is there")] Going);

impl Open {
    pub(super) fn new(activity: &Arc<Activity>) -> Self {
        activity.requests.fetch_add(1, Ordering::AcqRel);
        activity.open.fetch_add(1, Ordering::AcqRel);
        Self(Arc::clone(activity), activity.metrics.request())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.heard.store(false, Ordering::Release);
        self.0.open.fetch_sub(1, Ordering::AcqRel);
    }
}

/// The socket.
pub(super) struct Socket {
    stream: Stream,
    /// What was read already, but by nobody who could use it.
    before: Bytes,
    activity: Arc<Activity>,
    /// Runs while the client does not read what is written.
    stalled: Option<Pin<Box<Sleep>>>,
}

impl Socket {
    pub(super) fn new(stream: Stream, activity: &Arc<Activity>) -> Self {
        Self { stream, before: Bytes::new(), activity: Arc::clone(activity), stalled: None }
    }

    /// The same, with bytes that were read to be read again.
    pub(super) fn rewound(self, before: Bytes) -> Self {
        Self { before, ..self }
    }

    /// Whether bytes have arrived that nobody has read.
    pub(super) fn has_unread(&self) -> bool {
        !self.before.is_empty() || self.stream.has_unread()
    }

    /// Waits until something arrives, or the client is gone.
    pub(super) async fn readable(&self) {
        if self.before.is_empty() {
            self.stream.readable().await;
        }
    }

    pub(super) fn into_stream(self) -> Stream {
        self.stream
    }

    /// What became of bytes to be sent: an error when the client has left them for too long.
    fn sent(&mut self, cx: &mut Context<'_>, sent: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match sent {
            Poll::Ready(Ok(bytes)) => {
                self.activity.metrics.sent(bytes);
                self.stalled = None;
            }
            Poll::Ready(Err(_)) => {}
            Poll::Pending => {
                let patience = self.activity.patience;
                let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(patience)));
                if stalled.as_mut().poll(cx).is_ready() {
                    self.activity.gave_up();
                    // Or the system would go on to offer the rest.
                    self.stream.abandon();
                    self.activity.abandoned.store(true, Ordering::Release);
                    return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
                }
            }
        }
        sent
    }
}

impl AsyncRead for Socket {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let filled = buffer.filled().len();
        let polled = if self.before.is_empty() {
            Pin::new(&mut self.stream).poll_read(cx, buffer)
        } else {
            let length = self.before.len().min(buffer.remaining());
            buffer.put_slice(&self.before.split_to(length));
            Poll::Ready(Ok(()))
        };
        if buffer.filled().len() > filled {
            self.activity.heard.store(true, Ordering::Release);
        }
        polled
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.activity.unflushed.store(true, Ordering::Release);
        let sent = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.sent(cx, sent)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.activity.unflushed.store(true, Ordering::Release);
        let sent = Pin::new(&mut self.stream).poll_write_vectored(cx, pieces);
        self.sent(cx, sent)
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
