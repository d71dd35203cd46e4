//! The host check: a request may name only hosts that the settings allow.

use http::header;
use http::request::Parts;

use super::Error;
use crate::conf::{Environment, Settings};

/// The hosts that requests may name.
pub(super) struct Hosts(Vec<String>);

impl Hosts {
    pub(super) fn new(settings: &Settings) -> Self {
        let mut patterns: Vec<String> = settings.allowed_hosts.iter().map(|host| host.trim().to_lowercase()).collect();
        if patterns.is_empty() && (settings.debug || settings.environment == Environment::Test) {
            patterns = ["localhost", ".localhost", "127.0.0.1", "[::1]"].map(str::to_owned).into();
        }
        Self(patterns)
    }

    /// Lets a request through whose host is allowed.
    pub(super) fn check(&self, parts: &Parts) -> Result<(), Error> {
        let given = named(parts).ok_or_else(|| Error::bad_request("the request names no host, or more than one"))?;
        let host = without_port(given).map(|host| host.trim_end_matches('.').to_lowercase());
        match host {
            Some(host) if self.allows(&host) => Ok(()),
            Some(host) => {
                tracing::warn!(target: "http.host", host, "refused a request for a host that is not allowed");
                let advice = "add it to the setting `allowed_hosts` (`APP__ALLOWED_HOSTS`)";
                Err(Error::BadRequest(format!("the host `{host}` is not allowed here; to allow it, {advice}")))
            }
            None => Err(Error::bad_request("the `Host` header is not the name of a host")),
        }
    }

    fn allows(&self, host: &str) -> bool {
        self.0.iter().any(|pattern| match pattern.strip_prefix('.') {
            Some(domain) => host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.')),
            None => pattern == "*" || pattern == host,
        })
    }
}

/// The host as the request names it: in its target (as a proxy is asked), else in its one `Host` header.
pub(super) fn named(parts: &Parts) -> Option<&str> {
    if let Some(authority) = parts.uri.authority() {
        return Some(authority.as_str());
    }
    let mut values = parts.headers.get_all(header::HOST).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

/// The host without its port; none when it is malformed.
pub(super) fn without_port(given: &str) -> Option<&str> {
    let (host, port) = match given.rfind(']') {
        Some(end) => given.split_at(end + 1),
        None => given.split_at(given.find(':').unwrap_or(given.len())),
    };
    let port_is_sane =
        port.is_empty() || port.strip_prefix(':').is_some_and(|port| port.bytes().all(|b| b.is_ascii_digit()));
    let host_is_sane = match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(inner) => inner.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_')),
    };
    (port_is_sane && host_is_sane).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_taken_off_and_nonsense_is_refused() {
        for (given, host) in [
            ("example.com", Some("example.com")),
            ("example.com:8000", Some("example.com")),
            ("[::1]:8000", Some("[::1]")),
            ("[::1]", Some("[::1]")),
            ("", None),
            (":8000", None),
            ("a b", None),
            ("example.com:80a", None),
            ("user@example.com", None),
            ("[::1", None),
            ("[::1]evil", None),
            ("example.com:80:80", None),
        ] {
            assert_eq!(without_port(given), host, "{given}");
        }
    }

    #[test]
    fn a_leading_dot_allows_a_domain_and_all_below_it() {
        let settings = Settings { allowed_hosts: vec![".Example.com".to_owned()], ..Settings::default() };
        let hosts = Hosts::new(&settings);
        assert!(hosts.allows("example.com") && hosts.allows("a.example.com"));
        assert!(!hosts.allows("badexample.com") && !hosts.allows("example.com.evil"));
        assert!(!Hosts::new(&Settings::default()).allows("localhost"));
    }
}
