//! Where the production server listens: over TCP, or at a socket file.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::AddrPort;

/// What stands before the path of a socket file.
const UNIX: &str = "unix:";

/// An address to listen on: `8000`, `1.2.3.4:8000`, `[::1]:8000`, `unix:/run/app.sock`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bind {
    /// A host and a port.
    Tcp(AddrPort),
    /// A socket file; a relative path is below the project's root.
    Unix(PathBuf),
}

impl FromStr for Bind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.strip_prefix(UNIX) {
            Some("") => Err(format!("\"{text}\" lacks the path of a socket file, such as `unix:/run/app.sock`")),
            Some(path) => Ok(Self::Unix(path.into())),
            None => text.parse().map(Self::Tcp),
        }
    }
}

impl fmt::Display for Bind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "{UNIX}{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_addresses_and_socket_files_are_told_apart() {
        for text in ["8000", "127.0.0.1:8000", "[::1]:8000", "localhost:0", "unix:/run/app.sock", "unix:var/a b"] {
            let bind: Bind = text.parse().expect(text);
            assert_eq!(bind.to_string(), text);
            assert_eq!(matches!(bind, Bind::Unix(_)), text.starts_with("unix:"), "{text}");
        }
        for text in ["", "unix:", "/run/app.sock", "host", "1.2.3.4", "host:port"] {
            assert!(text.parse::<Bind>().is_err(), "{text}");
        }
    }
}
