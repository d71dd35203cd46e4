//! How much of the server one client may take.

use std::time::Duration;

use crate::conf::Server;

/// How many bytes the head of a request may have.
pub(super) const HEAD_BYTES: usize = 64 * 1024;

/// What the settings say.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// For the head of a request; and between two pieces of a body, of the request or of its answer.
    pub(super) client: Duration,
    /// Between two requests.
    pub(super) idle: Duration,
    /// From the head of a request to the head of its answer.
    pub(super) request: Option<Duration>,
    /// In the body of a request.
    pub(super) body_bytes: usize,
    /// At once.
    pub(super) connections: usize,
}

impl Limits {
    pub(super) fn of(settings: &Server) -> Self {
        let Server { client_seconds, idle_seconds, request_seconds, max_body_bytes, max_connections, .. } = settings;
        Self {
            client: Duration::from_secs(*client_seconds),
            idle: Duration::from_secs(*idle_seconds),
            request: (*request_seconds > 0).then(|| Duration::from_secs(*request_seconds)),
            body_bytes: *max_body_bytes,
            connections: *max_connections,
        }
    }
}
