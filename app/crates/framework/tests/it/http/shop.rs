//! A module with one page for each thing a page can do.

use framework::http::{self, Error, Request, Response, StatusCode, delete, get, header, post};
use framework::module::Module;
use framework::templates::context;
use serde::Deserialize;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

use crate::sandbox::Sandbox;

pub(super) fn module() -> Module {
    Module::new("shop")
        .routes(vec![
            get("/", home).name("home"),
            get("/items/", items).name("shop:items"),
            post("/items/", create),
            get("/items/{id}/", item).name("shop:item"),
            delete("/items/{id}/", item),
            get("/files/{*path}", file).name("shop:file"),
            get("/exact", home),
            post("/echo/", echo),
            post("/json/", json),
            get("/page/", page),
            get("/broken/", broken),
            get("/panic/", panic),
            get("/refused/", refused),
            get("/members/", members),
            get("/slow/", slow),
            get("/text/", text),
        ])
        .clone()
}

/// The same as a second module with another home page and a page of its own.
pub(super) fn annex() -> Module {
    Module::new("annex").routes(vec![get("/", annex_home), get("/annex/", annex_home)]).clone()
}

/// The shop in a directory of its own, in debug mode.
pub(super) fn debugging() -> Sandbox {
    Sandbox::new(&[module, annex]).var("APP__DEBUG", "true")
}

/// The shop in a directory of its own, as in production.
pub(super) fn serious() -> Sandbox {
    Sandbox::new(&[module, annex]).var("APP__DEBUG", "false")
}

async fn home(request: Request) -> http::Result {
    Ok(Response::text(format!("home {}", request.request_id())))
}

async fn annex_home(_request: Request) -> http::Result {
    Ok(Response::text("annex"))
}

#[derive(Deserialize)]
struct Search {
    page: Option<u32>,
    text: Option<String>,
}

async fn items(request: Request) -> http::Result {
    let search: Search = request.query()?;
    let item = request.url("shop:item", &[("id", "1")]).map_err(anyhow::Error::from)?;
    Ok(Response::text(format!("page {:?} text {:?} first {item}", search.page, search.text)))
}

async fn create(_request: Request) -> http::Result {
    Ok(Response::redirect("/items/1/"))
}

async fn item(request: Request) -> http::Result {
    let id: u32 = request.param("id")?;
    if id > 100 {
        return Err(Error::NotFound);
    }
    Ok(Response::text(format!("{} item {id}", request.method())))
}

async fn file(request: Request) -> http::Result {
    Ok(Response::text(request.param::<String>("path")?))
}

#[derive(Deserialize)]
struct Form {
    name: String,
    amount: u32,
}

async fn echo(request: Request) -> http::Result {
    let form: Form = request.form().await?;
    Ok(Response::text(format!("{} × {}", form.amount, form.name)).status(StatusCode::CREATED))
}

async fn json(request: Request) -> http::Result {
    let value: serde_json::Value = request.json().await?;
    Response::json(&value)
}

async fn page(request: Request) -> http::Result {
    let (name, at, rows) = ("<b>Tom & \"Jerry\"</b>", "2026-01-31T22:30:00Z", vec![Some(1), None]);
    request.render("page.html", context! { name, at, rows, total => rows.len() })
}

async fn broken(_request: Request) -> http::Result {
    Err(anyhow::anyhow!("the key is lost").context("failed to open <the door>").into())
}

#[expect(clippy::panic, reason = "the page is there to panic")]
async fn panic(_request: Request) -> http::Result {
    panic!("the roof is on fire")
}

async fn refused(_request: Request) -> http::Result {
    Err(Error::forbidden("only on Sundays"))
}

async fn members(request: Request) -> http::Result {
    request.require_read().await?;
    Ok(Response::text("members"))
}

#[derive(Deserialize)]
struct Gate {
    gate: String,
}

/// Knocks at the gate, and answers when it is opened with a byte.
async fn slow(request: Request) -> http::Result {
    let Gate { gate } = request.query()?;
    let mut stream = TcpStream::connect(gate).await.map_err(anyhow::Error::from)?;
    stream.read_u8().await.map_err(anyhow::Error::from)?;
    Ok(Response::text("slow but sure"))
}

#[derive(Deserialize)]
struct Text {
    size: usize,
    kind: Option<String>,
}

/// A text of this size, or what only looks like one.
async fn text(request: Request) -> http::Result {
    let Text { size, kind } = request.query()?;
    let text = "x".repeat(size);
    match kind.as_deref() {
        Some("image") => Ok(Response::of("image/png", text)),
        Some("encoded") => Response::text(text).header(header::CONTENT_ENCODING, "own"),
        _ => Response::text(text).header(header::ETAG, &format!("\"{size}\"")),
    }
}
