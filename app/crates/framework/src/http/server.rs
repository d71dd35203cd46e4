//! The accept loop, and how it ends without losing a request.
//!
//! hyper's graceful shutdown closes connections that were accepted but not yet read, so the end is our own: the loop stops
//! accepting; from then on each answer says that it is the last on its connection, and connections that stay idle for a
//! second are closed (see [`connection`]); what is still open at the deadline is cut off.

use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use super::Site;
use super::connection::{self, House, Phase};
use super::listener::Listener;
use super::ready::Ready;
use super::stream::{Peer, Stream};
use crate::process::Stop;
use crate::system;

/// How long to wait before accepting again when the system has no descriptor left.
const EXHAUSTED: Duration = Duration::from_millis(100);

/// How the server ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    /// Why it ended.
    pub(crate) stop: Option<Stop>,
    /// How many connections were cut off.
    pub(crate) cut_off: usize,
}

/// How many descriptors are for other things than connections: databases, logs, files.
const DESCRIPTORS: usize = 256;

/// The connections of a server.
struct Connections {
    house: Arc<House>,
    /// How many there may be.
    most: usize,
    /// Those with requests to come or under way.
    open: JoinSet<Option<Stream>>,
    /// Those on which all is answered.
    closing: JoinSet<()>,
}

impl Connections {
    fn add(&mut self, (stream, peer): (Stream, Peer)) {
        self.open.spawn(connection::serve(stream, peer, Arc::clone(&self.house)));
    }

    /// Whether there is room for one more. Otherwise one that rests makes room.
    fn has_room(&self) -> bool {
        let room = self.open.len() + self.closing.len() < self.most;
        if !room {
            self.house.displace.notify_one();
        }
        room
    }

    /// Waits until something became of one of them; false when there are none.
    async fn next(&mut self) -> bool {
        tokio::select! {
            Some(served) = self.open.join_next() => {
                // One that panicked (no handler can make it) is closed already.
                if let Ok(Some(stream)) = served {
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
pub(crate) async fn serve(
    site: Arc<Site>,
    listeners: Vec<Listener>,
    mut stops: mpsc::UnboundedReceiver<Stop>,
    ready: Ready,
) -> Ended {
    let drain = Duration::from_secs(site.ctx().settings().server.drain_seconds);
    let most = site.limits().connections.min(system::descriptors().saturating_sub(DESCRIPTORS).max(1));
    let house = House { site, phase: watch::channel(Phase::Serving).0, displace: Notify::new() };
    let house = Arc::new(house);
    let mut connections =
        Connections { house: Arc::clone(&house), most, open: JoinSet::new(), closing: JoinSet::new() };
    let stop = loop {
        // While there is no room, who comes waits with the system.
        let has_room = connections.has_room();
        tokio::select! {
            stop = stops.recv() => break stop,
            accepted = accept(&listeners), if has_room => match accepted {
                Ok(connection) => connections.add(connection),
                // A connection that ended before it was accepted is nobody's concern.
                Err(error) if is_the_connections(&error) => {}
                Err(error) => {
                    tracing::error!(target: "http.server", "failed to accept a connection: {error}");
                    connections.house.displace.notify_one();
                    sleep(EXHAUSTED).await;
                }
            },
            true = connections.next() => {}
        }
    };
    let deadline = Instant::now() + drain;
    for connection in listeners.into_iter().flat_map(|listener| listener.close(stop)) {
        connections.add(connection);
    }
    // Streams end now: who comes back must find the successor.
    ready.draining();
    house.phase.send_replace(Phase::Draining);
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

/// The next connection at any of the listeners.
async fn accept(listeners: &[Listener]) -> io::Result<(Stream, Peer)> {
    poll_fn(|cx| {
        let polled = listeners.iter().map(|listener| listener.poll_accept(cx));
        polled.into_iter().find(Poll::is_ready).unwrap_or(Poll::Pending)
    })
    .await
}

fn is_the_connections(error: &io::Error) -> bool {
    use std::io::ErrorKind;
    matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::ConnectionRefused)
}
