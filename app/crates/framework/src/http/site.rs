//! The site: all that answers requests, and the order in which a request passes through it.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use axum_core::body::Body;
use futures_util::FutureExt as _;
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use hyper::body::Body as _;
use tokio::time::{Instant, timeout};
use tracing::Instrument as _;

use super::bodies::Reading;
use super::compression::{AsItIs, compressed};
use super::dev::{self, Dev};
use super::hosts::{Hosts, named, without_port};
use super::limits::Limits;
use super::metrics::{Event, Metrics};
use super::origin::{Origin, REQUEST_ID};
use super::probes::{Probes, is_probe};
use super::route::Csrf;
use super::routes::{Found, Routes};
use super::{Error, Request, Response, Result, csrf, pages};
use crate::context::Context;
use crate::staticfiles::StaticFiles;
use crate::templates::Engine;

/// Set on every response that does not set them itself.
const SECURITY: [(HeaderName, &str); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];

/// All that answers requests. Built once, before the first of them.
pub struct Site {
    ctx: Context,
    routes: Routes,
    templates: Engine,
    hosts: Hosts,
    /// Those that are found in debug mode, those that were collected otherwise.
    statics: Option<StaticFiles>,
    /// There only when a task runner that watches the sources started this process.
    dev: Option<Dev>,
    metrics: Arc<Metrics>,
    limits: Limits,
    probes: Probes,
    /// What browsers are told that came over HTTPS.
    hsts: Option<HeaderValue>,
}

impl Site {
    /// The site of a context's modules. Opens no database.
    ///
    /// # Errors
    /// When routes exclude each other, or what a task runner passed on is wrong.
    pub fn new(ctx: Context) -> anyhow::Result<Arc<Self>> {
        let routes = Routes::new(ctx.modules())?;
        let templates = Engine::new(&ctx);
        let hosts = Hosts::new(ctx.settings());
        let statics = StaticFiles::new(&ctx)?;
        let dev = Dev::of(&ctx)?;
        let hsts = hsts(ctx.settings().security.hsts_seconds);
        let probes = Probes::default();
        let (metrics, limits) = (Arc::new(Metrics::new()), Limits::of(&ctx.settings().server));
        Ok(Arc::new(Self { ctx, routes, templates, hosts, statics, dev, metrics, limits, probes, hsts }))
    }

    /// The context that handlers work with.
    pub fn ctx(&self) -> &Context {
        &self.ctx
    }

    /// The templates.
    pub fn templates(&self) -> &Engine {
        &self.templates
    }

    /// What is counted.
    pub(crate) fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(super) fn routes(&self) -> &Routes {
        &self.routes
    }

    /// What a browser is answered once another process takes the place of this one. Under a task runner only.
    pub(super) fn successors(&self, parts: &Parts) -> Option<Response> {
        self.dev.as_ref().and_then(|_| dev::successors(parts))
    }

    /// Answers a request: id → answer or error page → session → headers → access log.
    pub async fn handle(self: Arc<Self>, request: http::Request<Body>) -> http::Response<Body> {
        let started = Instant::now();
        let (mut parts, body) = request.into_parts();
        let mut origin = Origin::of(&parts, &self.ctx);
        origin.format = self.routes.format(parts.uri.path()).unwrap_or(origin.format);
        let script = self.dev.as_ref().map(|dev| (dev, dev.prepare(&mut parts)));
        let span = tracing::info_span!("request", id = %origin.id);
        // In a box, so that a connection holds the room for it while there is a request only.
        let answer: Pin<Box<dyn Future<Output = Response> + Send + '_>> =
            Box::pin(Arc::clone(&self).answer_or_page(parts, body, &origin).instrument(span));
        let mut response = answer.await;
        if let Some((dev, script)) = script {
            response = dev.finish(response, script);
        }
        let compressed = compressed(response, &origin.accepted).await;
        let response = compressed.unwrap_or_else(|error| pages::page(&self, &origin, &error));
        let response = self.finished(response, &origin);
        self.metrics.answered(response.status(), started.elapsed());
        log(&response, &origin, started);
        response
    }

    async fn answer_or_page(self: Arc<Self>, parts: Parts, body: Body, origin: &Origin) -> Response {
        let reading = parts.extensions.get::<Reading>().cloned();
        let answer = AssertUnwindSafe(Arc::clone(&self).answer(parts, body, origin.clone())).catch_unwind();
        let result = match within(self.limits.request, answer).await {
            Some(Ok(result)) => result,
            Some(Err(panic)) => {
                self.metrics.count(Event::Panic);
                Err(Error::Internal(panicked(panic.as_ref())))
            }
            None if reading.is_some_and(|reading| reading.is_awaited()) => Err(Error::TooSlow),
            None => {
                self.metrics.count(Event::Timeout);
                Err(Error::TimedOut)
            }
        };
        let response = result.unwrap_or_else(|error| pages::page(&self, origin, &error));
        self.with_session(response, origin).await.unwrap_or_else(|error| pages::page(&self, origin, &error))
    }

