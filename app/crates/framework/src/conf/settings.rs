//! The typed settings and their defaults. Every key can be set in a file (`[database] url = …`) or in the environment
//! (`APP__DATABASE__URL`).

use std::collections::BTreeMap;

use chrono_tz::Tz;
use secrecy::SecretString;
use serde::Deserialize;

use super::fields;
use super::load::Origins;
use super::network::Network;
use super::statics::Static;
use crate::i18n::Locale;
use crate::logging::Level;
use crate::management::Colors;

/// The secret key of a development environment; production refuses it.
pub(super) const DEVELOPMENT_SECRET_KEY: &str = "insecure-development-key-change-me-in-production";

/// Which kind of environment this is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Environment {
    /// A person's own machine: debug pages, templates and migrations read from disk.
    #[default]
    Development,
    /// A server: unsafe defaults are refused.
    Production,
    /// The tests: reads no `.env`.
    Test,
}

impl Environment {
    /// Every environment there is.
    pub const ALL: [Self; 3] = [Self::Development, Self::Production, Self::Test];

    /// The name, which is that of the settings file too (`config/<name>.toml`).
    pub fn name(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Production => "production",
            Self::Test => "test",
        }
    }
}

/// All settings.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Which kind of environment this is (`APP__ENVIRONMENT`; never from a file).
    #[serde(skip)]
    pub environment: Environment,
    /// Show details of errors in pages.
    pub debug: bool,
    /// Signs what must not be forged; at least 32 characters of its own in production.
    #[serde(deserialize_with = "fields::secret")]
    pub secret_key: SecretString,
    /// The host names that requests may name; `*` is any, `.example.com` a domain with all below it. Empty with
    /// `debug` on: loopback names.
    #[serde(deserialize_with = "fields::hosts")]
    pub allowed_hosts: Vec<String>,
    /// The language of commands, and of pages whose visitor names none.
    pub language: Locale,
    /// The time zone in which times are shown (IANA name). They are stored in UTC.
    #[serde(deserialize_with = "fields::time_zone")]
    pub time_zone: Tz,
    /// The labels of the installed modules, in order of precedence; all compiled ones when unset.
    pub modules: Option<Vec<String>>,
    /// Ids of system checks whose messages are not shown.
    pub silenced_checks: Vec<String>,
    /// The colours of command output: `dark`, `light`, `nocolor`, and single roles (`dark;error=yellow/blue,bold`).
    pub colors: Colors,
    /// The default database.
    pub database: Database,
    /// Further databases, by alias, for `--database`.
    #[serde(deserialize_with = "fields::databases")]
    pub databases: BTreeMap<String, Database>,
    /// The default cache.
    pub cache: Cache,
    /// Further caches, by alias.
    #[serde(deserialize_with = "fields::caches")]
    pub caches: BTreeMap<String, Cache>,
    /// Access.
    pub auth: Auth,
    /// The web server.
    pub server: Server,
    /// What stands between the server and the visitors.
    pub security: Security,
    /// Static files.
    #[serde(rename = "static")]
    pub static_files: Static,
    /// Logging.
    pub log: Log,
    /// Where the values come from.
    #[serde(skip)]
    pub origins: Origins,
}

/// One database.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub struct Database {
    /// `sqlite://var/app.sqlite3` (relative to the project's root) or `postgres://user:password@host/name`. May hold a
    /// password, so it is a secret.
    #[serde(deserialize_with = "fields::secret")]
    pub url: SecretString,
    /// How many connections a process keeps at most.
    #[serde(deserialize_with = "fields::between::<1, 10_000, _, _>")]
    pub max_connections: u32,
}

/// One cache.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub struct Cache {
    /// `sqlite://var/cache.sqlite3` (relative to the project's root), `postgres://…`, `redis://…`, `rediss://…`,
    /// `unix:///path/of/redis.sock`, `memory:` (each process its own) or `dummy:` (keeps nothing). May hold a password, so
    /// it is a secret.
    #[serde(deserialize_with = "fields::cache_url")]
    pub url: SecretString,
    /// Stands before the keys, to keep projects that share a place apart.
    #[serde(deserialize_with = "fields::cache_prefix")]
    pub prefix: String,
    /// How many entries are kept at most, in a database or in memory. (Redis has `maxmemory`.)
    #[serde(deserialize_with = "fields::between::<1, { 1 << 40 }, _, _>")]
    pub max_entries: u64,
}

/// Access.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub struct Auth {
    /// Whether visitors without login see pages (read-only). On in development only.
    pub anonymous_read: bool,
    /// How many seconds a login lasts, from the last change of the session on.
    #[serde(deserialize_with = "fields::between::<1, 315_360_000, _, _>")]
    pub session_seconds: u64,
    /// Whether browsers may send the cookies over HTTPS only. On in production.
    pub secure_cookies: bool,
}

