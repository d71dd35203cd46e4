//! Forged requests: what another site makes a visitor's browser send is refused.
//!
//! A token is `<nonce>.<mac>`; the mac is over nonce and session, under the project's secret key. It stands in a cookie and
//! has to be repeated in the form (`csrf_field()` in templates) or in the header `X-CSRFToken`: another site can do
//! neither, and a token of another session, planted as a cookie, has the wrong mac.
//!
//! Pages hold it under a mask of their own: pages are compressed, and by the length of many answers somebody could guess
//! letter by letter what stands in all of them.

use hmac::{Hmac, Mac as _};
use http::{Method, header};
use sha2::Sha256;

use super::cookies;
use super::{Error, Request, Result};
use crate::clock::random_hex;
use crate::conf::Settings;
use crate::context::Context;
use crate::mac::hex;

/// The field of a form that holds the token.
pub(super) const FIELD: &str = "csrfmiddlewaretoken";

/// The header that holds it where there is no form.
const HEADER: &str = "x-csrftoken";

/// How many seconds the browser keeps the token: a year, as Django's.
pub(super) const SECONDS: u64 = 364 * 24 * 60 * 60;

const NONCE_BYTES: usize = 16;

/// How many bytes nonce and mac have together.
const TOKEN_BYTES: usize = NONCE_BYTES + 32;

/// Marks a request that is not checked: one of the test client, which is no browser. It cannot come over the wire.
#[derive(Clone, Copy)]
pub(super) struct Unchecked;

/// A new token for the session with this key (empty: no session).
pub(super) fn token(ctx: &Context, session: &str) -> String {
    let nonce = random_hex(ctx.random(), NONCE_BYTES);
    let mac = mac(ctx.settings(), session, &nonce).finalize().into_bytes();
    format!("{nonce}.{}", hex(&mac))
}

/// Whether a token is one of ours for this session. Takes as long for any token.
pub(super) fn is_valid(settings: &Settings, session: &str, token: &str) -> bool {
    let Some((nonce, given)) = token.split_once('.') else { return false };
    unhex(given).is_some_and(|given| mac(settings, session, nonce).verify_slice(&given).is_ok())
}

/// The token as a page holds it: another text each time. A token that is none stays as it is.
pub(super) fn masked(ctx: &Context, token: &str) -> String {
    let mask = random_hex(ctx.random(), TOKEN_BYTES);
    let bytes = unhex(&token.replacen('.', "", 1)).filter(|bytes| bytes.len() == TOKEN_BYTES);
    match bytes.zip(unhex(&mask)) {
        Some((bytes, pad)) => format!("{mask}.{}", hex(&xor(&bytes, &pad))),
        None => token.to_owned(),
    }
}

/// The token that a page held. One that was not masked (scripts read the cookie) stays as it is.
fn unmasked(given: &str) -> String {
    let halves = given.split_once('.').and_then(|(mask, rest)| unhex(mask).zip(unhex(rest)));
    match halves.filter(|(mask, rest)| mask.len() == TOKEN_BYTES && rest.len() == TOKEN_BYTES) {
        Some((mask, rest)) => {
            let bytes = xor(&mask, &rest);
            let (nonce, mac) = bytes.split_at(NONCE_BYTES);
            format!("{}.{}", hex(nonce), hex(mac))
        }
        None => given.to_owned(),
    }
}

fn xor(left: &[u8], right: &[u8]) -> Vec<u8> {
    left.iter().zip(right).map(|(left, right)| left ^ right).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let pair = |at| text.get(at..at + 2).and_then(|pair: &str| u8::from_str_radix(pair, 16).ok());
    (0..text.len()).step_by(2).map(pair).collect()
}

fn mac(settings: &Settings, session: &str, nonce: &str) -> Hmac<Sha256> {
    crate::mac::mac(settings, &["csrf", session, nonce])
}

/// Lets a request go on that this site's own page sent, or that changes nothing.
pub(super) async fn check(request: &Request) -> Result<()> {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE);
    if reads || request.extension::<Unchecked>().is_some() {
        return Ok(());
    }
    check_source(request)?;
    let cookie = cookies::read(request.headers(), cookies::CSRF).unwrap_or_default().to_owned();
    if cookie.is_empty() {
        return refused("CSRF cookie not set.");
    }
    let (given, place) = match request.header(HEADER) {
        Some(token) => (Some(token.to_owned()), "the 'X-CSRFToken' HTTP header"),
        None => (request.form_field(FIELD).await?, "POST"),
    };
    let Some(given) = given else { return refused("CSRF token missing.") };
    let given = unmasked(&given);
    if is_valid(request.ctx().settings(), &request.visitor().session_key(), &given) && given == cookie {
        return Ok(());
    }
    refused(format!("CSRF token from {place} incorrect."))
}

/// The page that a browser says it comes from has to be of this site.
fn check_source(request: &Request) -> Result<()> {
    let (what, source) = match (request.header("origin"), request.header(header::REFERER.as_str())) {
        (Some(origin), _) => ("Origin", origin),
        (None, Some(referer)) => ("Referer", referer),
        (None, None) => return Ok(()),
    };
    let secure_only = request.ctx().settings().auth.secure_cookies;
    let host = match source.split_once("://") {
        Some(("https", rest)) => Some(rest),
        Some(("http", rest)) if !secure_only => Some(rest),
        _ => None,
    };
    let host = host.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    if host.is_some_and(|host| request.host().is_some_and(|own| own.eq_ignore_ascii_case(host))) {
        return Ok(());
    }
    refused(format!("{what} checking failed - {source} does not match any trusted origins."))
}

fn refused(reason: impl Into<String>) -> Result<()> {
    Err(Error::Csrf(reason.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conf::Layout;
    use crate::context::ContextBuilder;

    #[test]
    fn a_page_never_holds_the_same_token_twice() {
        let ctx = ContextBuilder::new(Settings::default(), Layout { root: "/".into() }, Vec::new()).build();
        let token = token(&ctx, "key");
        let (one, other) = (masked(&ctx, &token), masked(&ctx, &token));
        assert_ne!(one, other);
        let mac = token.split_once('.').expect("a mac").1;
        assert!(!one.contains(mac) && !one.contains(&token[..32]));
        assert_eq!([unmasked(&one), unmasked(&other), unmasked(&token)], [token.clone(), token.clone(), token]);
        for nonsense in ["", ".", "x.y", "é.é", &"a".repeat(500)] {
            assert_eq!([unmasked(nonsense), masked(&ctx, nonsense)], [nonsense, nonsense], "{nonsense}");
        }
    }
}
