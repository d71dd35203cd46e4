//! [[ model.Many ]] as JSON, for programs: whoever may read pages reads them, and writing needs a permission.

use framework::db::violation;
use framework::forms::Form;
use framework::http::{self, Error, Request, Response, Route, StatusCode, header};
use serde::Deserialize;

use super::{forms, service};

/// The routes.
pub(super) fn routes() -> Vec<Route> {
    vec![
        http::get("/api/[[ module.path ]]/", index).name("[[ module.label ]]:api_index").json(),
        http::post("/api/[[ module.path ]]/", create).json(),
        http::get("/api/[[ module.path ]]/{id}/", detail).name("[[ module.label ]]:api_detail").json(),
        http::put("/api/[[ module.path ]]/{id}/", update).json(),
        http::delete("/api/[[ module.path ]]/{id}/", delete).json(),
    ]
}

#[derive(Deserialize)]
struct IndexQuery {
    page: Option<u64>,
}

async fn index(request: Request) -> http::Result {
    request.require_read().await?;
    let query: IndexQuery = request.query()?;
    let db = request.ctx().db().await?;
    let page = service::page(&db, query.page.unwrap_or(1)).await?.ok_or(Error::NotFound)?;
    Response::json(&page)
}

async fn detail(request: Request) -> http::Result {
    request.require_read().await?;
    let db = request.ctx().db().await?;
    let row = service::get(&db, request.param("id")?).await?.ok_or(Error::NotFound)?;
    Response::json(&row)
}

async fn create(request: Request) -> http::Result {
    request.require_permission("[[ model.add ]]").await?;
    let db = request.ctx().db().await?;
    let mut form = Form::sent(&request).await?;
    let new = forms::read(&mut form, 0[[ ", &forms::References::unlisted()" if model.references ]]).ok_or_else(|| form.invalid())?;
    match service::create(&db, new).await {
        Ok(row) => {
            let address = request.url("[[ module.label ]]:api_detail", &[("id", &row.id.to_string())])?;
            Response::json(&row)?.status(StatusCode::CREATED).header(header::LOCATION, &address)
        }
        Err(error) => {
            form.note_refusal("[[ model.One ]]", error)?;
            Err(form.invalid())
        }
    }
}

async fn update(request: Request) -> http::Result {
    request.require_permission("[[ model.change ]]").await?;
    let db = request.ctx().db().await?;
    let mut form = Form::sent(&request).await?;
    let id = request.param("id")?;
    let changed = forms::read(&mut form, id[[ ", &forms::References::unlisted()" if model.references ]]).ok_or_else(|| form.invalid())?;
    match service::update(&db, changed).await {
        Ok(row) => Response::json(&row.ok_or(Error::NotFound)?),
        Err(error) => {
            form.note_refusal("[[ model.One ]]", error)?;
            Err(form.invalid())
        }
    }
}

async fn delete(request: Request) -> http::Result {
    request.require_permission("[[ model.delete ]]").await?;
    let db = request.ctx().db().await?;
    match service::delete(&db, request.param("id")?).await {
        Ok(true) => Ok(Response::empty(StatusCode::NO_CONTENT)),
        Ok(false) => Err(Error::NotFound),
        Err(error) if violation(&error).is_some() => Err(Error::conflict("this [[ model.one ]] cannot be deleted: others refer to it")),
        Err(error) => Err(error.into()),
    }
}
