//! Pages that load the task runner's script: a tag is put into the bytes as they pass, none of which is copied but the few
//! at the start of a page that comes in small pieces.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum_core::body::Body;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use hyper::body::{Frame, SizeHint};

use super::markup::{Place, place};
use crate::http::Response;

/// What is put into a page.
const TAG: &str = "<script src=\"/__dev/client.js\" defer></script>";

/// How far into a page `<head>` is looked for. A page that hides it behind a longer comment gets the script before it.
const LIMIT: usize = 64 * 1024;

/// Puts the script into a response that is a page.
pub(super) fn load(response: Response) -> Response {
    let response = response.into_inner();
    if !is_page(response.status(), response.headers()) {
        return response.into();
    }
    let (mut parts, body) = response.into_parts();
    // They speak of the page without the script: a browser that kept it under them would show it when this layer is gone.
    parts.headers.remove(header::ETAG);
    parts.headers.remove(header::LAST_MODIFIED);
    if let Some(length) = parts.headers.remove(header::CONTENT_LENGTH) {
        let length = length.to_str().ok().and_then(|length| length.parse::<u64>().ok());
        if let Some(length) = length {
            parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length + TAG.len() as u64));
        }
    }
    http::Response::from_parts(parts, Body::new(Page::of(body))).into()
}

/// Whether a browser shows this, and all of it, as a page.
fn is_page(status: StatusCode, headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = text(header::CONTENT_TYPE).split(';').next().unwrap_or_default().trim();
    let plain = matches!(text(header::CONTENT_ENCODING), "" | "identity");
    let saved = text(header::CONTENT_DISPOSITION).starts_with("attachment");
    let whole = !matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED | StatusCode::PARTIAL_CONTENT);
    essence.eq_ignore_ascii_case("text/html") && plain && !saved && whole
}

/// A page on its way out.
struct Page {
    body: Body,
    /// The pieces that came before the place was found.
    held: Vec<Bytes>,
    /// The same as one text; none once the script is in.
    start: Option<Vec<u8>>,
    /// What is to be sent before more is taken.
    out: VecDeque<Frame<Bytes>>,
}

impl Page {
    fn of(body: Body) -> Self {
        Self { body, held: Vec::new(), start: Some(Vec::new()), out: VecDeque::new() }
    }

    /// Takes a piece of the page in which the script is not yet.
    fn take(&mut self, piece: Bytes, mut start: Vec<u8>) {
        start.extend_from_slice(&piece[..piece.len().min(LIMIT - start.len())]);
        self.held.push(piece);
        match place(&start) {
            Place::Open(_) if start.len() < LIMIT => self.start = Some(start),
            Place::Open(at) | Place::At(at) => self.put_in(at),
        }
    }

    /// Puts the script in at this place of what is held.
    fn put_in(&mut self, mut at: usize) {
        let mut tag = Some(Bytes::from_static(TAG.as_bytes()));
        let mut pieces = Vec::new();
        for mut piece in self.held.drain(..) {
            if tag.is_some() && at <= piece.len() {
                pieces.push(piece.split_to(at));
                pieces.extend(tag.take());
            }
            at = at.saturating_sub(piece.len());
            pieces.push(piece);
        }
        pieces.extend(tag);
        self.out.extend(pieces.into_iter().filter(|piece| !piece.is_empty()).map(Frame::data));
    }
}

impl hyper::body::Body for Page {
    type Data = Bytes;
    type Error = axum_core::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        loop {
            if let Some(frame) = self.out.pop_front() {
                return Poll::Ready(Some(Ok(frame)));
            }
            let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
            let Some(start) = self.start.take() else { return Poll::Ready(frame) };
            match frame.transpose()?.map(Frame::into_data) {
                Some(Ok(piece)) => self.take(piece, start),
                // Trailers, or the end: the place is where it is.
                end => {
                    let (Place::At(at) | Place::Open(at)) = place(&start);
                    self.put_in(at);
                    self.out.extend(end.and_then(Result::err));
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.start.is_none() && self.out.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let held: usize = self.held.iter().map(Bytes::len).sum();
        let out: usize = self.out.iter().filter_map(Frame::data_ref).map(Bytes::len).sum();
        let tag = if self.start.is_some() { TAG.len() } else { 0 };
        let (inner, more) = (self.body.size_hint(), (held + out + tag) as u64);
        let mut hint = SizeHint::new();
        hint.set_lower(inner.lower() + more);
        if let Some(upper) = inner.upper() {
            hint.set_upper(upper + more);
        }
        hint
    }
}
