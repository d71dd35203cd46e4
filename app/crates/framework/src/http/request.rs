//! What a handler is given.

use std::net::IpAddr;
use std::str::FromStr;
use std::sync::{Arc, Mutex};

use anyhow::anyhow;
use axum_core::body::Body;
use bytes::Bytes;

use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderMap, Method, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::de::DeserializeOwned;

use super::bodies::SlowBody;
use super::hosts::named;
use super::origin::{Format, Origin};
use super::routes::Params;
use super::visitor::Visitor;
use super::{Error, Response, Result, Site, UrlError};
use crate::context::Context;
use crate::templates::Values;

/// How browsers encode a form.
const FORM: &str = "application/x-www-form-urlencoded";

/// A request on its way through a handler.
pub struct Request {
    site: Arc<Site>,
    parts: Parts,
    params: Params,
    origin: Origin,
    /// Behind a lock only so that a handler may hold `&Request` while it waits (a body cannot be shared as it is).
    body: Mutex<Option<Body>>,
}

impl Request {
    pub(super) fn new(site: Arc<Site>, parts: Parts, body: Body, params: Params, origin: Origin) -> Self {
        Self { site, parts, params, origin, body: Mutex::new(Some(body)) }
    }

    /// The project's context.
    pub fn ctx(&self) -> &Context {
        self.site.ctx()
    }

    /// The method.
    pub fn method(&self) -> &Method {
        &self.parts.method
    }

    /// The path, still encoded, without the query.
    pub fn path(&self) -> &str {
        self.parts.uri.path()
    }

