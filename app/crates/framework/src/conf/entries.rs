//! The settings as a flat list of keys and values, for people to read.

use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};

use super::settings::{Auth, Cache, Database, Log, Security, Server, Settings};
use super::statics::Static;

/// A value as it is shown. Secrets are compared but never shown.
#[derive(Clone, Debug)]
pub(super) enum Shown {
    Flag(bool),
    Number(u64),
    Text(String),
    List(Vec<String>),
    Secret(SecretString),
}

impl PartialEq for Shown {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Flag(left), Self::Flag(right)) => left == right,
            (Self::Number(left), Self::Number(right)) => left == right,
            (Self::Text(left), Self::Text(right)) => left == right,
            (Self::List(left), Self::List(right)) => left == right,
            (Self::Secret(left), Self::Secret(right)) => left.expose_secret() == right.expose_secret(),
            _ => false,
        }
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |text: &String| format!("'{}'", text.escape_debug().to_string().replace("\\\"", "\""));
        match self {
            Self::Flag(value) => write!(f, "{value}"),
            Self::Number(value) => write!(f, "{value}"),
            Self::Text(text) => f.write_str(&quoted(text)),
            Self::List(texts) => write!(f, "[{}]", texts.iter().map(quoted).collect::<Vec<_>>().join(", ")),
            Self::Secret(_) => f.write_str("'********'"),
        }
    }
}

impl Settings {
    /// Every key that has a value, in no particular order. A field that is left out here does not compile.
    pub(super) fn entries(&self) -> Vec<(String, Shown)> {
        let Self {
            environment,
            debug,
            secret_key,
            allowed_hosts,
            language,
            time_zone,
            modules,
            silenced_checks,
            colors,
            database,
            databases,
            cache,
            caches,
            auth: Auth { anonymous_read, session_seconds, secure_cookies },
            server:
                Server {
                    address,
                    bind,
                    workers,
                    metrics,
                    drain_seconds,
                    request_seconds,
                    client_seconds,
                    idle_seconds,
                    max_body_bytes,
                    max_connections,
                    hide_development_warning,
                },
            security: Security { ssl_redirect, hsts_seconds, trusted_proxies },
            static_files: Static { url, dirs, root, ignore, keep: generations, strict, file_mode, dir_mode, storage },
            log: Log { level, max_bytes, keep },
            origins: _,
        } = self;
        let mut entries = vec![
            entry("environment", text(environment.name())),
            entry("debug", Shown::Flag(*debug)),
            entry("secret_key", Shown::Secret(secret_key.clone())),
            entry("allowed_hosts", Shown::List(allowed_hosts.clone())),
            entry("language", text(language)),
            entry("time_zone", text(time_zone.name())),
            entry("silenced_checks", Shown::List(silenced_checks.clone())),
            entry("colors", text(colors)),
            entry("auth.anonymous_read", Shown::Flag(*anonymous_read)),
            entry("auth.session_seconds", Shown::Number(*session_seconds)),
            entry("auth.secure_cookies", Shown::Flag(*secure_cookies)),
            entry("server.address", text(address)),
            entry("server.bind", Shown::List(bind.iter().map(ToString::to_string).collect())),
            entry("server.workers", Shown::Number((*workers).into())),
            entry("server.drain_seconds", Shown::Number(*drain_seconds)),
            entry("server.request_seconds", Shown::Number(*request_seconds)),
            entry("server.client_seconds", Shown::Number(*client_seconds)),
            entry("server.idle_seconds", Shown::Number(*idle_seconds)),
            entry("server.max_body_bytes", Shown::Number(*max_body_bytes as u64)),
            entry("server.max_connections", Shown::Number(*max_connections as u64)),
            entry("server.hide_development_warning", Shown::Flag(*hide_development_warning)),
            entry("security.ssl_redirect", Shown::Flag(*ssl_redirect)),
            entry("security.hsts_seconds", Shown::Number(*hsts_seconds)),
            entry("security.trusted_proxies", Shown::List(trusted_proxies.iter().map(ToString::to_string).collect())),
            entry("static.url", text(url)),
            entry("static.dirs", Shown::List(dirs.iter().map(ToString::to_string).collect())),
            entry("static.root", text(root.display())),
            entry("static.ignore", Shown::List(ignore.clone())),
            entry("static.keep", Shown::Number((*generations).into())),
            entry("static.strict", Shown::Flag(*strict)),
            entry("static.storage", text(storage)),
            entry("log.level", text(level)),
            entry("log.max_bytes", Shown::Number(*max_bytes)),
            entry("log.keep", Shown::Number(*keep as u64)),
        ];
        entries.extend(modules.iter().map(|labels| entry("modules", Shown::List(labels.clone()))));
        entries.extend(metrics.iter().map(|address| entry("server.metrics", text(address))));
        entries.extend(file_mode.iter().map(|mode| entry("static.file_mode", text(mode))));
        entries.extend(dir_mode.iter().map(|mode| entry("static.dir_mode", text(mode))));
        let others = databases.iter().map(|(alias, database)| (format!("databases.{alias}"), database));
        for (prefix, Database { url, max_connections }) in
            std::iter::once(("database".to_owned(), database)).chain(others)
        {
            entries.push(entry(format!("{prefix}.url"), database_url(url)));
            entries.push(entry(format!("{prefix}.max_connections"), Shown::Number((*max_connections).into())));
        }
        let others = caches.iter().map(|(alias, cache)| (format!("caches.{alias}"), cache));
        for (prefix, cache) in std::iter::once(("cache".to_owned(), cache)).chain(others) {
            let Cache { url, prefix: keys, max_entries } = cache;
            entries.push(entry(format!("{prefix}.url"), cache_url(url)));
            entries.push(entry(format!("{prefix}.prefix"), text(keys)));
            entries.push(entry(format!("{prefix}.max_entries"), Shown::Number(*max_entries)));
        }
        entries
    }
}

fn entry(key: impl Into<String>, value: Shown) -> (String, Shown) {
    (key.into(), value)
}

fn text(value: impl fmt::Display) -> Shown {
    Shown::Text(value.to_string())
}

/// SQLite has no passwords; any other URL may hold one.
fn database_url(url: &SecretString) -> Shown {
    match url.expose_secret() {
        sqlite if sqlite.starts_with("sqlite:") => Shown::Text(sqlite.to_owned()),
        _ => Shown::Secret(url.clone()),
    }
}

/// Nor has the memory.
fn cache_url(url: &SecretString) -> Shown {
    match url.expose_secret() {
        plain if plain.starts_with("memory:") || plain.starts_with("dummy:") => Shown::Text(plain.to_owned()),
        _ => database_url(url),
    }
}
