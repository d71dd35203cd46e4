//! The development layer: what a task runner that watches the sources adds to the pages of the app that it started.
//!
//! It listens on a loopback port, named in `APP_DEV_PORT`. Requests below `/__dev/` are passed on to it ([`proxy`]),
//! and pages load its script ([`script`]), which shows build errors and loads the page again (`APP_DEV_SCRIPT=off`:
//! they do not). Without the two variables, and outside the development environment, nothing of this is there.

mod markup;
mod proxy;
mod script;

use std::ffi::OsStr;
use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context as _, anyhow};
use axum_core::body::Body;
use http::request::Parts;
use http::{HeaderValue, StatusCode, header};

use self::proxy::Proxy;
use super::hosts::named;
use super::{Error, Response, Result};
use crate::conf::Environment;
use crate::context::Context;

/// The paths of the task runner. No module has pages there.
pub(super) const PREFIX: &str = "/__dev/";

/// The variable that holds the task runner's port.
const PORT: &str = "APP_DEV_PORT";

/// The variable that holds the secret which it wants to see.
const TOKEN: &str = "APP_DEV_TOKEN";

/// The variable by which it leaves pages alone: `off`.
const SCRIPT: &str = "APP_DEV_SCRIPT";

/// The connection to the task runner.
pub(super) struct Dev {
    proxy: Proxy,
    script: Script,
}

/// Whether the answer to a request should load the script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Script {
    Loaded,
    LeftOut,
}

impl Dev {
    /// The layer, where this process was started by a task runner that has one.
    ///
    /// # Errors
    /// When a variable does not hold what it should; the error names it.
    pub(super) fn of(ctx: &Context) -> anyhow::Result<Option<Self>> {
        let Some((port, token)) = variables(ctx) else { return Ok(None) };
        let number = port.to_str().and_then(|port| port.parse().ok()).filter(|port| *port != 0);
        let number = number.ok_or_else(|| anyhow!("`{PORT}` must be a port number, not {port:?}"))?;
        let token = token.to_str().and_then(|token| HeaderValue::from_str(token).ok());
        let mut token = token.with_context(|| format!("`{TOKEN}` cannot be sent as a header"))?;
        token.set_sensitive(true);
        let proxy = Proxy::new(SocketAddr::from((Ipv4Addr::LOCALHOST, number)), token)?;
        let script = match ctx.env().get(SCRIPT) {
            Some(value) if value == "off" => Script::LeftOut,
            _ => Script::Loaded,
        };
        Ok(Some(Self { proxy, script }))
    }

    /// Passes a request below [`PREFIX`] on.
    pub(super) async fn answer(&self, parts: &Parts, body: Body) -> Result {
        check_origin(parts)?;
        self.proxy.pass_on(parts, body).await
    }

    /// Looks at a request before its handler does. A page with the script in it is no page that a browser has kept
    /// without (or with) it, so a browser that asks for one gets a whole one.
    pub(super) fn prepare(&self, parts: &mut Parts) -> Script {
        let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        // What a script fetches is a piece of a page that has it already. (Old browsers do not say.)
        let fetched = header("sec-fetch-dest") == "empty";
        if self.script == Script::LeftOut || fetched || parts.uri.path().starts_with(PREFIX) {
            return Script::LeftOut;
        }
        if header("accept").contains("text/html") {
            parts.headers.remove(header::IF_NONE_MATCH);
            parts.headers.remove(header::IF_MODIFIED_SINCE);
        }
        Script::Loaded
    }

    /// The response as it leaves: pages load the script.
    pub(super) fn finish(&self, response: Response, script: Script) -> Response {
        match script {
            Script::Loaded => script::load(response),
            Script::LeftOut => response,
        }
    }
}

/// Whether this process was started by a task runner that watches the sources.
pub(super) fn is_on(ctx: &Context) -> bool {
    variables(ctx).is_some()
}

/// Port and secret, where they count.
fn variables(ctx: &Context) -> Option<(&OsStr, &OsStr)> {
    let env = ctx.env();
    env.get(PORT).zip(env.get(TOKEN)).filter(|_| ctx.settings().environment == Environment::Development)
}

/// What a browser is answered once another process takes the place of this one: to ask again, on a new connection, which
/// will be the successor's. On those that it has kept it would be shown the old page. Other programs send no
/// `Sec-Fetch-Mode`, and may not follow.
pub(super) fn successors(parts: &Parts) -> Option<Response> {
    let path = parts.uri.path_and_query()?.as_str();
    // Two slashes would name a host.
    if !parts.headers.contains_key("sec-fetch-mode") || path.starts_with("//") {
        return None;
    }
    Response::redirect(path).status(StatusCode::TEMPORARY_REDIRECT).header(header::CACHE_CONTROL, "no-store").ok()
}

/// The task runner takes orders, so they must come from a page of this site. Programs that are no browsers do not say.
fn check_origin(parts: &Parts) -> std::result::Result<(), Error> {
    let Some(origin) = parts.headers.get(header::ORIGIN) else { return Ok(()) };
    let authority = origin.to_str().ok().and_then(|origin| origin.split_once("://")).map(|(_, authority)| authority);
    match (authority, named(parts)) {
        (Some(given), Some(own)) if given.eq_ignore_ascii_case(own) => Ok(()),
        _ => Err(Error::forbidden("this address is for pages of this site only")),
    }
}
