//! Static files as they are on disk, served while developing.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::Path;

use anyhow::Context as _;
use http::request::Parts;
use http::{Method, StatusCode, header};
use percent_encoding::percent_decode_str;

use super::content_type::content_type;
use super::{Place, find, places, prefix};
use crate::context::Context;
use crate::http::{Error, Response, Result};

/// Serves static files as they are on disk.
pub(crate) struct StaticFiles {
    prefix: String,
    places: Vec<Place>,
}

impl StaticFiles {
    pub(crate) fn new(ctx: &Context) -> Self {
        Self { prefix: prefix(ctx.settings()), places: places(ctx) }
    }

    /// The answer to a request for a static file; none when it asks for something else.
    pub(crate) async fn answer(&self, parts: &Parts) -> Option<Result> {
        let path = parts.uri.path().strip_prefix(&self.prefix)?;
        if !matches!(parts.method, Method::GET | Method::HEAD) {
            return Some(Err(Error::MethodNotAllowed(vec![Method::GET, Method::HEAD])));
        }
        let known = parts.headers.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok()).map(str::to_owned);
        let (places, path) = (self.places.clone(), path.to_owned());
        let answer = tokio::task::spawn_blocking(move || answer(&places, &path, known.as_deref())).await;
        Some(answer.context("failed to read a static file").map_err(Error::from).flatten())
    }
}

fn answer(places: &[Place], path: &str, known: Option<&str>) -> Result {
    // An encoded slash would be a part of a name; no file has such a name.
    if path.to_ascii_lowercase().contains("%2f") {
        return Err(Error::NotFound);
    }
    let path = percent_decode_str(path).decode_utf8().map_err(|_| Error::NotFound)?;
    let file = find(places, &path).ok_or(Error::NotFound)?;
    let bytes = file.read().with_context(|| format!("failed to read `{path}`"))?;
    let tag = tag(&bytes);
    let response = if known.is_some_and(|known| known == "*" || known.split(',').any(|one| one.trim() == tag)) {
        Response::empty(StatusCode::NOT_MODIFIED)
    } else {
        Response::of(content_type(Path::new(&*path)), bytes)
    };
    // The browser asks each time, so that an edit is seen at once.
    response.header(header::ETAG, &tag)?.header(header::CACHE_CONTROL, "no-cache")
}

/// The same for the same content, as long as the program is the same.
fn tag(bytes: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    format!("\"{:016x}\"", hasher.finish())
}
