//! The pages of errors: from a template of the project, else a built-in one, else plain text. Details are shown in
//! debug mode only.

use http::{HeaderValue, header};
use serde_json::json;

use super::error::join;
use super::origin::{Format, Origin};
use super::{Error, Response, Site};
use crate::templates::{self, context};

/// The response for an error. What is the server's fault is logged here, once.
pub(super) fn page(site: &Site, origin: &Origin, error: &Error) -> Response {
    if let Error::Internal(cause) = error {
        tracing::error!(target: "http", "{} {} failed: {cause:#}", origin.method, origin.path);
    }
    let response = match (error, origin.format) {
        (Error::LoginNeeded(login), _) => Response::redirect(login),
        (_, Format::Json) => json_page(site, origin, error),
        (_, Format::Html) => Response::html(html_page(site, origin, error)),
    };
    let mut response = response.status(error.status()).into_inner();
    if let Error::MethodNotAllowed(methods) = error
        && let Ok(allow) = HeaderValue::from_str(&join(methods))
    {
        response.headers_mut().insert(header::ALLOW, allow);
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.into()
}

/// What a visitor may read about it.
fn message(error: &Error) -> String {
    match error {
        Error::Internal(_) => "something went wrong on the server".to_owned(),
        told => told.to_string(),
    }
}

/// What a developer may read about it: the reason, the chain of causes, and the place in the template. Nothing outside debug mode.
fn details(site: &Site, error: &Error) -> Option<String> {
    if !site.ctx().settings().debug {
        return None;
    }
    let cause = match error {
        Error::Internal(cause) => cause,
        Error::Csrf(reason) => return Some(format!("Reason given for failure:\n\n    {reason}")),
        _ => return None,
    };
    let mut text = cause.chain().map(ToString::to_string).collect::<Vec<_>>().join("\n  caused by: ");
    if let Some(error) = cause.downcast_ref::<templates::Error>() {
        text = format!("{text}\n\n{}", error.excerpt());
    }
    Some(text)
}

fn json_page(site: &Site, origin: &Origin, error: &Error) -> Response {
    let mut body = json!({ "status": error.status().as_u16(), "message": message(error), "request_id": origin.id });
    if let Error::Invalid(errors) = error {
        body["errors"] = json!(errors);
    }
    if let Some(details) = details(site, error) {
        body["details"] = json!(details);
    }
    let text = json!({ "error": body }).to_string();
    Response::of("application/json", text)
}

fn html_page(site: &Site, origin: &Origin, error: &Error) -> String {
    let status = error.status();
    let shows_routes = site.ctx().settings().debug && matches!(error, Error::NotFound);
    let values = context! {
        status => status.as_u16(),
        title => status.canonical_reason().unwrap_or("Error"),
        message => message(error),
        error => details(site, error),
        routes => if shows_routes { site.routes().lines() } else { Vec::new() },
    };
    let values = values.over(origin.scope(site.ctx()));
    let own = format!("{}.html", status.as_u16());
    // A page about an error must not fail for an error of its own: each step leans on less than the one before.
    let candidates = [own.as_str(), "error.html"].into_iter().filter(|name| site.templates().has(name));
    for template in candidates {
        match site.templates().render(template, values.clone()) {
            Ok(html) => return html,
            Err(broken) => {
                tracing::error!(target: "http", "the page for an error failed: {broken}");
            }
        }
    }
    plain(error, &origin.id)
}

/// The page when every template is broken. Nothing in it comes from the visitor but the id, which is checked.
fn plain(error: &Error, id: &str) -> String {
    let status = error.status();
    format!("<!doctype html>\n<title>{status}</title>\n<h1>{status}</h1>\n<p>Request {id}</p>\n")
}
