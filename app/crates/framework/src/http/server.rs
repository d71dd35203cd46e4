//! The accept loop, and how it ends without losing a request.
//!
//! hyper's graceful shutdown closes connections that were accepted but not yet read, so the loop ends in phases of its
//! own: it stops accepting and answers with `Connection: close`; after a short grace, in which fresh connections have
//! their first request served, idle ones are closed; what is still open at the deadline is cut off.

use std::convert::Infallible;
use std::net::TcpListener as StdListener;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum_core::body::Body;
use http::{HeaderValue, header};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use super::Site;
use super::listener::Ownership;
use crate::process::Stop;

/// How long a fresh connection has to send its first request once the server is told to stop.
const GRACE: Duration = Duration::from_secs(1);

/// How long to wait before accepting again when the system has no descriptor left.
const EXHAUSTED: Duration = Duration::from_millis(100);

/// How many connections the system holds for a listener at most (Linux, by default).
const BACKLOG: usize = 4096;

/// How far the end has come. The order matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Serving,
    /// Nothing new is accepted; each answer is the last on its connection.
    Draining,
    /// Idle connections are closed.
    Closing,
}

/// How the server ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ended {
    /// Why it ended.
    pub(super) stop: Option<Stop>,
    /// How many connections were cut off.
    pub(super) cut_off: usize,
}

/// Serves the site until told to stop, then drains.
pub(super) async fn serve(
    listener: TcpListener,
    ownership: Ownership,
    site: Arc<Site>,
    drain: Duration,
    mut stops: mpsc::UnboundedReceiver<Stop>,
) -> Ended {
    let (phase, phases) = watch::channel(Phase::Serving);
    let mut connections = JoinSet::new();
    let stop = loop {
        tokio::select! {
            stop = stops.recv() => break stop,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, Arc::clone(&site), phases.clone()));
                }
                // A connection that ended before it was accepted is nobody's concern.
                Err(error) if is_the_connections(&error) => {}
                Err(error) => {
                    tracing::error!(target: "http.server", "failed to accept a connection: {error}");
                    sleep(EXHAUSTED).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    };
    let deadline = Instant::now() + drain;
    phase.send_replace(Phase::Draining);
    for stream in waiting(listener, ownership) {
        connections.spawn(connection(stream, Arc::clone(&site), phases.clone()));
    }
    tracing::info!(target: "http.server", reason = ?stop, connections = connections.len(), "stopping");
    let cut_off = finish(connections, &phase, deadline, &mut stops).await;
    if cut_off > 0 {
        tracing::warn!(target: "http.server", connections = cut_off, "cut off what was still open");
    }
    Ended { stop, cut_off }
}

/// Waits for the connections to end, until the deadline or until told to stop again.
async fn finish(
    mut connections: JoinSet<()>,
    phase: &watch::Sender<Phase>,
    deadline: Instant,
    stops: &mut mpsc::UnboundedReceiver<Stop>,
) -> usize {
    let mut grace = pin!(sleep_until(deadline.min(Instant::now() + GRACE)));
    let mut deadline = pin!(sleep_until(deadline));
    loop {
        tokio::select! {
            ended = connections.join_next() => if ended.is_none() { return 0 },
            () = grace.as_mut(), if *phase.borrow() < Phase::Closing => {
                phase.send_replace(Phase::Closing);
            }
            () = deadline.as_mut() => break,
            Some(_) = stops.recv() => break,
        }
    }
    let cut_off = connections.len();
    connections.shutdown().await;
    cut_off
}

/// The connections that the system has accepted on our behalf. With the listener they would be reset; those of an
/// inherited one are the successor's.
fn waiting(listener: TcpListener, ownership: Ownership) -> Vec<TcpStream> {
    let listener: StdListener = match (ownership, listener.into_std()) {
        (Ownership::Own, Ok(listener)) => listener,
        _ => return Vec::new(),
    };
    // Not more than can have waited, or clients that keep coming would keep the server.
    let accepted = std::iter::from_fn(|| listener.accept().ok()).take(BACKLOG);
    accepted
        .filter_map(|(stream, _)| stream.set_nonblocking(true).and_then(|()| TcpStream::from_std(stream)).ok())
        .collect()
}

fn is_the_connections(error: &std::io::Error) -> bool {
    use std::io::ErrorKind;
    matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::ConnectionRefused)
}

/// Serves one connection to its end.
async fn connection(stream: TcpStream, site: Arc<Site>, mut phases: watch::Receiver<Phase>) {
    // Small answers should not wait for more; a socket that refuses is served all the same.
    let _ = stream.set_nodelay(true);
    let draining = phases.clone();
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let (site, draining) = (Arc::clone(&site), draining.clone());
        async move {
            let mut response = site.handle(request.map(Body::new)).await;
            if *draining.borrow() > Phase::Serving {
                response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, Infallible>(response)
        }
    });
    let mut server = http1::Builder::new();
    // The timer closes connections whose request head does not come (30 seconds).
    let connection = server.timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let closing = async {
        // The sender lives as long as the server, so this waits for the phase alone.
        let _ = phases.wait_for(|phase| *phase == Phase::Closing).await.is_ok();
    };
    let result = tokio::select! {
        result = connection.as_mut() => result,
        () = closing => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        if error.is_parse() {
            // hyper has answered it (400, 414, 431); no page of ours has seen it.
            tracing::warn!(target: "http.server", "a request could not be read: {error}");
            return;
        }
        tracing::debug!(target: "http.server", "a connection broke off: {error}");
    }
}