/// The web server.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub struct Server {
    /// Where `runserver` listens when the command line does not say.
    #[serde(deserialize_with = "fields::address")]
    pub address: cli::AddrPort,
    /// Where `serve` listens when the command line does not say: `address:port`, `unix:/path`.
    #[serde(deserialize_with = "fields::binds")]
    pub bind: Vec<cli::Bind>,
    /// How many processes `serve` starts when the command line does not say.
    #[serde(deserialize_with = "fields::between::<1, 1024, _, _>")]
    pub workers: u32,
    /// Where `serve` shows its figures to Prometheus (`/metrics`); nowhere when unset.
    #[serde(deserialize_with = "fields::address_or_none")]
    pub metrics: Option<cli::AddrPort>,
    /// How many seconds open requests have to finish when the server is told to stop.
    #[serde(deserialize_with = "fields::between::<0, 86_400, _, _>")]
    pub drain_seconds: u64,
    /// How many seconds a request may take until its answer begins; 0 is no limit.
    #[serde(deserialize_with = "fields::between::<0, 86_400, _, _>")]
    pub request_seconds: u64,
    /// How many seconds a client may take to send the head of a request, may be silent in its body, and may leave an
    /// answer unread.
    #[serde(deserialize_with = "fields::between::<1, 86_400, _, _>")]
    pub client_seconds: u64,
    /// How many seconds a connection is kept between two requests.
    #[serde(deserialize_with = "fields::between::<1, 86_400, _, _>")]
    pub idle_seconds: u64,
    /// How many bytes the body of a request may have.
    #[serde(deserialize_with = "fields::between::<0, { 1 << 40 }, _, _>")]
    pub max_body_bytes: usize,
    /// How many connections a process serves at once, as far as the system lets it.
    #[serde(deserialize_with = "fields::between::<1, 1_000_000, _, _>")]
    pub max_connections: usize,
    /// Hide the warning that `runserver` is not for production.
    pub hide_development_warning: bool,
}

/// What stands between the server and the visitors.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Security {
    /// Whether requests that did not come over HTTPS are sent there.
    pub ssl_redirect: bool,
    /// For how many seconds browsers that came over HTTPS are to use nothing else; 0 says nothing of it.
    #[serde(deserialize_with = "fields::between::<0, 3_153_600_000, _, _>")]
    pub hsts_seconds: u64,
    /// The proxies that say from where and how a request came (`X-Forwarded-For`, `X-Forwarded-Proto`).
    #[serde(deserialize_with = "fields::networks")]
    pub trusted_proxies: Vec<Network>,
}

/// Logging.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub struct Log {
    /// The lowest level that is written to the log file.
    pub level: Level,
    /// The size in bytes at which the log file is rotated.
    #[serde(deserialize_with = "fields::between::<1, { 1 << 40 }, _, _>")]
    pub max_bytes: u64,
    /// How many rotated log files are kept.
    #[serde(deserialize_with = "fields::between::<1, 1000, _, _>")]
    pub keep: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            environment: Environment::default(),
            debug: false,
            secret_key: SecretString::from(DEVELOPMENT_SECRET_KEY),
            allowed_hosts: Vec::new(),
            language: Locale::default(),
            time_zone: Tz::UTC,
            modules: None,
            silenced_checks: Vec::new(),
            colors: Colors::default(),
            database: Database::default(),
            databases: BTreeMap::new(),
            cache: Cache::default(),
            caches: BTreeMap::new(),
            auth: Auth::default(),
            server: Server::default(),
            security: Security::default(),
            static_files: Static::default(),
            log: Log::default(),
            origins: Origins::default(),
        }
    }
}

impl Default for Database {
    fn default() -> Self {
        Self { url: SecretString::from("sqlite://var/app.sqlite3"), max_connections: 8 }
    }
}

impl Default for Cache {
    fn default() -> Self {
        Self { url: SecretString::from("sqlite://var/cache.sqlite3"), prefix: "cache".to_owned(), max_entries: 100_000 }
    }
}

impl Default for Auth {
    fn default() -> Self {
        Self { anonymous_read: false, session_seconds: 14 * 24 * 60 * 60, secure_cookies: false }
    }
}

impl Default for Server {
    fn default() -> Self {
        let address = cli::AddrPort { host: Some("127.0.0.1".to_owned()), port: std::num::NonZeroU16::new(8000) };
        Self {
            bind: vec![cli::Bind::Tcp(address.clone())],
            workers: 1,
            metrics: None,
            address,
            drain_seconds: 10,
            request_seconds: 30,
            client_seconds: 30,
            idle_seconds: 75,
            max_body_bytes: 1024 * 1024,
            max_connections: 20_000,
            hide_development_warning: false,
        }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self { level: Level::default(), max_bytes: 10 * 1024 * 1024, keep: 5 }
    }
}

impl Settings {
    /// The aliases of all databases, the default one first.
    pub fn database_aliases(&self) -> impl Iterator<Item = &str> {
        std::iter::once("default").chain(self.databases.keys().map(String::as_str))
    }

    /// The settings of the database with this alias.
    pub fn database(&self, alias: &str) -> Option<&Database> {
        if alias == "default" { Some(&self.database) } else { self.databases.get(alias) }
    }

    /// The caches by alias, the default one first.
    pub fn caches(&self) -> impl Iterator<Item = (&str, &Cache)> {
        std::iter::once(("default", &self.cache))
            .chain(self.caches.iter().map(|(alias, cache)| (alias.as_str(), cache)))
    }
}
