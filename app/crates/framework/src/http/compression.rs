//! Pages are compressed on their way out, when the client takes that. Static files are not: they are there in all
//! encodings already.

use std::io::{self, Write as _};

use anyhow::Context as _;
use axum_core::body::Body;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body_util::BodyExt as _;
use hyper::body::Body as _;

use super::accepted::Accepted;
use super::{Response, Result};
use crate::staticfiles::compress::Encoding;

/// Below this, the answer fits into one packet anyway.
const LEAST: u64 = 1024;

/// Above this, it would keep other requests waiting too long.
const LARGE: u64 = 256 * 1024;

/// Marks an answer that is to leave as it is.
#[derive(Clone, Copy)]
pub(super) struct AsItIs;

/// The fastest first: each page is compressed anew.
const CHOICES: [Encoding; 3] = [Encoding::Zstd, Encoding::Brotli, Encoding::Gzip];

/// The answer as the client takes it best.
pub(super) async fn compressed(response: Response, accepted: &Accepted) -> Result {
    let response = response.into_inner();
    let Some(length) = response.body().size_hint().exact().filter(|length| *length >= LEAST) else {
        return Ok(response.into());
    };
    if !is_compressible(&response) {
        return Ok(response.into());
    }
    let (mut parts, body) = response.into_parts();
    parts.headers.append(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    let Some(encoding) = accepted.best(CHOICES, Encoding::token) else {
        return Ok(http::Response::from_parts(parts, body).into());
    };
    let bytes = body.collect().await.context("failed to make the answer")?.to_bytes();
    let encoded = if length > LARGE {
        let encoding = tokio::task::spawn_blocking(move || encode(&bytes, encoding));
        encoding.await.context("failed to compress the answer")?
    } else {
        encode(&bytes, encoding)
    };
    let encoded = Bytes::from(encoded.context("failed to compress the answer")?);
    parts.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding.token()));
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.remove(header::ACCEPT_RANGES);
    weaken(&mut parts.headers);
    Ok(http::Response::from_parts(parts, Body::from(encoded)).into())
}

fn is_compressible(response: &http::Response<Body>) -> bool {
    let (headers, status) = (response.headers(), response.status());
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = text(header::CONTENT_TYPE).split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_text = essence.starts_with("text/")
        || essence.ends_with("json")
        || essence.ends_with("xml")
        || matches!(essence.as_str(), "application/javascript" | "application/wasm");
    is_text
        && status != StatusCode::PARTIAL_CONTENT
        && !headers.contains_key(header::CONTENT_ENCODING)
        && !text(header::CACHE_CONTROL).contains("no-transform")
        && response.extensions().get::<AsItIs>().is_none()
}

/// The bytes are others than those that the tag was made for.
fn weaken(headers: &mut HeaderMap) {
    let Some(tag) = headers.get(header::ETAG).filter(|tag| !tag.as_bytes().starts_with(b"W/")) else { return };
    let weak = [b"W/", tag.as_bytes()].concat();
    // What follows was a header's value already.
    if let Ok(weak) = HeaderValue::from_bytes(&weak) {
        headers.insert(header::ETAG, weak);
    }
}

fn encode(bytes: &[u8], encoding: Encoding) -> io::Result<Vec<u8>> {
    let mut encoded = Vec::with_capacity(bytes.len() / 3);
    match encoding {
        Encoding::Zstd => return zstd::bulk::compress(bytes, 3),
        Encoding::Brotli => {
            // With smaller windows the encoder takes a slower way.
            let parameters = brotli::enc::BrotliEncoderParams {
                quality: 4,
                lgwin: 18,
                size_hint: bytes.len(),
                ..Default::default()
            };
            brotli::BrotliCompress(&mut &*bytes, &mut encoded, &parameters)?;
        }
        Encoding::Gzip => {
            let mut encoder = flate2::write::GzEncoder::new(encoded, flate2::Compression::new(5));
            encoder.write_all(bytes)?;
            encoded = encoder.finish()?;
        }
    }
    Ok(encoded)
}
