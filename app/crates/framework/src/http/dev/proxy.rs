//! Requests on their way to the task runner, and its answers on their way back, as they come.

use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{self, Poll};

use anyhow::Context as _;
use axum_core::body::Body;
use bytes::Bytes;
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::http::{Error, Response, Result};

/// How many bytes the body of a request may have.
const LIMIT: usize = 64 * 1024;

/// The header that holds the task runner's secret.
const TOKEN: HeaderName = HeaderName::from_static("x-dev-token");

/// What of a request matters to the task runner.
const PASSED_ON: [HeaderName; 5] = [
    header::ACCEPT,
    header::CACHE_CONTROL,
    header::CONTENT_TYPE,
    header::IF_NONE_MATCH,
    HeaderName::from_static("last-event-id"),
];

/// Headers that speak of a connection, not of what is sent over it.
const HOP_BY_HOP: [HeaderName; 9] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    HeaderName::from_static("proxy-connection"),
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// The way to the task runner. Each request has a connection of its own.
pub(super) struct Proxy {
    address: SocketAddr,
    host: HeaderValue,
    token: HeaderValue,
}

impl Proxy {
    pub(super) fn new(address: SocketAddr, token: HeaderValue) -> anyhow::Result<Self> {
        let host = HeaderValue::from_str(&address.to_string()).context("failed to name the task runner")?;
        Ok(Self { address, host, token })
    }

    /// Passes a request on. A task runner that does not answer is a 502.
    pub(super) async fn pass_on(&self, parts: &Parts, body: Body) -> Result {
        let body = match Limited::new(body, LIMIT).collect().await {
            Ok(collected) => collected.to_bytes(),
            Err(error) if error.is::<LengthLimitError>() => return Err(Error::TooLarge { limit: LIMIT }),
            Err(_) => return Err(Error::bad_request("the body breaks off")),
        };
        match self.ask(self.request(parts, body)).await {
            Ok(response) => Ok(response.into()),
            Err(error) => {
                tracing::debug!(target: "http.dev", "the task runner does not answer: {error:#}");
                let text = "the task runner does not answer; does `cargo xtask dev` still run?\n";
                Response::text(text).status(StatusCode::BAD_GATEWAY).header(header::CACHE_CONTROL, "no-store")
            }
        }
    }

    fn request(&self, parts: &Parts, body: Bytes) -> http::Request<Full<Bytes>> {
        let mut request = http::Request::new(Full::new(body));
        *request.method_mut() = parts.method.clone();
        *request.uri_mut() = parts.uri.path_and_query().cloned().unwrap_or(PathAndQuery::from_static("/")).into();
        let headers = request.headers_mut();
        for name in PASSED_ON {
            if let Some(value) = parts.headers.get(&name) {
                headers.insert(name, value.clone());
            }
        }
        headers.insert(header::HOST, self.host.clone());
        headers.insert(TOKEN, self.token.clone());
        request
    }

    async fn ask(&self, request: http::Request<Full<Bytes>>) -> anyhow::Result<http::Response<Body>> {
        let stream = TcpStream::connect(self.address).await.context("failed to connect")?;
        // A short request should not wait for more; a socket that refuses works all the same.
        let _ = stream.set_nodelay(true);
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let mut driver = JoinSet::new();
        driver.spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(target: "http.dev", "the connection to the task runner broke off: {error}");
            }
        });
        let (mut parts, body) = sender.send_request(request).await?.into_parts();
        drop_hop_by_hop(&mut parts.headers);
        Ok(http::Response::from_parts(parts, Body::new(Answer { body, _driver: driver })))
    }
}

fn drop_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named.iter().chain(&HOP_BY_HOP) {
        headers.remove(name);
    }
}

/// The body of an answer, and the connection that it comes over: when the browser goes away, both end.
struct Answer {
    body: Incoming,
    /// Dropped, it ends its task.
    _driver: JoinSet<()>,
}

impl hyper::body::Body for Answer {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut task::Context<'_>,
    ) -> Poll<Option<std::result::Result<Frame<Bytes>, hyper::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
