//! One connection: its requests, and an end that takes no answer from anybody.
//!
//! hyper's graceful shutdown closes a connection on which the next request has arrived but was not read, or half of it,
//! and closing a socket with unread bytes makes the system throw away what it still had to send. So idle connections
//! are taken from hyper and looked at, and every connection is closed in two steps: nothing more is sent; then what
//! still comes is read until the client has closed its end.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Poll, ready};
use std::time::Duration;

use axum_core::body::Body;
use futures_util::FutureExt as _;
use http::{HeaderMap, HeaderValue, header};
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::watch;
use tokio::time::{Sleep, sleep, timeout};

use super::Site;
use super::bodies::{Answer, Asked, End};
use super::socket::{Activity, Open, Socket};
use super::stream::{Peer, Stream};

/// How long a connection may be idle once the server is told to stop.
const GRACE: Duration = Duration::from_secs(1);

/// How long a client may be silent before its connection is closed for good.
const SILENCE: Duration = Duration::from_secs(1);

/// How long a client may go on sending what nobody reads.
const LINGERING: Duration = Duration::from_secs(5);

/// Whether the server goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Serving,
    /// Nothing new is accepted; each answer is the last on its connection, and idle ones are closed after a grace.
    Draining,
}

/// Serves a connection until nothing more is to be sent over it. What is left must be closed with [`close`].
pub(super) async fn serve(stream: Stream, peer: Peer, site: Arc<Site>, phases: watch::Receiver<Phase>) -> Stream {
    stream.hurry();
    let _open = site.metrics().connection();
    let activity = Arc::new(Activity::new(site.metrics()));
    let mut socket = Socket::new(stream, &activity);
    loop {
        let service =
            service_fn(|request| answer(request, peer, Arc::clone(&site), phases.clone(), Open::new(&activity)));
        let mut builder = http1::Builder::new();
        // The timer closes connections whose request head does not come (30 seconds).
        let mut connection = builder.timer(TokioTimer::new()).serve_connection(TokioIo::new(socket), service);
        let mut draining = pin!(draining(phases.clone()).fuse());
        let mut grace: Option<Pin<Box<Sleep>>> = None;
        let ended = poll_fn(|cx| {
            if let Poll::Ready(result) = Pin::new(&mut connection).poll(cx) {
                return Poll::Ready(Some(result));
            }
            // Once it has ended, it says that it is pending.
            let told = draining.as_mut().poll(cx).is_ready() || *phases.borrow() == Phase::Draining;
            if !told || !activity.is_idle() {
                grace = None;
                return Poll::Pending;
            }
            ready!(grace.get_or_insert_with(|| Box::pin(sleep(GRACE))).as_mut().poll(cx));
            Poll::Ready(None)
        });
        let ended = ended.await;
        let parts = connection.into_parts();
        socket = parts.io.into_inner().rewound(parts.read_buf);
        match ended {
            // The next request has come, or a part of it.
            None if socket.has_unread() => {}
            None => return socket.into_stream(),
            Some(result) => {
                result.unwrap_or_else(|error| log(&error));
                return socket.into_stream();
            }
        }
    }
}

/// Ends when the server is told to stop.
async fn draining(mut phases: watch::Receiver<Phase>) {
    // The sender lives as long as the server, so this waits for the phase alone.
    let _ = phases.wait_for(|phase| *phase == Phase::Draining).await.is_ok();
}

/// Answers one request.
async fn answer(
    request: http::Request<Incoming>,
    peer: Peer,
    site: Arc<Site>,
    phases: watch::Receiver<Phase>,
    open: Open,
) -> Result<http::Response<Body>, Infallible> {
    let (mut parts, body) = request.into_parts();
    parts.extensions.insert(peer);
    let (body, read) = Asked::new(body);
    let is_draining = || *phases.borrow() == Phase::Draining;
    let (successors, reads) = (site.successors(&parts), parts.method.is_safe());
    let response = match successors {
        Some(successors) if is_draining() => successors.into_inner(),
        successors => {
            let response = site.handle(http::Request::from_parts(parts, Body::new(body))).await;
            match successors {
                // It is of yesterday by now, and asking once more does no harm.
                Some(successors) if reads && is_draining() => successors.into_inner(),
                _ => response,
            }
        }
    };
    let (mut parts, body) = response.into_parts();
    let endless = is_endless(&parts.headers, &body);
    // Nobody could tell where a further request begins when this one was not read; and a client that knows that a stream
    // was the last on its connection asks for the next one elsewhere.
    if endless || !read.load(Ordering::Acquire) || is_draining() {
        parts.headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    let end = endless.then(|| -> End { Box::pin(draining(phases).fuse()) });
    Ok(http::Response::from_parts(parts, Body::new(Answer::new(body, end, open))))
}

/// Whether these are events that go on until somebody ends them.
fn is_endless(headers: &HeaderMap, body: &Body) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    let endless = body.size_hint().exact().is_none() && !headers.contains_key(header::CONTENT_LENGTH);
    endless && essence.eq_ignore_ascii_case("text/event-stream")
}

fn log(error: &hyper::Error) {
    if error.is_parse() {
        // hyper has answered it (400, 414, 431); no page of ours has seen it.
        tracing::warn!(target: "http.server", "a request could not be read: {error}");
    } else {
        tracing::debug!(target: "http.server", "a connection broke off: {error}");
    }
}

/// Closes a connection. A client that still sends is listened to for a while: if it were cut off, it might lose the answer
/// that is on its way.
pub(super) async fn close(mut stream: Stream) {
    // Perhaps the client has gone already; then there is nothing to read either.
    let _ = stream.shutdown().await;
    let mut buffer = vec![0; 16 * 1024];
    let drained = async { while let Ok(Ok(1..)) = timeout(SILENCE, stream.read(&mut buffer)).await {} };
    let _ = timeout(LINGERING, drained).await;
}
