//! The pages: the list of [[ model.many ]], one of them, and the forms that change them.

use framework::db::{Database, violation};
use framework::forms::Form;
use framework::http::{self, Error, Method, Request, Response, Route, StatusCode};
use framework::templates::context;
use serde::Deserialize;

use super::models::[[ model.module ]];
use super::{forms, service};

/// The routes.
pub(super) fn routes() -> Vec<Route> {
    vec![
        http::get("/[[ module.path ]]/", index).name("[[ module.label ]]:index"),
        http::get("/[[ module.path ]]/create/", create).name("[[ module.label ]]:create"),
        http::post("/[[ module.path ]]/create/", create),
        http::get("/[[ module.path ]]/{id}/", detail).name("[[ module.label ]]:detail"),
        http::get("/[[ module.path ]]/{id}/edit/", edit).name("[[ module.label ]]:edit"),
        http::post("/[[ module.path ]]/{id}/edit/", edit),
        http::get("/[[ module.path ]]/{id}/delete/", delete).name("[[ module.label ]]:delete"),
        http::post("/[[ module.path ]]/{id}/delete/", delete),
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
[% for field in model.references %]
    let [[ field.relation ]]_labels = service::[[ field.relation ]]_labels(&db, &page.rows).await?;
[% endfor %]
    let may_add = request.has_permission("[[ model.add ]]").await?;
    request.render("[[ module.path ]]/index.html", context! { page[% for field in model.references %], [[ field.relation ]]_labels[% endfor %], may_add })
}

async fn detail(request: Request) -> http::Result {
    request.require_read().await?;
    let db = request.ctx().db().await?;
    let row = find(&request, &db).await?;
[% for field in model.references %]
    let [[ field.relation ]]_labels = service::[[ field.relation ]]_labels(&db, std::slice::from_ref(&row)).await?;
[% endfor %]
    let may_change = request.has_permission("[[ model.change ]]").await?;
    let may_delete = request.has_permission("[[ model.delete ]]").await?;
    request.render("[[ module.path ]]/detail.html", context! { row[% for field in model.references %], [[ field.relation ]]_labels[% endfor %], may_change, may_delete })
}

async fn create(request: Request) -> http::Result {
    request.require_permission("[[ model.add ]]").await?;
    let db = request.ctx().db().await?;
[% if model.references %]
    let references = forms::References::load(&db).await?;
[% endif %]
    let mut form = match *request.method() {
        Method::POST => Form::sent(&request).await?,
        _ => Form::empty(request.ctx()),
    };
    if let Some(new) = forms::read(&mut form, 0[[ ", &references" if model.references ]]) {
        match service::create(&db, new).await {
            Ok(row) => return to_detail(&request, row.id),
            Err(error) => form.note_refusal("[[ model.One ]]", error)?,
        }
    }
    request.render("[[ module.path ]]/form.html", context! { form, title => "New [[ model.one ]]" })
}

async fn edit(request: Request) -> http::Result {
    request.require_permission("[[ model.change ]]").await?;
    let db = request.ctx().db().await?;
    let row = find(&request, &db).await?;
[% if model.references %]
    let references = forms::References::load(&db).await?;
[% endif %]
    let mut form = match *request.method() {
        Method::POST => Form::sent(&request).await?,
        _ => Form::filled(request.ctx(), &row)?,
    };
    if let Some(changed) = forms::read(&mut form, row.id[[ ", &references" if model.references ]]) {
        match service::update(&db, changed).await {
            Ok(Some(row)) => return to_detail(&request, row.id),
            Ok(None) => return Err(Error::NotFound),
            Err(error) => form.note_refusal("[[ model.One ]]", error)?,
        }
    }
    request.render("[[ module.path ]]/form.html", context! { form, row, title => "Edit [[ model.one ]]" })
}

async fn delete(request: Request) -> http::Result {
    request.require_permission("[[ model.delete ]]").await?;
    let db = request.ctx().db().await?;
    let row = find(&request, &db).await?;
    if *request.method() != Method::POST {
        return request.render("[[ module.path ]]/delete.html", context! { row });
    }
    match service::delete(&db, row.id).await {
        Ok(_) => Ok(Response::redirect(&request.url("[[ module.label ]]:index", &[])?)),
        Err(refusal) if violation(&refusal).is_some() => {
            let error = "This [[ model.one ]] cannot be deleted: others refer to it.";
            Ok(request.render("[[ module.path ]]/delete.html", context! { row, error })?.status(StatusCode::CONFLICT))
        }
        Err(error) => Err(error.into()),
    }
}

/// The [[ model.one ]] that the address names.
async fn find(request: &Request, db: &Database) -> http::Result<[[ model.module ]]::Model> {
    service::get(db, request.param("id")?).await?.ok_or(Error::NotFound)
}

fn to_detail(request: &Request, id: i64) -> http::Result {
    Ok(Response::redirect(&request.url("[[ module.label ]]:detail", &[("id", &id.to_string())])?))
}
