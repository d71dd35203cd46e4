//! Who may speak for others: addresses of proxies, as the setting `security.trusted_proxies` names them.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// One address (`10.0.0.1`), a network (`10.0.0.0/8`, `fd00::/8`), or whoever comes over a socket file (`unix`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// Programs of this machine, over a socket file.
    Unix,
    /// All addresses that begin with the same bits.
    Ip {
        /// The address.
        address: IpAddr,
        /// How many bits.
        bits: u8,
    },
}

impl Network {
    /// Whether the address is one of them.
    pub fn contains(&self, other: IpAddr) -> bool {
        let Self::Ip { address, bits } = *self else { return false };
        match (address, other.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let differ = u32::from(own) ^ u32::from(other);
                differ.checked_shr(32 - u32::from(bits)).unwrap_or(0) == 0
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let differ = u128::from(own) ^ u128::from(other);
                differ.checked_shr(128 - u32::from(bits)).unwrap_or(0) == 0
            }
            _ => false,
        }
    }

    /// Whether it is everybody.
    pub fn is_everybody(&self) -> bool {
        matches!(self, Self::Ip { bits: 0, .. })
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "unix" {
            return Ok(Self::Unix);
        }
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let wrong = || {
            let shown = text.escape_debug();
            format!("expected an address, a network such as `10.0.0.0/8`, or `unix`, found \"{shown}\"")
        };
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), str::parse).ok().filter(|bits| *bits <= most).ok_or_else(wrong)?;
        Ok(Self::Ip { address, bits })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix => f.write_str("unix"),
            Self::Ip { address: IpAddr::V4(address), bits: 32 } => write!(f, "{address}"),
            Self::Ip { address: IpAddr::V6(address), bits: 128 } => write!(f, "{address}"),
            Self::Ip { address, bits } => write!(f, "{address}/{bits}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_hold_their_addresses() {
        for (network, inside, outside) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.1"),
            ("10.1.2.3", "10.1.2.3", "10.1.2.4"),
            ("10.1.2.3", "::ffff:10.1.2.3", "::1"),
            ("0.0.0.0/0", "200.1.1.1", "::1"),
            ("fd00::/8", "fd12::1", "fe00::1"),
            ("::/0", "fe00::1", "1.1.1.1"),
            ("::1", "::1", "::2"),
        ] {
            let parsed: Network = network.parse().expect("a network");
            assert_eq!(parsed.to_string(), network);
            assert!(parsed.contains(inside.parse().expect("an address")), "{network} {inside}");
            assert!(!parsed.contains(outside.parse().expect("an address")), "{network} {outside}");
        }
        for wrong in ["", "10.0.0", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1", "proxy", "Unix", " unix"] {
            assert!(wrong.parse::<Network>().is_err(), "{wrong}");
        }
    }
}
