//! What is worth knowing before others can reach the server. What it refuses to start on stands in
//! [`conf::production_problems`].

use std::net::IpAddr;

use super::{Level, Message, Scope};
use crate::conf::{self, Network, Settings};
use crate::context::Context;

/// Of the settings.
pub(super) fn settings(ctx: &Context, _scope: &Scope) -> Vec<Message> {
    let settings = ctx.settings();
    let problems = conf::production_problems(settings);
    let errors =
        problems.into_iter().map(|problem| Message::new(Level::Error, problem.id, problem.message).hint(problem.hint));
    errors.chain(advice(settings)).collect()
}

fn advice(settings: &Settings) -> Vec<Message> {
    let Settings { auth, security, .. } = settings;
    let mut messages = Vec::new();
    let mut say = |holds: bool, level, id, text: &str, hint: &str| {
        if holds {
            messages.push(Message::new(level, id, text).hint(hint));
        }
    };
    say(
        security.trusted_proxies.iter().any(Network::is_everybody),
        Level::Warning,
        "security.W001",
        "`security.trusted_proxies` is everybody: visitors can pretend to come from anywhere, and over HTTPS",
        "name the addresses of your proxies only",
    );
    say(
        !security.ssl_redirect,
        Level::Info,
        "security.I001",
        "requests over plain HTTP are served (`security.ssl_redirect` is off)",
        "set `APP__SECURITY__SSL_REDIRECT=true` and `APP__SECURITY__TRUSTED_PROXIES`, unless a proxy redirects",
    );
    say(
        security.ssl_redirect && security.hsts_seconds == 0,
        Level::Info,
        "security.I002",
        "browsers are not told to use HTTPS only (`security.hsts_seconds` is 0)",
        "set `APP__SECURITY__HSTS_SECONDS`, to 3600 at first: it cannot be taken back before that time is over",
    );
    say(
        !auth.secure_cookies,
        Level::Info,
        "security.I003",
        "cookies are sent over plain HTTP too (`auth.secure_cookies` is off)",
        "take it out of the settings once the site is served over HTTPS",
    );
    say(
        auth.anonymous_read,
        Level::Info,
        "security.I004",
        "visitors see pages without login (`auth.anonymous_read` is on)",
        "take it out of the settings, unless that is meant",
    );
    let is_local = |host: &str| host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
    let metrics = settings.server.metrics.as_ref().and_then(|address| address.host.as_deref());
    say(
        metrics.is_some_and(|host| !is_local(host)),
        Level::Info,
        "security.I005",
        "other machines can read how the server is used (`server.metrics` is no address of this machine alone)",
        "set `APP__SERVER__METRICS` to an address such as `127.0.0.1:9000`, unless a firewall keeps others away",
    );
    messages
}

/// Of where the rows are.
pub(super) fn databases(ctx: &Context, _scope: &Scope) -> Vec<Message> {
    let aliases = ctx.settings().database_aliases();
    let files = aliases.filter(|alias| ctx.backend(alias).is_ok_and(|backend| backend == db::Backend::Sqlite));
    files
        .map(|alias| {
            let text = "the database is SQLite: for one machine, and one writer at a time";
            let hint = "set `APP__DATABASE__URL` to a `postgres://` URL when that becomes too little";
            Message::new(Level::Info, "database.I001", text).hint(hint).object(alias)
        })
        .collect()
}
