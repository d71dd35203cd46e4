//! Database URLs: which backend they mean, which file, and how to show them without the password.

use std::path::{Path, PathBuf};

use crate::{Backend, Error};

/// A database URL taken apart as far as this crate needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// A SQLite file, with the URL's parameters (`mode=ro`) as they were.
    File { path: PathBuf, mode: Mode, query: String },
    /// A SQLite database in memory.
    Memory,
    /// A PostgreSQL server; the URL with the scheme that the driver knows.
    Server { url: String },
}

/// SQLite's `mode` parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// `ro`: the file must exist and is only read.
    ReadOnly,
    /// `rw`: the file must exist.
    ReadWrite,
    /// `rwc`, or nothing: the file and its directory are created.
    Create,
}

impl Target {
    /// Reads `url`; a relative SQLite path is taken from `root`.
    pub(super) fn parse(url: &str, root: &Path) -> Result<Target, Error> {
        let (scheme, rest) = url.split_once(':').unwrap_or((url, ""));
        match scheme {
            "sqlite" => sqlite(url, rest, root),
            "postgres" | "postgresql" => Ok(Target::Server { url: format!("postgres:{rest}") }),
            _ => Err(Error::UnknownScheme { scheme: scheme.to_owned() }),
        }
    }

    pub(super) fn backend(&self) -> Backend {
        match self {
            Target::File { .. } | Target::Memory => Backend::Sqlite,
            Target::Server { .. } => Backend::Postgres,
        }
    }
}

fn sqlite(url: &str, rest: &str, root: &Path) -> Result<Target, Error> {
    let bad = |reason: &str| Error::BadUrl { url: redact(url), reason: reason.to_owned() };
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let path = path.strip_prefix("//").unwrap_or(path);
    if path == ":memory:" {
        return Ok(Target::Memory);
    }
    if path.is_empty() {
        return Err(bad("it names no file; write `sqlite://var/app.sqlite3` or `sqlite::memory:`"));
    }
    let mut mode = Mode::Create;
    let mut others = Vec::new();
    for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
        match parameter {
            "mode=ro" => mode = Mode::ReadOnly,
            "mode=rw" => mode = Mode::ReadWrite,
            "mode=rwc" => mode = Mode::Create,
            "mode=memory" => return Ok(Target::Memory),
            other if other.starts_with("mode=") => return Err(bad("`mode` is one of ro, rw, rwc, memory")),
            other => others.push(other),
        }
    }
    let decoded = percent_decode(path).ok_or_else(|| bad("the path is not valid percent-encoded UTF-8"))?;
    Ok(Target::File { path: root.join(decoded), mode, query: others.join("&") })
}

/// `%20` and its like; `None` when the escapes are broken or the bytes are no UTF-8.
pub(super) fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let high = char::from(rest.next()?).to_digit(16)?;
            let low = char::from(rest.next()?).to_digit(16)?;
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

/// The URL with `***` in place of a password, wherever one may stand: before the `@`, and in a `password=` parameter.
pub(super) fn redact(url: &str) -> String {
    // The last `@` of all, and only then the `?`: a password may hold a bare `@`, `/` or `?`.
    let at = url.rfind('@').unwrap_or(0);
    let scheme = url
        .split_once("://")
        .map_or_else(|| url.find(':').map_or(0, |colon| colon + 1), |(scheme, _)| scheme.len() + 3);
    let (start, rest) = match url.get(scheme..at) {
        Some(who) if !who.is_empty() => {
            let user = who.split(':').next().unwrap_or_default();
            let secret = if who.contains(':') { ":***" } else { "" };
            (format!("{}{user}{secret}", &url[..scheme]), &url[at..])
        }
        _ => (String::new(), url),
    };
    let (main, query) = rest.split_once('?').map_or((rest, None), |(main, query)| (main, Some(query)));
    let mut shown = start + main;
    if let Some(query) = query {
        let parameters: Vec<String> = query
            .split('&')
            .map(|parameter| match parameter.split_once('=') {
                Some((key, _)) if key.to_ascii_lowercase().contains("password") => format!("{key}=***"),
                _ => parameter.to_owned(),
            })
            .collect();
        shown = format!("{shown}?{}", parameters.join("&"));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Result<Target, Error> {
        Target::parse(url, Path::new("/srv"))
    }

    #[test]
    fn paths_resolve_against_the_root() {
        for (url, path, mode) in [
            ("sqlite://var/app.sqlite3", "/srv/var/app.sqlite3", Mode::Create),
            ("sqlite:var/a%20b.sqlite3?mode=rw", "/srv/var/a b.sqlite3", Mode::ReadWrite),
            ("sqlite:///data/app.sqlite3?mode=ro", "/data/app.sqlite3", Mode::ReadOnly),
        ] {
            let expected = Target::File { path: path.into(), mode, query: String::new() };
            assert_eq!(parse(url).expect(url), expected);
        }
        assert_eq!(parse("sqlite::memory:").expect("memory"), Target::Memory);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let unknown = parse("mysql://localhost/x").expect_err("mysql").to_string();
        assert!(unknown.contains("`mysql`") && unknown.contains("sqlite, postgres, postgresql"), "{unknown}");
        assert!(matches!(parse("app.sqlite3"), Err(Error::UnknownScheme { scheme }) if scheme == "app.sqlite3"));
        for url in ["sqlite://", "sqlite://a?mode=x", "sqlite://a%4", "sqlite://%ff"] {
            assert!(matches!(parse(url), Err(Error::BadUrl { .. })), "{url}");
        }
    }

    #[test]
    fn passwords_are_not_shown() {
        for (url, shown) in [
            ("postgres://joe:s3cret@db:5432/app", "postgres://joe:***@db:5432/app"),
            ("postgres://joe:p@ss/w@db/app?sslmode=require", "postgres://joe:***@db/app?sslmode=require"),
            ("postgres://db/app?user=joe&password=s3cret", "postgres://db/app?user=joe&password=***"),
            ("postgres://joe:p?hunter2@db/app?a=b", "postgres://joe:***@db/app?a=b"),
            ("postgres:joe:s3cret@db/app", "postgres:joe:***@db/app"),
            ("postgres://joe@db/app", "postgres://joe@db/app"),
            ("sqlite://var/app.sqlite3", "sqlite://var/app.sqlite3"),
        ] {
            assert_eq!(redact(url), shown);
        }
    }
}
