//! Static files: where they are looked for, and how they are served while developing.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use http::request::Parts;
use http::{Method, StatusCode, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::conf::Settings;
use crate::context::Context;
use crate::http::{Error, Response, Result};

/// What need not be encoded in the path of a static file.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The URL prefix of static files, with a slash at its end.
pub(crate) fn prefix(settings: &Settings) -> String {
    format!("{}/", settings.static_files.url.trim_end_matches('/'))
}

/// The address of a static file.
pub(crate) fn url(prefix: &str, path: &str) -> String {
    format!("{prefix}{}", utf8_percent_encode(path.trim_start_matches('/'), PATH))
}

/// The directories of static files, in order of precedence: the project's own, then the modules'.
pub fn directories(ctx: &Context) -> Vec<PathBuf> {
    let source = ctx.layout().source();
    let own = ctx.settings().static_files.dirs.iter().map(|directory| source.join(directory));
    let modules = ctx.modules().iter().map(|module| ctx.layout().module(module.path()).join("static"));
    own.chain(modules).collect()
}

/// The file that a path (decoded, relative, with `/`) stands for: the first one there is. Nothing outside the
/// directories is ever found, not through `..` and not through a symbolic link.
pub fn find(directories: &[PathBuf], path: &str) -> Option<PathBuf> {
    let plain = |segment: &str| !matches!(segment, "" | "." | "..") && !segment.contains(['\\', '\0', ':']);
    if !path.split('/').all(plain) {
        return None;
    }
    directories.iter().find_map(|directory| {
        let directory = directory.canonicalize().ok()?;
        let file = directory.join(path).canonicalize().ok()?;
        (file.starts_with(&directory) && file.is_file()).then_some(file)
    })
}

/// Serves static files as they are on disk.
pub(crate) struct StaticFiles {
    prefix: String,
    directories: Vec<PathBuf>,
}

impl StaticFiles {
    pub(crate) fn new(ctx: &Context) -> Self {
        Self { prefix: prefix(ctx.settings()), directories: directories(ctx) }
    }

    /// The answer to a request for a static file; none when it asks for something else.
    pub(crate) async fn answer(&self, parts: &Parts) -> Option<Result> {
        let path = parts.uri.path().strip_prefix(&self.prefix)?;
        if !matches!(parts.method, Method::GET | Method::HEAD) {
            return Some(Err(Error::MethodNotAllowed(vec![Method::GET, Method::HEAD])));
        }
        let known = parts.headers.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok()).map(str::to_owned);
        let (directories, path) = (self.directories.clone(), path.to_owned());
        let answer = tokio::task::spawn_blocking(move || answer(&directories, &path, known.as_deref())).await;
        Some(answer.context("failed to read a static file").map_err(Error::from).flatten())
    }
}

fn answer(directories: &[PathBuf], path: &str, known: Option<&str>) -> Result {
    // An encoded slash would be a part of a name; no file has such a name.
    if path.to_ascii_lowercase().contains("%2f") {
        return Err(Error::NotFound);
    }
    let path = percent_decode_str(path).decode_utf8().map_err(|_| Error::NotFound)?;
    let file = find(directories, &path).ok_or(Error::NotFound)?;
    let bytes = std::fs::read(&file).with_context(|| format!("failed to read `{}`", file.display()))?;
    let tag = tag(&bytes);
    let response = if known.is_some_and(|known| known == "*" || known.split(',').any(|one| one.trim() == tag)) {
        Response::empty(StatusCode::NOT_MODIFIED)
    } else {
        Response::of(content_type(&file), bytes)
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

fn content_type(file: &Path) -> &'static str {
    let extension = file.extension().and_then(|extension| extension.to_str()).unwrap_or_default().to_ascii_lowercase();
    match extension.as_str() {
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "html" | "htm" => "text/html; charset=utf-8",
        "txt" => "text/plain; charset=utf-8",
        "csv" => "text/csv; charset=utf-8",
        "xml" => "text/xml; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "ico" => "image/x-icon",
        "woff" => "font/woff",
        "woff2" => "font/woff2",
        "ttf" => "font/ttf",
        "otf" => "font/otf",
        "mp4" => "video/mp4",
        "webm" => "video/webm",
        "mp3" => "audio/mpeg",
        "wasm" => "application/wasm",
        "pdf" => "application/pdf",
        "zip" => "application/zip",
        _ => "application/octet-stream",
    }
}
