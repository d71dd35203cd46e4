//! What a handler answers with.

use std::borrow::Cow;

use anyhow::Context as _;
use axum_core::body::Body;
use http::{HeaderName, HeaderValue, StatusCode, header};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::Serialize;

use super::Error;

/// What must not stand in a `Location` header as it is.
const LOCATION: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'\\').add(b'^').add(b'`').add(b'{').add(b'|').add(b'}');

/// A response: status, headers, body.
#[derive(Debug)]
pub struct Response(http::Response<Body>);

impl Response {
    /// A page.
    pub fn html(html: impl Into<String>) -> Self {
        Self::of("text/html; charset=utf-8", html.into())
    }

    /// Plain text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::of("text/plain; charset=utf-8", text.into())
    }

    /// A value as JSON.
    ///
    /// # Errors
    /// When the value cannot be written as JSON.
    pub fn json(value: &impl Serialize) -> Result<Self, Error> {
        let text = serde_json::to_string(value).context("failed to write JSON")?;
        Ok(Self::of("application/json", text))
    }

    /// Sends the browser on to read another page (303: also after a form was sent).
    pub fn redirect(to: &str) -> Self {
        Self::see(StatusCode::SEE_OTHER, to)
    }

    /// Says that the page is at another address now, for good (301).
    pub fn moved(to: &str) -> Self {
        Self::see(StatusCode::MOVED_PERMANENTLY, to)
    }

    /// A status without a body.
    pub fn empty(status: StatusCode) -> Self {
        Self(http::Response::new(Body::empty())).status(status)
    }

    /// Bytes of this type.
    pub fn of(content_type: &'static str, body: impl Into<Body>) -> Self {
        let mut response = http::Response::new(body.into());
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        Self(response)
    }

    fn see(status: StatusCode, to: &str) -> Self {
        let to: Cow<'_, str> = utf8_percent_encode(to, LOCATION).into();
        // What is left is visible ASCII, so the value is always valid.
        let location = HeaderValue::from_str(&to).unwrap_or_else(|_| HeaderValue::from_static("/"));
        let mut response = Self::empty(status);
        response.0.headers_mut().insert(header::LOCATION, location);
        response
    }

    /// Sets the status.
    pub fn status(mut self, status: StatusCode) -> Self {
        *self.0.status_mut() = status;
        self
    }

    /// Sets a header, in place of an earlier one of the same name.
    ///
    /// # Errors
    /// When the value holds what a header cannot.
    pub fn header(mut self, name: HeaderName, value: &str) -> Result<Self, Error> {
        let value = HeaderValue::from_str(value).with_context(|| format!("failed to set the header `{name}`"))?;
        self.0.headers_mut().insert(name, value);
        Ok(self)
    }

    /// The response as the `http` crate has it.
    pub fn into_inner(self) -> http::Response<Body> {
        self.0
    }
}

impl From<http::Response<Body>> for Response {
    fn from(response: http::Response<Body>) -> Self {
        Self(response)
    }
}
