//! Which way a request came: from whom, and whether over HTTPS. The connection says it, or a proxy that the settings trust.

use std::net::{IpAddr, SocketAddr};

use http::request::Parts;

use super::stream::Peer;
use crate::conf::Network;

/// The headers by which proxies say it.
const FOR: &str = "x-forwarded-for";
const PROTO: &str = "x-forwarded-proto";

/// Which way a request came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Way {
    /// The address of the visitor's program; none over a socket file, where no trusted proxy says it.
    pub(super) client: Option<IpAddr>,
    /// Whether it came over HTTPS.
    pub(super) secure: bool,
}

impl Way {
    pub(super) fn of(parts: &Parts, trusted: &[Network]) -> Self {
        let (client, is_trusted) = match parts.extensions.get::<Peer>() {
            Some(Peer::Ip(address)) => (Some(address.to_canonical()), covers(trusted, *address)),
            Some(Peer::Local) => (None, trusted.contains(&Network::Unix)),
            None => (None, false),
        };
        if !is_trusted {
            return Self { client, secure: false };
        }
        // The nearest proxy is the one that is trusted, and it stands last.
        let secure = words(parts, PROTO).last().is_some_and(|proto| proto.eq_ignore_ascii_case("https"));
        Self { client: first_stranger(parts, trusted).or(client), secure }
    }
}

/// The visitor's address: from the nearest proxy on, the first one that is no trusted proxy itself. What stands before it
/// anybody can have written.
fn first_stranger(parts: &Parts, trusted: &[Network]) -> Option<IpAddr> {
    let mut client = None;
    for word in words(parts, FOR).rev() {
        let Some(address) = address(word) else { break };
        client = Some(address);
        if !covers(trusted, address) {
            break;
        }
    }
    client
}

/// All that the headers of a name hold, in the order in which it was added.
fn words<'a>(parts: &'a Parts, name: &str) -> impl DoubleEndedIterator<Item = &'a str> {
    let lines = parts.headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    let words: Vec<&str> = lines.flat_map(|line| line.split(',')).map(str::trim).collect();
    words.into_iter()
}

/// An address as proxies write it, some with a port.
fn address(word: &str) -> Option<IpAddr> {
    let bare = word.strip_prefix('[').and_then(|word| word.strip_suffix(']')).unwrap_or(word);
    let with_port = || word.parse().ok().map(|address: SocketAddr| address.ip());
    bare.parse().ok().or_else(with_port).map(|address: IpAddr| address.to_canonical())
}

fn covers(trusted: &[Network], address: IpAddr) -> bool {
    trusted.iter().any(|network| network.contains(address))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(peer: Option<Peer>, headers: &[(&str, &str)]) -> (String, bool) {
        let mut request = http::Request::builder();
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (mut parts, ()) = request.body(()).expect("a request").into_parts();
        if let Some(peer) = peer {
            parts.extensions.insert(peer);
        }
        let trusted = ["10.0.0.0/8", "::1", "unix"].map(|text| text.parse().expect("a network"));
        let way = Way::of(&parts, &trusted);
        (way.client.map(|address| address.to_string()).unwrap_or_default(), way.secure)
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let proxy = || Some(Peer::Ip([10, 0, 0, 1].into()));
        let secure = (PROTO, "https");
        for (peer, headers, client, is_secure) in [
            (None, &[(FOR, "1.1.1.1"), secure][..], "", false),
            (Some(Peer::Ip([9, 9, 9, 9].into())), &[(FOR, "1.1.1.1"), secure], "9.9.9.9", false),
            (proxy(), &[], "10.0.0.1", false),
            (proxy(), &[(FOR, "1.1.1.1"), secure], "1.1.1.1", true),
            (proxy(), &[(FOR, "6.6.6.6, 1.1.1.1, 10.3.0.1")], "1.1.1.1", false),
            (proxy(), &[(FOR, "6.6.6.6"), (FOR, "1.1.1.1")], "1.1.1.1", false),
            (proxy(), &[(FOR, "10.0.0.7,10.0.0.8")], "10.0.0.7", false),
            (proxy(), &[(FOR, "1.1.1.1, unknown")], "10.0.0.1", false),
            (proxy(), &[(FOR, "1.1.1.1:5000")], "1.1.1.1", false),
            (proxy(), &[(FOR, "[2001:db8::1]:5000")], "2001:db8::1", false),
            (proxy(), &[(FOR, "[2001:db8::1]"), (PROTO, "https,http")], "2001:db8::1", false),
            (proxy(), &[(PROTO, "http"), (PROTO, "HTTPS")], "10.0.0.1", true),
            (Some(Peer::Local), &[(FOR, "::ffff:1.1.1.1"), secure], "1.1.1.1", true),
            (Some(Peer::Local), &[], "", false),
        ] {
            assert_eq!(way(peer, headers), (client.to_owned(), is_secure), "{peer:?} {headers:?}");
        }
    }
}
