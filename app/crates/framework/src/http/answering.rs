//! One request of a connection: handed to the site, and its answer made fit for the way.

use std::convert::Infallible;
use std::sync::Arc;

use axum_core::body::Body;
use futures_util::FutureExt as _;
use http::{HeaderMap, HeaderValue, header};
use hyper::body::{Body as _, Incoming};
use tokio::sync::watch;

use super::Site;
use super::bodies::{Answer, Asked, End};
use super::connection::{Phase, draining};
use super::socket::Open;
use super::stream::Peer;

/// Answers one request.
pub(super) async fn answer(
    request: http::Request<Incoming>,
    peer: Peer,
    site: Arc<Site>,
    phases: watch::Receiver<Phase>,
    open: Open,
) -> Result<http::Response<Body>, Infallible> {
    let (mut parts, body) = request.into_parts();
    let (body, reading) = Asked::new(body, site.limits().client);
    parts.extensions.insert(peer);
    parts.extensions.insert(reading.clone());
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
    if endless || !reading.is_done() || is_draining() {
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
