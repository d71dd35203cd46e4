//! Cookies: read from a request, set by a response.

use anyhow::Context as _;
use http::{HeaderMap, HeaderValue, header};

use super::{Error, Result};
use crate::conf::Settings;

/// The cookie that holds the key of a visitor's session.
pub(super) const SESSION: &str = "sessionid";

/// The cookie that holds the token against forged requests.
pub(super) const CSRF: &str = "csrftoken";

/// Whether scripts of the page can read a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scripts {
    Refused,
    Allowed,
}

/// The value of the first cookie with this name.
pub(super) fn read<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, value)| value)
}

/// The `Set-Cookie` header that makes the browser keep a cookie for some seconds; 0 makes it forget.
pub(super) fn set(name: &str, value: &str, seconds: u64, scripts: Scripts, settings: &Settings) -> Result<HeaderValue> {
    let hidden = if scripts == Scripts::Refused { "; HttpOnly" } else { "" };
    let secure = if settings.auth.secure_cookies { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path=/; Max-Age={seconds}{hidden}; SameSite=Lax{secure}");
    let header = HeaderValue::from_str(&text).with_context(|| format!("failed to set the cookie `{name}`"));
    header.map_err(Error::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_found_wherever_they_stand() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("a=1; sessionid=x=y ;b"));
        headers.append(header::COOKIE, HeaderValue::from_static("c=; sessionid=z"));
        let found = ["a", "sessionid", "b", "c", "d"].map(|name| read(&headers, name));
        assert_eq!(found, [Some("1"), Some("x=y"), None, Some(""), None]);
    }
}
