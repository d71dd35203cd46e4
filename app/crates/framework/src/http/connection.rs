//! One connection: its requests, and an end that takes no answer from anybody.
//!
//! A connection rests until something arrives, and costs little meanwhile. Then hyper has it, until it was idle for a
//! while. hyper's graceful shutdown closes a connection on which the next request has arrived but was not read, or half of
//! it, and closing a socket with unread bytes makes the system throw away what it still had to send. So idle connections
//! are taken from hyper and looked at, and every connection is closed in two steps: nothing more is sent; then what
//! still comes is read until the client has closed its end.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Poll, ready};
use std::time::Duration;

use futures_util::FutureExt as _;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::Site;
use super::answering::answer;
use super::limits::{HEAD_BYTES, Limits};
use super::metrics::Event;
use super::socket::{Activity, Open, Socket};
use super::stream::{Peer, Stream};

/// How long a connection may be idle once the server is told to stop.
const GRACE: Duration = Duration::from_secs(1);

/// How long a connection is idle before what it holds is given back.
const REST: Duration = Duration::from_secs(1);

/// How long a client may be silent before its connection is closed for good.
const SILENCE: Duration = Duration::from_secs(1);

/// How long a client may go on sending what nobody reads.
const LINGERING: Duration = Duration::from_secs(5);

/// What a client is told that began to send a request and does not go on.
const TOO_SLOW: &[u8] = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// Whether the server goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Serving,
    /// Nothing new is accepted; each answer is the last on its connection, and idle ones are closed after a grace.
    Draining,
}

/// What the connections of a server share.
pub(super) struct House {
    pub(super) site: Arc<Site>,
    pub(super) phase: watch::Sender<Phase>,
    /// Asks the connection that has rested for the longest time to end.
    pub(super) displace: Notify,
}

impl House {
    pub(super) fn is_draining(&self) -> bool {
        *self.phase.borrow() == Phase::Draining
    }
}

/// What became of a connection that hyper had.
enum Ended {
    /// It is idle: nothing is under way, and nothing of a further request was heard of.
    Idle,
    /// A request was begun and not gone on with.
    Slow,
    /// Nothing more is to be sent over it.
    Over,
}

/// How long nothing has been under way.
struct Idle {
    /// The end of the last request, or the beginning of what came after it.
    since: Instant,
    /// How many requests there had been.
    requests: usize,
}

/// Serves a connection until nothing more is to be sent over it. What is left of it must be closed with [`close`].
pub(super) async fn serve(stream: Stream, peer: Peer, house: Arc<House>) -> Option<Stream> {
    stream.hurry();
    let _open = house.site.metrics().connection();
    let limits = *house.site.limits();
    let activity = Arc::new(Activity::new(house.site.metrics(), limits.client));
    let mut socket = Socket::new(stream, &activity);
    let mut idle = Idle { since: Instant::now(), requests: 0 };
    loop {
        if !socket.has_unread() {
            if !rest(&socket, &house, idle.since + limits.idle).await {
                return Some(socket.into_stream());
            }
            if socket.has_unread() {
                idle.since = Instant::now();
            }
        }
        // In a box, so that a connection that rests does not hold the room for it.
        let ended;
        (socket, ended) = Box::pin(active(socket, peer, &house, &activity, &mut idle)).await;
        match ended {
            Ended::Over if activity.is_abandoned() => return None,
            // It has had its grace.
            Ended::Idle if house.is_draining() && !socket.has_unread() => return Some(socket.into_stream()),
            Ended::Idle => {}
            Ended::Over => return Some(socket.into_stream()),
            Ended::Slow => {
                activity.gave_up();
                let mut stream = socket.into_stream();
                // It has not read anything, so there is room for it; a client that is gone need not be told.
                let _ = timeout(SILENCE, stream.write_all(TOO_SLOW)).await;
                return Some(stream);
            }
        }
    }
}

/// Waits until something arrives on an idle connection, or it should end (false).
async fn rest(socket: &Socket, house: &House, until: Instant) -> bool {
    let mut draining = pin!(draining(house.phase.subscribe()));
    let stays = tokio::select! {
        biased;
        () = socket.readable() => return true,
        () = &mut draining => true,
        () = sleep_until(until) => false,
        () = house.displace.notified() => {
            house.site.metrics().count(Event::Displaced);
            false
        }
    };
    if stays {
        // What is on its way when the server is told to stop is answered still.
        tokio::select! {
            () = socket.readable() => return true,
            () = sleep(GRACE) => {}
        }
    }
    socket.has_unread()
}

/// Lets hyper have the connection, until it is idle or over.
async fn active(
    socket: Socket,
    peer: Peer,
    house: &Arc<House>,
    activity: &Arc<Activity>,
    idle: &mut Idle,
) -> (Socket, Ended) {
    let limits: &Limits = house.site.limits();
    let phases = house.phase.subscribe();
    let site = &house.site;
    let service =
        service_fn(|request| answer(request, peer, Arc::clone(site), house.phase.subscribe(), Open::new(activity)));
    // Time is kept here.
    let mut builder = http1::Builder::new();
    builder.header_read_timeout(None).max_header_size(HEAD_BYTES);
    let mut connection = builder.serve_connection(TokioIo::new(socket), service);
    let mut told = pin!(draining(phases.clone()).fuse());
    let mut told_at: Option<Instant> = None;
    let mut timer = pin!(sleep(REST));
    let ended = poll_fn(|cx| {
        if let Poll::Ready(result) = Pin::new(&mut connection).poll(cx) {
            result.unwrap_or_else(|error| log(&error));
            return Poll::Ready(Ended::Over);
        }
        // Once it has ended, it says that it is pending.
        if told.as_mut().poll(cx).is_ready() || *phases.borrow() == Phase::Draining {
            told_at.get_or_insert_with(Instant::now);
        }
        if !activity.is_idle() {
            return Poll::Pending;
        }
        if activity.requests() != idle.requests {
            *idle = Idle { since: Instant::now(), requests: activity.requests() };
        }
        let half = activity.has_heard();
        let deadline = match told_at {
            _ if half => idle.since + limits.client,
            Some(told_at) => told_at.max(idle.since) + GRACE,
            None => idle.since + REST,
        };
        loop {
            if timer.deadline() > deadline {
                timer.as_mut().reset(deadline);
            }
            ready!(timer.as_mut().poll(cx));
            if Instant::now() >= deadline {
                return Poll::Ready(if half { Ended::Slow } else { Ended::Idle });
            }
            timer.as_mut().reset(deadline);
        }
    });
    let ended = ended.await;
    let parts = connection.into_parts();
    (parts.io.into_inner().rewound(parts.read_buf), ended)
}

/// Ends when the server is told to stop.
pub(super) async fn draining(mut phases: watch::Receiver<Phase>) {
    // The sender lives as long as the server, so this waits for the phase alone.
    let _ = phases.wait_for(|phase| *phase == Phase::Draining).await.is_ok();
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
