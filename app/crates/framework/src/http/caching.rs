//! Whole pages from the cache: for which requests, which answers, and under which key.

use std::time::Duration;

use axum_core::body::Body;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use http_body_util::BodyExt as _;
use hyper::body::Body as _;
use serde::{Deserialize, Serialize};

use super::route::Handler;
use super::{Request, Response, Result};
use crate::context::Context;

/// Larger pages are not kept.
const LARGEST: u64 = 1024 * 1024;

/// What is kept of an answer. The body follows after a newline.
#[derive(Serialize, Deserialize)]
struct Head {
    /// When it was made, in milliseconds since 1970.
    at: i64,
    headers: Vec<(String, String)>,
}

/// Answers from the cache, or else by the handler, whose answer is kept if everybody may see it.
pub(super) async fn answer(request: Request, handler: Handler, ttl: Duration) -> Result {
    let Some(key) = key(&request) else { return handler(request).await };
    let ctx = request.ctx().clone();
    let cache = ctx.cache();
    match cache.get_bytes(&key).await {
        Ok(kept) => {
            if let Some(response) = kept.and_then(|kept| read(&kept, &ctx)) {
                return Ok(response);
            }
        }
        Err(error) => cache.note(&error),
    }
    let visitor = request.shared_visitor();
    let mut response = handler(request).await?.into_inner();
    if !visitor.leaves_no_trace() || !is_for_everybody(&response) {
        return Ok(response.into());
    }
    // A failure to collect it is a failure to send it.
    let seconds = HeaderValue::from_str(&format!("max-age={}", ttl.as_secs()));
    if let Ok(seconds) = seconds {
        response.headers_mut().entry(header::CACHE_CONTROL).or_insert(seconds);
    }
    // Browsers ask again once they have a session.
    response.headers_mut().append(header::VARY, HeaderValue::from_static("Cookie"));
    let (parts, body) = response.into_parts();
    let body = body.collect().await.map_err(anyhow::Error::from)?.to_bytes();
    if let Some(mut kept) = written(&parts.headers, &ctx) {
        kept.extend_from_slice(&body);
        if let Err(error) = cache.set_bytes(&key, kept, ttl).await {
            cache.note(&error);
        }
    }
    Ok(http::Response::from_parts(parts, Body::from(body)).into())
}

/// The key of the answer; nothing when it may be for one person alone, and while somebody works on the pages.
fn key(request: &Request) -> Option<String> {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let is_somebody = request.visitor().has_session() || request.headers().contains_key(header::AUTHORIZATION);
    if !reads || is_somebody || request.ctx().settings().debug {
        return None;
    }
    // The path first, so that `clear-cache --prefix page:/mailings/` does what it seems to.
    let (path, method) = (request.path_and_query(), request.method());
    let language = request.ctx().locale().unwrap_or_default();
    let format = if request.wants_html() { "html" } else { "json" };
    let host = request.host().unwrap_or_default().to_ascii_lowercase();
    Some(format!("page:{path} {method} {language} {format} {host}"))
}

fn is_for_everybody(response: &http::Response<Body>) -> bool {
    let headers = response.headers();
    let words = |name: HeaderName| {
        let values = headers.get_all(name).into_iter();
        values.flat_map(|value| value.to_str().unwrap_or("*").split(',')).map(|word| word.trim().to_ascii_lowercase())
    };
    let is_private = |word: String| matches!(word.as_str(), "private" | "no-store" | "no-cache");
    // What the key has in it anyway.
    let is_told_apart = |word: String| matches!(word.as_str(), "cookie" | "accept-language");
    response.status() == StatusCode::OK
        && !headers.contains_key(header::SET_COOKIE)
        && response.body().size_hint().exact().is_some_and(|size| size <= LARGEST)
        && !words(header::CACHE_CONTROL).any(is_private)
        && words(header::VARY).all(is_told_apart)
}

/// The head of what is kept. Headers that are no text cannot be.
fn written(headers: &HeaderMap, ctx: &Context) -> Option<Vec<u8>> {
    let text = |(name, value): (&HeaderName, &HeaderValue)| Some((name.to_string(), value.to_str().ok()?.to_owned()));
    let headers = headers.iter().map(text).collect::<Option<Vec<_>>>()?;
    let mut head = serde_json::to_vec(&Head { at: ctx.now().timestamp_millis(), headers }).ok()?;
    head.push(b'\n');
    Some(head)
}

/// The answer that was kept; nothing when another version of the program kept it in another form.
fn read(kept: &[u8], ctx: &Context) -> Option<Response> {
    let end = kept.iter().position(|byte| *byte == b'\n')?;
    let head: Head = serde_json::from_slice(&kept[..end]).ok()?;
    let mut response = http::Response::new(Body::from(kept[end + 1..].to_vec()));
    for (name, value) in head.headers {
        response.headers_mut().append(HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?);
    }
    let age = ctx.now().timestamp_millis().saturating_sub(head.at).max(0) / 1000;
    response.headers_mut().insert(header::AGE, HeaderValue::from(age));
    Some(response.into())
}
