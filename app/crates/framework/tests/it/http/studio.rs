//! A module of pages that are not as simple as those of the shop: pieces, streams, much of everything.

use framework::http::{self, Body, Bytes, Error, Request, Response, StatusCode, get, header, post};
use framework::module::Module;
use futures_util::stream;
use serde::Deserialize;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

/// A page with a `<head>`.
pub(super) const PAGE: &str = "<!doctype html>\n<html lang=en><head><title>x</title></head><body>x</body></html>";

pub(super) fn module() -> Module {
    Module::new("studio")
        .routes(vec![
            post("/markup/", markup).csrf_exempt(),
            get("/whole/", whole),
            get("/pieces/", pieces),
            get("/tagged/", tagged),
            get("/plain/", plain),
            get("/packed/", packed),
            get("/saved/", saved),
            get("/part/", part),
            get("/nothing/", nothing),
            get("/large/", large),
            post("/large/", large).csrf_exempt(),
            get("/events/", events),
            get("/drip/", drip),
        ])
        .clone()
}

/// The body of the request as a page.
async fn markup(request: Request) -> http::Result {
    Ok(Response::of("Text/HTML;charset=utf-8", request.body().await?))
}

async fn whole(_: Request) -> http::Result {
    Ok(Response::html(PAGE))
}

/// The same page, letter by letter, so of unknown length.
async fn pieces(_: Request) -> http::Result {
    let letters = PAGE.bytes().map(|byte| Ok::<_, Error>(Bytes::copy_from_slice(&[byte])));
    Ok(Response::of("text/html", Body::from_stream(stream::iter(letters))))
}

/// The same page, with all that a browser needs to keep it.
async fn tagged(request: Request) -> http::Result {
    if request.header("if-none-match") == Some("\"1\"") {
        return Response::empty(StatusCode::NOT_MODIFIED).header(header::ETAG, "\"1\"");
    }
    let page = Response::html(PAGE).header(header::CONTENT_LENGTH, &PAGE.len().to_string())?;
    page.header(header::ETAG, "\"1\"")?.header(header::LAST_MODIFIED, "Wed, 21 Oct 2015 07:28:00 GMT")
}

async fn plain(_: Request) -> http::Result {
    Ok(Response::text(PAGE))
}

async fn packed(_: Request) -> http::Result {
    Response::html(PAGE).header(header::CONTENT_ENCODING, "br")
}

async fn saved(_: Request) -> http::Result {
    Response::html(PAGE).header(header::CONTENT_DISPOSITION, "attachment; filename=\"page.html\"")
}

async fn part(_: Request) -> http::Result {
    let part = Response::html(&PAGE[..9]).status(StatusCode::PARTIAL_CONTENT);
    part.header(header::CONTENT_RANGE, &format!("bytes 0-8/{}", PAGE.len()))
}

async fn nothing(_: Request) -> http::Result {
    Ok(Response::html("").status(StatusCode::NO_CONTENT))
}

#[derive(Deserialize)]
struct Size {
    size: usize,
}

/// So many letters. A body of the request is not read.
async fn large(request: Request) -> http::Result {
    let Size { size } = request.query()?;
    Ok(Response::text("x".repeat(size)))
}

/// One event, and nothing more for ever.
async fn events(_: Request) -> http::Result {
    let first = Ok::<_, Error>(Bytes::from_static(b"data: first\n\n"));
    let events = stream::unfold(Some(first), |first| async move {
        match first {
            Some(first) => Some((first, None)),
            None => std::future::pending().await,
        }
    });
    Ok(Response::of("text/event-stream", Body::from_stream(events)))
}

#[derive(Deserialize)]
struct Gate {
    gate: String,
}

/// The first half at once, the second one when the gate is opened.
async fn drip(request: Request) -> http::Result {
    let Gate { gate } = request.query()?;
    let halves = stream::unfold(0, move |half| {
        let gate = gate.clone();
        async move {
            match half {
                0 => Some((Ok("first "), 1)),
                1 => Some((open(&gate).await.map(|()| "second"), 2)),
                _ => None,
            }
        }
    });
    Ok(Response::of("text/plain", Body::from_stream(halves)))
}

async fn open(gate: &str) -> Result<(), std::io::Error> {
    TcpStream::connect(gate).await?.read_u8().await.map(drop)
}
