//! Bodies as the server sees them: has a request's been read, and when does an answer's end.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum_core::body::Body;
use bytes::Bytes;
use futures_util::future::FusedFuture;
use hyper::body::{Body as _, Frame, Incoming, SizeHint};
use tokio::time::{Sleep, sleep};

use super::socket::Open;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The client has sent nothing of the body for too long.
#[derive(Debug, thiserror::Error)]
#[error("the body does not come")]
pub(super) struct SlowBody;

/// How far the body of a request has been read.
#[derive(Clone)]
pub(super) struct Reading(Arc<AtomicU8>);

const UNREAD: u8 = 0;
const AWAITED: u8 = 1;
const READ: u8 = 2;

impl Reading {
    /// Whether it has been read to its end.
    pub(super) fn is_done(&self) -> bool {
        self.0.load(Ordering::Acquire) == READ
    }

    /// Whether somebody waits for the client to send more of it.
    pub(super) fn is_awaited(&self) -> bool {
        self.0.load(Ordering::Acquire) == AWAITED
    }
}

/// The body of a request.
pub(super) struct Asked {
    body: Incoming,
    reading: Reading,
    /// How long the client may be silent.
    patience: Duration,
    silence: Option<Pin<Box<Sleep>>>,
}

impl Asked {
    /// The body, and how far it has been read.
    pub(super) fn new(body: Incoming, patience: Duration) -> (Self, Reading) {
        let state = if body.is_end_stream() { READ } else { UNREAD };
        let reading = Reading(Arc::new(AtomicU8::new(state)));
        (Self { body, reading: reading.clone(), patience, silence: None }, reading)
    }
}

impl hyper::body::Body for Asked {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        let state = match &frame {
            Poll::Pending => AWAITED,
            Poll::Ready(Some(_)) if !self.body.is_end_stream() => UNREAD,
            Poll::Ready(_) => READ,
        };
        self.reading.0.store(state, Ordering::Release);
        if state != AWAITED {
            self.silence = None;
            return frame.map(|frame| frame.map(|frame| frame.map_err(BoxError::from)));
        }
        let patience = self.patience;
        let silence = self.silence.get_or_insert_with(|| Box::pin(sleep(patience)));
        silence.as_mut().poll(cx).map(|()| Some(Err(SlowBody.into())))
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
