//! What is kept of a request while its handler owns it: enough for the error page, the templates and the log.

use http::request::Parts;
use http::{Method, header};

use std::sync::Arc;

use super::accepted::Accepted;
use super::visitor::Visitor;
use super::way::Way;
use crate::clock::random_hex;
use crate::context::Context;
use crate::templates::{Values, context};

/// The header that carries a request's id, both ways.
pub(super) const REQUEST_ID: &str = "x-request-id";

/// What the visitor's program wants to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Html,
    Json,
}

/// Where a request came from and where it goes.
#[derive(Clone)]
pub(super) struct Origin {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) format: Format,
    pub(super) id: String,
    pub(super) visitor: Arc<Visitor>,
    pub(super) way: Way,
    /// How the answer may be compressed.
    pub(super) accepted: Arc<Accepted>,
}

impl Origin {
    pub(super) fn of(parts: &Parts, ctx: &Context) -> Self {
        let accept = parts.headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let format = if accept.contains("application/json") { Format::Json } else { Format::Html };
        let given = parts.headers.get(REQUEST_ID).and_then(|value| value.to_str().ok()).filter(|id| is_sane(id));
        Self {
            method: parts.method.clone(),
            path: parts.uri.path().to_owned(),
            format,
            id: given.map_or_else(|| random_hex(ctx.random(), 8), str::to_owned),
            visitor: Arc::new(Visitor::of(parts, ctx)),
            way: Way::of(parts, &ctx.settings().security.trusted_proxies),
            accepted: Arc::new(Accepted::of(&parts.headers)),
        }
    }

    /// What every template sees beside the values of its handler.
    pub(super) fn scope(&self, ctx: &Context) -> Values {
        let (path, request_id, language) = (&self.path, &self.id, ctx.locale().unwrap_or_default().tag());
        context! { path, request_id, language }.over(self.visitor.scope())
    }
}

/// An id that can stand in a log line and in a header, from a proxy before us.
fn is_sane(id: &str) -> bool {
    (8..=64).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}