    /// All headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.parts.headers
    }

    /// A header, when it is there and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.parts.headers.get(name)?.to_str().ok()
    }

    /// The host that the request names, with its port.
    pub(super) fn host(&self) -> Option<&str> {
        named(&self.parts)
    }

    /// The address that the request came from. None over a socket file, unless a trusted proxy says it
    /// (`security.trusted_proxies`).
    pub fn client_ip(&self) -> Option<IpAddr> {
        self.origin.way.client
    }

    /// Whether the request came over HTTPS, as a trusted proxy says.
    pub fn is_secure(&self) -> bool {
        self.origin.way.secure
    }

    /// The path, still encoded, with the query.
    pub(super) fn path_and_query(&self) -> &str {
        self.parts.uri.path_and_query().map_or("/", PathAndQuery::as_str)
    }

    /// What the server itself notes about a request. It cannot come over the wire.
    pub(super) fn extension<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.parts.extensions.get()
    }

    pub(super) fn shared_visitor(&self) -> Arc<Visitor> {
        Arc::clone(&self.origin.visitor)
    }

    pub(super) fn visitor(&self) -> &Visitor {
        &self.origin.visitor
    }

    /// Whether the visitor's program shows pages.
    pub(super) fn wants_html(&self) -> bool {
        self.origin.format == Format::Html
    }

    /// The id under which the log speaks of this request.
    pub fn request_id(&self) -> &str {
        &self.origin.id
    }

    /// A parameter of the path, as the route names it.
    ///
    /// # Errors
    /// 404 when it cannot be read as `T`: then there is no such page.
    pub fn param<T: FromStr>(&self, name: &str) -> Result<T> {
        let (_, text) = self
            .params
            .iter()
            .find(|(known, _)| known == name)
            .ok_or_else(|| anyhow!("the route of `{}` has no parameter `{name}`", self.path()))?;
        text.parse().map_err(|_| Error::NotFound)
    }

    /// What stands after `?`.
    ///
    /// # Errors
    /// 400 when it cannot be read as `T`.
    pub fn query<T: DeserializeOwned>(&self) -> Result<T> {
        let query = self.parts.uri.query().unwrap_or_default();
        serde_urlencoded::from_str(query).map_err(|error| Error::BadRequest(format!("the query is wrong: {error}")))
    }

    /// The body.
    ///
    /// # Errors
    /// 413 when it is larger than `server.max_body_bytes`, 408 when it does not come, 400 when it breaks off.
    pub async fn body(&self) -> Result<Bytes> {
        let taken = self.body.lock().map_err(|_| anyhow!("failed to take the body"))?.take();
        let body = taken.ok_or_else(|| anyhow!("the body of a request can be read only once"))?;
        let limit = self.site.limits().body_bytes;
        let announced = self.header("content-length").and_then(|length| length.parse::<usize>().ok());
        if announced.is_some_and(|length| length > limit) {
            return Err(Error::TooLarge { limit });
        }
        match Limited::new(body, limit).collect().await {
            Ok(collected) => Ok(collected.to_bytes()),
            Err(error) if error.is::<LengthLimitError>() => Err(Error::TooLarge { limit }),
            Err(error) if is_slow(error.as_ref()) => Err(Error::TooSlow),
            Err(_) => Err(Error::bad_request("the body breaks off")),
        }
    }

    /// The fields of a form (`application/x-www-form-urlencoded`).
    ///
    /// # Errors
    /// 400 when it is something else, or cannot be read as `T`; see [`Self::body`].
    pub async fn form<T: DeserializeOwned>(&self) -> Result<T> {
        self.expect_type(FORM)?;
        let body = self.body().await?;
        serde_urlencoded::from_bytes(&body).map_err(|error| Error::BadRequest(format!("the form is wrong: {error}")))
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// 400 when it is something else, or cannot be read as `T`; see [`Self::body`].
    pub async fn json<T: DeserializeOwned>(&self) -> Result<T> {
        self.expect_type("application/json")?;
        let body = self.body().await?;
        serde_json::from_slice(&body).map_err(|error| Error::BadRequest(format!("the JSON is wrong: {error}")))
    }

    /// One field of a form, before the handler reads the form itself. Nothing when the body is something else.
    pub(super) async fn form_field(&self, name: &str) -> Result<Option<String>> {
        if self.expect_type(FORM).is_err() {
            return Ok(None);
        }
        let bytes = self.body().await?;
        let value = form_urlencoded(&bytes, name);
        *self.body.lock().map_err(|_| anyhow!("failed to put the body back"))? = Some(Body::from(bytes));
        Ok(value)
    }

    fn expect_type(&self, expected: &str) -> Result<()> {
        let given = self.header(header::CONTENT_TYPE.as_str()).unwrap_or_default();
        let essence = given.split(';').next().unwrap_or_default().trim();
        if essence.eq_ignore_ascii_case(expected) {
            return Ok(());
        }
        Err(Error::BadRequest(format!("the body must be `{expected}`")))
    }

    /// A page made from a template. It sees the values, and `path`, `language`, `request_id`, `project`, `debug`,
    /// `csrf_field()`, and `user` when the handler has asked for it (see [`Self::user`]).
    ///
    /// # Errors
    /// When the template is missing or wrong: a 500 that names file and line.
    pub fn render(&self, template: &str, values: Values) -> Result {
        let scope = self.origin.scope(self.ctx());
        let html = self.site.templates().render(template, values.over(scope))?;
        Ok(Response::html(html))
    }

    /// The path of the route with this name, its parameters filled in.
    ///
    /// # Errors
    /// When there is no such route, or its parameters are others than those given.
    pub fn url(&self, name: &str, params: &[(&str, &str)]) -> std::result::Result<String, UrlError> {
        self.site.templates().urls().reverse(name, params)
    }
}

/// Whether the client kept us waiting.
fn is_slow(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| error.source()).any(|error| error.is::<SlowBody>())
}

/// The first field of this name. What is no form has none; the handler says so.
fn form_urlencoded(bytes: &[u8], name: &str) -> Option<String> {
    let fields: Vec<(String, String)> = serde_urlencoded::from_bytes(bytes).ok()?;
    fields.into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
}
