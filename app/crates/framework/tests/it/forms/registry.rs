//! A module of forms: one page for each kind of field, one form with all of them.

use std::fmt::Debug;

use framework::forms::{Choices, Field, Form};
use framework::http::{self, Request, Response, get, post};
use framework::module::Module;
use framework::templates::context;
use serde::Deserialize;

use crate::sandbox::Sandbox;

pub(super) fn module() -> Module {
    let mut module = Module::new("registry");
    module.routes(vec![
        post("/field/", field),
        get("/all/", all).name("registry:all"),
        post("/all/", all),
        get("/filled/", filled),
        post("/api/", api).json(),
    ]);
    module
}

pub(super) fn sandbox() -> Sandbox {
    Sandbox::new(&[module]).var("APP__DEBUG", "true").var("APP__TIME_ZONE", "Europe/Berlin")
}

#[derive(Deserialize)]
struct Query {
    kind: String,
    #[serde(default)]
    end: String,
}

/// Reads the field `x` as the query says, and answers with the value, or with what is wrong.
async fn field(request: Request) -> http::Result {
    let Query { kind, end } = request.query()?;
    let mut form = Form::sent(&request).await?;
    let cities = Choices::fixed(&[("1", "Rome"), ("22", "Oslo")]);
    let read = match kind.as_str() {
        "text" => of(form.text("x").max_length(5), &end),
        "area" => of(form.text_area("x").max_length(5), &end),
        "i16" => of(form.integer::<i16>("x"), &end),
        "i32" => of(form.integer::<i32>("x"), &end),
        "i64" => of(form.integer::<i64>("x"), &end),
        "age" => of(form.integer::<i16>("x").min(1).max(150), &end),
        "float" => of(form.float("x"), &end),
        "boolean" => of(form.boolean("x"), &end),
        "date" => plain(form.date("x"), &end),
        "time" => plain(form.time("x"), &end),
        "datetime" => plain(form.datetime("x"), &end),
        "json" => of(form.json("x"), &end),
        "choice" => of(form.choice::<i64>("x", &cities), &end),
        "unlisted" => of(form.choice::<i32>("x", &Choices::unlisted()), &end),
        "word" => of(form.choice::<String>("x", &cities), &end),
        _ => return Err(http::Error::NotFound),
    };
    let errors = form.errors();
    assert_eq!(form.has_errors(), read.is_none() && errors != framework::forms::Errors::default());
    Ok(Response::text(match read {
        Some(value) => form.accept(value).unwrap_or_default(),
        None => errors.fields.iter().map(|(name, errors)| format!("{name}: {}", errors.join(" "))).collect(),
    }))
}

fn of<T: framework::forms::Typed + Debug + Default>(field: Field<'_, T>, end: &str) -> Option<String> {
    match end {
        "default" => field.or_default().map(|value| format!("{value:?}")),
        _ => plain(field, end),
    }
}

fn plain<T: framework::forms::Typed + Debug>(field: Field<'_, T>, end: &str) -> Option<String> {
    match end {
        "optional" => field.optional().map(|value| format!("{value:?}")),
        _ => field.required().map(|value| format!("{value:?}")),
    }
}

fn read(form: &mut Form) -> Option<String> {
    let cities = Choices::fixed(&[("1", "Rome & Ostia"), ("22", "Oslo")]);
    let name = form.text("full_name").max_length(20).help("As in the passport").required();
    let notes = form.text_area("notes").optional();
    let age = form.integer::<i16>("age").min(1).max(150).initial(18).required();
    let weight = form.float("weight").optional();
    let member = form.boolean("member").required();
    let vegan = form.boolean("vegan").label("Vegan?").optional();
    let born = form.date("born").required();
    let wakes = form.time("wakes").optional();
    let seen = form.datetime("seen_at").optional();
    let extra = form.json("extra").optional();
    let city = form.choice::<i64>("city_id", &cities).required();
    let boss = form.choice::<i64>("boss_id", &Choices::unlisted()).optional();
    if name.as_deref() == Some("Nobody") {
        form.error_on("full_name", "Nobody is not somebody.");
        form.error("This form is for people.");
    }
    let who = format!("{}, {}", name?, age?);
    let rest = format!("{:?} {:?} {:?} {:?} {:?}", notes?, weight?, member?, vegan?, born?);
    form.accept(format!("{who} {rest} {:?} {:?} {:?} {:?} {:?}", wakes?, seen?, extra?, city?, boss?))
}

async fn all(request: Request) -> http::Result {
    let is_sent = *request.method() == http::Method::POST;
    let mut form = if is_sent { Form::sent(&request).await? } else { Form::empty(request.ctx()) };
    match read(&mut form) {
        Some(text) => Ok(Response::text(text)),
        None => request.render("form.html", context! { form }),
    }
}

async fn filled(request: Request) -> http::Result {
    let row: serde_json::Value = serde_json::json!({
        "full_name": "Ann <b>\"X\"</b>", "notes": "\none\ntwo", "age": 30, "weight": 61.5, "member": true, "vegan": false,
        "born": "1996-02-29", "wakes": "06:30:15", "seen_at": "2026-07-01T12:00:00Z", "extra": { "a": [1] },
        "city_id": 22, "boss_id": 7, "unknown": 1,
    });
    let mut form = Form::filled(request.ctx(), &row)?;
    assert!(read(&mut form).is_none(), "nothing was sent");
    assert!(!form.has_errors());
    request.render("form.html", context! { form })
}

async fn api(request: Request) -> http::Result {
    let mut form = Form::sent(&request).await?;
    let text = read(&mut form).ok_or_else(|| form.invalid())?;
    Ok(Response::text(text))
}
