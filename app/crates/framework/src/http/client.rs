//! A client for tests: requests go through the whole site, without a socket.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum_core::body::Body;
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, header};
use http_body_util::BodyExt as _;

use super::Site;
use super::csrf::Unchecked;
use super::route::Csrf;
use super::visitor::Visitor;
use crate::accounts::Account;
use crate::context::Context;

/// Sends requests to a site in the same process. It keeps cookies as a browser does; unlike one, it may send any form
/// (but see [`Client::with_csrf_checks`]).
pub struct Client {
    site: Arc<Site>,
    host: String,
    cookies: Mutex<BTreeMap<String, String>>,
    csrf: Csrf,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct TestResponse {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, as text.
    pub body: String,
    /// The body as it came.
    pub bytes: Bytes,
}

impl TestResponse {
    /// The body as JSON.
    ///
    /// # Panics
    /// When it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// A header, or nothing.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl Client {
    /// A client of the context's modules. It names the first allowed host, else `localhost`.
    ///
    /// # Panics
    /// When routes exclude each other.
    pub fn new(ctx: &Context) -> Self {
        let host = match ctx.settings().allowed_hosts.first().map(|host| host.trim_start_matches('.')) {
            None | Some("*") => "localhost".to_owned(),
            Some(host) => host.to_owned(),
        };
        let site = Site::new(ctx.clone()).expect("routes that do not exclude each other");
        Self { site, host, cookies: Mutex::default(), csrf: Csrf::Exempt }
    }

    /// The same client, but its forms are checked as those of a browser are.
    pub fn with_csrf_checks(mut self) -> Self {
        self.csrf = Csrf::Checked;
        self
    }

    /// A cookie that the site has set.
    ///
    /// # Panics
    /// When another thread panicked in here.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.lock().expect("no holder panics").get(name).cloned()
    }

    /// Sets a cookie, or takes it away.
    ///
    /// # Panics
    /// When another thread panicked in here.
    pub fn set_cookie(&self, name: &str, value: Option<&str>) {
        let mut cookies = self.cookies.lock().expect("no holder panics");
        match value {
            Some(value) => cookies.insert(name.to_owned(), value.to_owned()),
            None => cookies.remove(name),
        };
    }

    /// Logs in without a password, in place of whoever was logged in.
    ///
    /// # Panics
    /// When the session cannot be written.
    pub async fn log_in(&self, account: &Account) {
        let (parts, ()) = http::Request::new(()).into_parts();
        let visitor = Visitor::of(&parts, self.site.ctx());
        visitor.log_in(account.clone()).await.expect("a login");
        let mut response = http::Response::new(Body::empty());
        visitor.finish(&mut response).await.expect("a session");
        self.keep_cookies(response.headers());
    }

    fn keep_cookies(&self, headers: &HeaderMap) {
        for set in headers.get_all(header::SET_COOKIE) {
            let set = set.to_str().expect("a cookie of visible letters");
            let (name, value) = set.split(';').next().and_then(|pair| pair.split_once('=')).expect("a cookie");
            self.set_cookie(name, (!set.contains("Max-Age=0;")).then_some(value));
        }
    }

    /// Reads a page.
    pub async fn get(&self, path: &str) -> TestResponse {
        self.send(Method::GET, path, &[], "").await
    }

    /// Asks for the head of a page.
    pub async fn head(&self, path: &str) -> TestResponse {
        self.send(Method::HEAD, path, &[], "").await
    }

    /// Sends a form, as a browser encodes it.
    ///
    /// # Panics
    /// When the fields cannot be encoded.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> TestResponse {
        let form = serde_urlencoded::to_string(fields).expect("fields that can be encoded");
        self.send(Method::POST, path, &[("content-type", "application/x-www-form-urlencoded")], form).await
    }

    /// Sends a JSON body, as programs do.
    pub async fn send_json(&self, method: Method, path: &str, json: &str) -> TestResponse {
        self.send(method, path, &[("content-type", "application/json")], json.to_owned()).await
    }

    /// Sends any request. `host` among the headers takes the place of the client's own.
    ///
    /// # Panics
    /// When path or headers are not what HTTP allows.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> TestResponse {
        let mut request = http::Request::builder().method(method).uri(path);
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            request = request.header(header::HOST, &self.host);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let cookies = self.cookies.lock().expect("no holder panics").clone();
        if !cookies.is_empty() {
            let pairs: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(header::COOKIE, pairs.join("; "));
        }
        let mut request = request.body(body.into()).expect("a request that HTTP allows");
        if self.csrf == Csrf::Exempt {
            request.extensions_mut().insert(Unchecked);
        }
        let (parts, body) = Arc::clone(&self.site).handle(request).await.into_parts();
        self.keep_cookies(&parts.headers);
        let bytes = body.collect().await.expect("a body that does not break off").to_bytes();
        let body = String::from_utf8_lossy(&bytes).into_owned();
        TestResponse { status: parts.status, headers: parts.headers, body, bytes }
    }
}
