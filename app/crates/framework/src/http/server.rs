//! The accept loop, and how it ends without losing a request.
//!
//! hyper's graceful shutdown closes connections that were accepted but not yet read, so the end is our own: the loop stops
//! accepting; from then on each answer says that it is the last on its connection, and connections that stay idle for a
//! second are closed (see [`connection`]); what is still open at the deadline is cut off.

use std::net::TcpListener as StdListener;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use super::Site;
use super::connection::{self, Phase};
use super::listener::Ownership;
use super::ready::Ready;
use crate::process::Stop;

/// How long to wait before accepting again when the system has no descriptor left.
const EXHAUSTED: Duration = Duration::from_millis(100);

/// How many connections the system holds for a listener at most (Linux, by default).
const BACKLOG: usize = 4096;

/// How the server ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ended {
    /// Why it ended.
    pub(super) stop: Option<Stop>,
    /// How many connections were cut off.
    pub(super) cut_off: usize,
}

/// The connections of a server.
struct Connections {
    site: Arc<Site>,
    phase: watch::Sender<Phase>,
    /// Those with requests to come or under way.
    open: JoinSet<TcpStream>,
    /// Those on which all is answered.
    closing: JoinSet<()>,
}

impl Connections {
    fn add(&mut self, stream: TcpStream) {
        self.open.spawn(connection::serve(stream, Arc::clone(&self.site), self.phase.subscribe()));
    }

    /// Waits until something became of one of them; false when there are none.
    async fn next(&mut self) -> bool {
        tokio::select! {
            Some(served) = self.open.join_next() => {
                // One that panicked (no handler can make it) is closed already.
                if let Ok(stream) = served {
                    self.closing.spawn(connection::close(stream));
                }
                true
            }
            Some(_) = self.closing.join_next() => true,
            else => false,
        }
    }
}

/// Serves the site until told to stop, then drains.
pub(super) async fn serve(
    listener: TcpListener,
    ownership: Ownership,
    site: Arc<Site>,
    drain: Duration,
    mut stops: mpsc::UnboundedReceiver<Stop>,
    ready: Ready,
) -> Ended {
    let (phase, _) = watch::channel(Phase::Serving);
    let mut connections = Connections { site, phase, open: JoinSet::new(), closing: JoinSet::new() };
    let stop = loop {
        tokio::select! {
            stop = stops.recv() => break stop,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => connections.add(stream),
                // A connection that ended before it was accepted is nobody's concern.
                Err(error) if is_the_connections(&error) => {}
                Err(error) => {
                    tracing::error!(target: "http.server", "failed to accept a connection: {error}");
                    sleep(EXHAUSTED).await;
                }
            },
            true = connections.next() => {}
        }
    };
    let deadline = Instant::now() + drain;
    for stream in waiting(listener, ownership) {
        connections.add(stream);
    }
    // Streams end now: who comes back must find the successor.
    ready.draining();
    connections.phase.send_replace(Phase::Draining);
    tracing::info!(target: "http.server", reason = ?stop, connections = connections.open.len(), "stopping");
    let cut_off = finish(connections, deadline, &mut stops).await;
    if cut_off > 0 {
        tracing::warn!(target: "http.server", connections = cut_off, "cut off what was still open");
    }
    Ended { stop, cut_off }
}

/// Waits for the connections to end, until the deadline or until told to stop again.
async fn finish(mut connections: Connections, deadline: Instant, stops: &mut mpsc::UnboundedReceiver<Stop>) -> usize {
    let mut deadline = pin!(sleep_until(deadline));
    loop {
        tokio::select! {
            more = connections.next() => if !more { return 0 },
            () = deadline.as_mut() => break,
            Some(_) = stops.recv() => break,
        }
    }
    let cut_off = connections.open.len();
    connections.open.shutdown().await;
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
