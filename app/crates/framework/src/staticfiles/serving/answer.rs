//! From a request and a static file to an answer: form, conditions, parts.

use std::fs::File;
use std::io;

use anyhow::{Context as _, anyhow};
use axum_core::body::Body;
use bytes::Bytes;
use http::request::Parts;
use http::{Method, StatusCode, header};

use super::asset::{Asset, Caching, Form};
use super::conditions::{Verdict, allows_parts, judge};
use super::ranges::{Wanted, wanted};
use super::sending::{Piece, Pieces, Source};
use crate::http::{Accepted, Error, Response, Result};
use crate::staticfiles::build::Data;
use crate::staticfiles::compress::Encoding;

/// The answer to a request to read this file.
pub(super) async fn answer(asset: &Asset, parts: &Parts) -> Result {
    let form = asset.choose(&Accepted::of(&parts.headers)).await?;
    match send(asset, &form, parts).await {
        Err(error) if form.encoding.is_some() => {
            tracing::warn!(target: "http", "a compressed static file cannot be sent: {error}");
            send(asset, &asset.plain, parts).await
        }
        result => result,
    }
}

async fn send(asset: &Asset, form: &Form, parts: &Parts) -> Result {
    match judge(&parts.headers, &form.tag) {
        Verdict::Failed => return refused(StatusCode::PRECONDITION_FAILED),
        Verdict::NotModified => return described(Response::empty(StatusCode::NOT_MODIFIED), asset, form),
        Verdict::Send => {}
    }
    let asked = parts.headers.get(header::RANGE).and_then(|value| value.to_str().ok());
    let asked = asked.filter(|_| parts.method == Method::GET && allows_parts(&parts.headers, &form.tag));
    let wanted = asked.map_or(Wanted::All, |value| wanted(value, form.size));
    if wanted == Wanted::Nothing {
        return refused(StatusCode::RANGE_NOT_SATISFIABLE)?
            .header(header::CONTENT_RANGE, &format!("bytes */{}", form.size));
    }
    let source = open(form).await?;
    let response = match &wanted {
        Wanted::All | Wanted::Nothing => body(asset, source, vec![Piece::Part(0..form.size)]),
        Wanted::Parts(ranges) if let [range] = ranges.as_slice() => {
            let response = body(asset, source, vec![Piece::Part(range.clone())]).status(StatusCode::PARTIAL_CONTENT);
            response.header(header::CONTENT_RANGE, &format!("bytes {}-{}/{}", range.start, range.end - 1, form.size))?
        }
        Wanted::Parts(ranges) => {
            // Nothing but the hash itself could bring it about that it stands in the content.
            let boundary = form.tag.trim_matches('"');
            let mut pieces = Vec::new();
            for range in ranges {
                let start = if pieces.is_empty() { "" } else { "\r\n" };
                let (first, last) = (range.start, range.end - 1);
                pieces.push(text(format!(
                    "{start}--{boundary}\r\nContent-Type: {}\r\nContent-Range: bytes {first}-{last}/{}\r\n\r\n",
                    asset.content_type, form.size
                )));
                pieces.push(Piece::Part(range.clone()));
            }
            pieces.push(text(format!("\r\n--{boundary}--\r\n")));
            let response = body(asset, source, pieces).status(StatusCode::PARTIAL_CONTENT);
            response.header(header::CONTENT_TYPE, &format!("multipart/byteranges; boundary={boundary}"))?
        }
    };
    let response = match form.encoding {
        Some(encoding) => response.header(header::CONTENT_ENCODING, Encoding::token(encoding))?,
        None => response,
    };
    described(response.header(header::ACCEPT_RANGES, "bytes")?, asset, form)
}

fn text(text: String) -> Piece {
    Piece::Text(Bytes::from(text))
}

fn body(asset: &Asset, source: Source, pieces: Vec<Piece>) -> Response {
    Response::of(asset.content_type, Body::new(Pieces::new(source, pieces)))
}

/// What every answer says about the file, also that the client has it already.
fn described(response: Response, asset: &Asset, form: &Form) -> Result {
    let caching = match asset.caching {
        Caching::Forever => "public, max-age=31536000, immutable",
        Caching::Asked => "no-cache",
    };
    let response = response.header(header::ETAG, &form.tag)?.header(header::CACHE_CONTROL, caching)?;
    if asset.varies() { response.header(header::VARY, "Accept-Encoding") } else { Ok(response) }
}

fn refused(status: StatusCode) -> Result {
    Response::empty(status).header(header::CACHE_CONTROL, "no-store")
}

/// Opens what is to be sent, and makes sure that it is still what its tag says.
async fn open(form: &Form) -> Result<Source> {
    let path = match &form.data {
        Data::Memory(bytes) => return Ok(Source::Memory(bytes.clone())),
        Data::Disk(path) => path.clone(),
    };
    let shown = path.display().to_string();
    let opened = tokio::task::spawn_blocking(move || {
        let file = File::open(path)?;
        let size = file.metadata()?.len();
        Ok::<_, io::Error>((file, size))
    });
    match opened.await.context("failed to open a static file")? {
        Ok((file, size)) if size == form.size => Ok(Source::File(file)),
        Ok((_, size)) => {
            Err(anyhow!("`{shown}` was changed by hand: it has {size} bytes instead of {}", form.size).into())
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Error::NotFound),
        Err(error) => Err(anyhow::Error::new(error).context(format!("failed to open `{shown}`")).into()),
    }
}