    async fn with_session(&self, response: Response, origin: &Origin) -> Result {
        let mut response = response.into_inner();
        // What a page that failed did to the session is not kept.
        if !response.status().is_server_error() {
            origin.visitor.finish(&mut response).await?;
        }
        Ok(response.into())
    }

    /// Probes → host check → HTTPS → development layer → static files → route → is it forged?
    async fn answer(self: Arc<Self>, parts: Parts, body: Body, origin: Origin) -> Result {
        if is_probe(parts.uri.path()) {
            return self.probes.answer(&parts.method, parts.uri.path(), &self.ctx).await;
        }
        self.hosts.check(&parts)?;
        if self.ctx.settings().security.ssl_redirect && !origin.way.secure {
            return over_https(&parts);
        }
        if parts.uri.path().starts_with(dev::PREFIX) {
            let dev = self.dev.as_ref().ok_or(Error::NotFound)?;
            return dev.answer(&parts, body).await;
        }
        if let Some(statics) = &self.statics
            && let Some(answer) = statics.answer(&parts).await
        {
            return answer.map(as_it_is);
        }
        let (handler, csrf, params) = match self.routes.find(&parts.method, parts.uri.path()) {
            Found::Handler(handler, csrf, params) => (Arc::clone(handler), csrf, params),
            Found::Other(methods) => return Err(Error::MethodNotAllowed(methods)),
            Found::Slash => return Ok(Response::moved(&slashed(&parts))),
            Found::Nothing => return Err(Error::NotFound),
        };
        let request = Request::new(self, parts, body, params, origin);
        if csrf == Csrf::Checked {
            csrf::check(&request).await?;
        }
        handler(request).await
    }

    /// The response as it leaves: id and security headers set, no body for HEAD.
    fn finished(&self, response: Response, origin: &Origin) -> http::Response<Body> {
        let mut response = response.into_inner();
        let exact = response.body().size_hint().exact();
        let headers = response.headers_mut();
        for (name, value) in SECURITY {
            headers.entry(name).or_insert(HeaderValue::from_static(value));
        }
        if let Some(hsts) = self.hsts.as_ref().filter(|_| origin.way.secure) {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, hsts.clone());
        }
        if let Ok(id) = HeaderValue::from_str(&origin.id) {
            headers.insert(REQUEST_ID, id);
        }
        if origin.method == Method::HEAD {
            if let Some(length) = exact.filter(|_| !headers.contains_key(header::CONTENT_LENGTH)) {
                headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
            }
            *response.body_mut() = Body::empty();
        }
        response
    }
}

/// What comes of a future, unless it takes too long.
async fn within<T>(limit: Option<Duration>, future: impl Future<Output = T>) -> Option<T> {
    match limit {
        Some(limit) => timeout(limit, future).await.ok(),
        None => Some(future.await),
    }
}

/// The header that keeps browsers from anything but HTTPS.
fn hsts(seconds: u64) -> Option<HeaderValue> {
    let value = || HeaderValue::from_str(&format!("max-age={seconds}"));
    (seconds > 0).then(value).and_then(std::result::Result::ok)
}

/// Marks an answer that is not to be compressed.
fn as_it_is(response: Response) -> Response {
    let mut response = response.into_inner();
    response.extensions_mut().insert(AsItIs);
    response.into()
}

/// The same address over HTTPS, on its usual port. What is sent is sent again there.
fn over_https(parts: &Parts) -> Result {
    let host = named(parts).and_then(without_port).ok_or_else(|| Error::bad_request("the request names no host"))?;
    let path = parts.uri.path_and_query().map_or("/", PathAndQuery::as_str);
    let response = Response::moved(&format!("https://{host}{path}"));
    Ok(if parts.method.is_safe() { response } else { response.status(StatusCode::PERMANENT_REDIRECT) })
}

/// The same address with a slash. A path that begins with two would name another host, so the second is encoded.
fn slashed(parts: &Parts) -> String {
    let path = match parts.uri.path().strip_prefix("//") {
        Some(rest) => format!("/%2F{rest}/"),
        None => format!("{}/", parts.uri.path()),
    };
    match parts.uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path,
    }
}

/// What a panic said.
fn panicked(panic: &(dyn Any + Send)) -> anyhow::Error {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    anyhow!("the handler panicked: {}", text.unwrap_or("(no message)"))
}

fn log(response: &http::Response<Body>, origin: &Origin, started: Instant) {
    let Origin { method, path, id, way, .. } = origin;
    let client = way.client.map(tracing::field::display);
    let status = response.status().as_u16();
    let ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let bytes = response.body().size_hint().exact();
    let machines = is_probe(path) || path.starts_with(dev::PREFIX);
    if response.status() >= StatusCode::INTERNAL_SERVER_ERROR && !path.starts_with(dev::PREFIX) {
        tracing::warn!(target: "http.access", ms, bytes, client, request_id = %id, "{method} {path} {status}");
    } else if machines {
        tracing::debug!(target: "http.access", ms, bytes, client, request_id = %id, "{method} {path} {status}");
    } else {
        tracing::info!(target: "http.access", ms, bytes, client, request_id = %id, "{method} {path} {status}");
    }
}
