//! Bodies as the server sees them: has a request's been read, and when does an answer's end.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum_core::body::Body;
use bytes::Bytes;
use futures_util::future::FusedFuture;
use hyper::body::{Body as _, Frame, Incoming, SizeHint};

use super::socket::Open;

/// The body of a request.
pub(super) struct Asked {
    body: Incoming,
    read: Arc<AtomicBool>,
}

impl Asked {
    /// The body, and whether it has been read to its end.
    pub(super) fn new(body: Incoming) -> (Self, Arc<AtomicBool>) {
        let read = Arc::new(AtomicBool::new(body.is_end_stream()));
        (Self { body, read: Arc::clone(&read) }, read)
    }
}

impl hyper::body::Body for Asked {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if matches!(frame, Poll::Ready(None)) || self.body.is_end_stream() {
            self.read.store(true, Ordering::Release);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// What ends a body before its time.
pub(super) type End = Pin<Box<dyn FusedFuture<Output = ()> + Send>>;

/// The body of an answer. As long as it is there, its request is under way.
pub(super) struct Answer {
    body: Body,
    /// What ends it, if something does.
    end: Option<End>,
    _open: Open,
}

impl Answer {
    pub(super) fn new(body: Body, end: Option<End>, open: Open) -> Self {
        Self { body, end, _open: open }
    }
}

impl hyper::body::Body for Answer {
    type Data = Bytes;
    type Error = axum_core::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Some(end) = &mut self.end
            && (end.is_terminated() || end.as_mut().poll(cx).is_ready())
        {
            return Poll::Ready(None);
        }
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
