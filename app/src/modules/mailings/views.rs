//! The pages: the front page and the list of mailings.

use framework::http::{self, Error, Request, Route};
use framework::templates::context;
use serde::Deserialize;

use super::service;

/// The routes.
pub(super) fn routes() -> Vec<Route> {
    vec![http::get("/", home).name("home"), http::get("/mailings/", list).name("mailings:list")]
}

async fn home(request: Request) -> http::Result {
    request.require_read().await?;
    let db = request.ctx().db().await?;
    let summary = service::summary(&db).await?;
    let latest = service::page(&db, 1).await?.map(|page| page.rows).unwrap_or_default();
    request.render("home.html", context! { summary, latest })
}

#[derive(Deserialize)]
struct ListQuery {
    page: Option<u64>,
}

async fn list(request: Request) -> http::Result {
    request.require_read().await?;
    let query: ListQuery = request.query()?;
    let db = request.ctx().db().await?;
    let page = service::page(&db, query.page.unwrap_or(1)).await?.ok_or(Error::NotFound)?;
    request.render("mailings/list.html", context! { page })
}
