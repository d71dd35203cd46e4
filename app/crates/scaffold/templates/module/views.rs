//! The pages.

use framework::http::{self, Request, Route};
use framework::templates::context;
use serde::Serialize;

/// The routes.
pub(super) fn routes() -> Vec<Route> {
    vec![http::get("/[[ module.path ]]/", index).name("[[ module.label ]]:index")]
}

/// What the page shows.
#[derive(Serialize)]
struct [[ module.page ]] {
    title: &'static str,
}

async fn index(request: Request) -> http::Result {
    request.require_read().await?;
    let page = [[ module.page ]] { title: "[[ module.title ]]" };
    request.render("[[ module.path ]]/index.html", context! { page })
}
