//! The pages `/login/` and `/logout/`. A project makes them its own with a template `registration/login.html`.

use http::header;
use serde::Deserialize;

use crate::accounts;
use crate::http::{self as web, Request, Response, Route, get, post};
use crate::templates::context;

/// Where somebody goes who came from nowhere.
const HOME: &str = "/";

/// Django's text; the login name is the email.
const WRONG: &str = "Please enter a correct email and password. Note that both fields may be case-sensitive.";

pub(super) fn routes() -> Vec<Route> {
    vec![get("/login/", form).name("login"), post("/login/", log_in), post("/logout/", log_out).name("logout")]
}

#[derive(Deserialize)]
struct Query {
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
struct Login {
    #[serde(alias = "email", default)]
    username: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    next: String,
}

async fn form(request: Request) -> web::Result {
    let Query { next } = request.query()?;
    page(&request, "", &next, None).await
}

async fn log_in(request: Request) -> web::Result {
    let Login { username, password, next } = request.form().await?;
    let Some(account) = accounts::authenticate(request.ctx(), &username, &password).await? else {
        tracing::info!(target: "auth", request_id = request.request_id(), "a login was refused");
        return page(&request, &username, &next, Some(WRONG)).await;
    };
    tracing::info!(target: "auth", request_id = request.request_id(), user = account.id, "logged in");
    request.log_in(account).await?;
    unstored(Response::redirect(own(&next).unwrap_or(HOME)))
}

async fn log_out(request: Request) -> web::Result {
    let Query { next } = request.query()?;
    request.log_out().await?;
    unstored(Response::redirect(own(&next).unwrap_or(HOME)))
}

async fn page(request: &Request, email: &str, next: &str, error: Option<&str>) -> web::Result {
    request.user().await?;
    let next = own(next).unwrap_or_default();
    unstored(request.render("registration/login.html", context! { email, next, error })?)
}

/// What a browser must not keep.
fn unstored(response: Response) -> web::Result {
    response.header(header::CACHE_CONTROL, "no-store")
}

/// The address, if it is one of this site: a path. Everything that a browser could read as another host is refused
/// (`//host`, `/\host`, control characters that it leaves out).
fn own(next: &str) -> Option<&str> {
    let rest = next.strip_prefix('/')?;
    let other = rest.starts_with(['/', '\\']) || next.chars().any(char::is_control) || next.contains('\\');
    (!other).then_some(next)
}

#[cfg(test)]
mod tests {
    use super::own;

    #[test]
    fn only_paths_of_this_site_are_followed() {
        for next in ["/", "/mailings/?page=2", "/a//b", "/я/?x=http://example.com"] {
            assert_eq!(own(next), Some(next));
        }
        for next in [
            "",
            "mailings/",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\/evil.example",
            "http://evil.example",
            "javascript:alert(1)",
            "/\t/evil.example",
            "/\n//evil.example",
            " //evil.example",
            "/a\\b",
            "https:/evil",
        ] {
            assert_eq!(own(next), None, "{next}");
        }
    }
}
