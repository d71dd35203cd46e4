//! Where a server listens, and what is said when it cannot: one text for the app's `runserver` and for the task runner,
//! which makes the socket itself.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs as _};
use std::num::NonZeroU16;
use std::{fmt, io};

use crate::AddrPort;
use crate::ports;

/// The host when nobody names one.
const LOOPBACK: &str = "127.0.0.1";

/// An address to listen on, put together from what was typed and what holds without that.
#[derive(Clone, Copy, Debug)]
pub struct Listen<'a> {
    /// What was typed.
    pub asked: Option<&'a AddrPort>,
    /// What the settings say.
    pub default: &'a AddrPort,
    /// The command that the hint of an error repeats (`cargo xtask dev`).
    pub command: &'a str,
}

impl<'a> Listen<'a> {
    /// The host: what was typed, else what the settings say.
    pub fn host(&self) -> &'a str {
        self.asked.and_then(|asked| asked.host.as_deref()).unwrap_or(self.default_host())
    }

    /// The port; 0 asks the system for a free one.
    pub fn port(&self) -> u16 {
        self.asked.unwrap_or(self.default).port.map_or(0, NonZeroU16::get)
    }

    /// Listens there.
    ///
    /// # Errors
    /// When the host has no address, or nobody may listen there now.
    pub fn bind(&self) -> Result<TcpListener, ListenError> {
        let (host, port) = (self.host(), self.port());
        let addresses: Vec<SocketAddr> = match (host, port).to_socket_addrs() {
            Ok(addresses) => addresses.collect(),
            Err(source) => {
                let message = format!("the host `{host}` has no address: {source}");
                return Err(ListenError { message, hint: None, source });
            }
        };
        TcpListener::bind(addresses.as_slice()).map_err(|source| self.explain(source, &addresses))
    }

    /// The URL of a server that listens on this port of the host, as a person types it.
    pub fn url(host: &str, port: u16) -> String {
        let address = AddrPort { host: Some(host.to_owned()), port: NonZeroU16::new(port) };
        format!("http://{address}/")
    }

    fn explain(&self, source: io::Error, addresses: &[SocketAddr]) -> ListenError {
        let (host, port) = (self.host(), self.port());
        let (message, hint) = match source.kind() {
            ErrorKind::AddrInUse => {
                let owner = ports::owner(addresses);
                let by = owner.map(|owner| format!(" by `{}` (pid {})", owner.name, owner.pid)).unwrap_or_default();
                (format!("port {port} on {host} is in use{by}"), Some(self.instead(ports::free_port(host, port))))
            }
            ErrorKind::PermissionDenied => (
                format!("no permission to listen on port {port} of {host} (ports below 1024 need root)"),
                Some(self.instead(port.saturating_add(8000))),
            ),
            ErrorKind::AddrNotAvailable => (format!("{host} is not an address of this machine"), None),
            _ => (format!("failed to listen on port {port} of {host}: {source}"), None),
        };
        ListenError { message, hint, source }
    }

    /// The command that the person should type instead.
    fn instead(&self, port: u16) -> String {
        let host = Some(self.host()).filter(|host| *host != self.default_host()).map(str::to_owned);
        format!("`{} {}`", self.command, AddrPort { host, port: NonZeroU16::new(port) })
    }

    fn default_host(&self) -> &'a str {
        self.default.host.as_deref().unwrap_or(LOOPBACK)
    }
}

/// Why nobody can listen there.
#[derive(Debug)]
pub struct ListenError {
    /// What is wrong.
    pub message: String,
    /// What to type instead.
    pub hint: Option<String>,
    /// The system's own error.
    pub source: io::Error,
}

impl fmt::Display for ListenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, "\nhint: {hint}"))
    }
}

impl std::error::Error for ListenError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> AddrPort {
        text.parse().expect("an address")
    }

    #[test]
    fn what_was_typed_comes_before_the_settings() {
        let usual = at("127.0.0.1:8000");
        let wanted = |asked: Option<&str>, default: &AddrPort| {
            let asked = asked.map(at);
            let listen = Listen { asked: asked.as_ref(), default, command: "app runserver" };
            (listen.host().to_owned(), listen.port())
        };
        for (asked, host, port) in [
            ("7000", "127.0.0.1", 7000),
            ("0", "127.0.0.1", 0),
            ("1.2.3.4:8000", "1.2.3.4", 8000),
            ("0:8000", "0.0.0.0", 8000),
            ("localhost:8000", "localhost", 8000),
            ("test.domain.local:7000", "test.domain.local", 7000),
            ("[::1]:7000", "::1", 7000),
        ] {
            assert_eq!(wanted(Some(asked), &usual), (host.to_owned(), port), "{asked}");
        }
        assert_eq!(wanted(None, &usual), ("127.0.0.1".to_owned(), 8000));
        assert_eq!(wanted(None, &at("0.0.0.0:5000")), ("0.0.0.0".to_owned(), 5000));
        assert_eq!(wanted(Some("7000"), &at("[::]:5000")), ("::".to_owned(), 7000));
        assert_eq!(wanted(None, &at("5000")), ("127.0.0.1".to_owned(), 5000));
    }

    #[test]
    fn the_hint_repeats_a_host_that_is_not_the_usual_one() {
        let (usual, asked) = (at("127.0.0.1:8000"), at("[::1]:80"));
        let listen = Listen { asked: Some(&asked), default: &usual, command: "cargo xtask dev" };
        let error = listen.explain(ErrorKind::PermissionDenied.into(), &[]);
        let text = "no permission to listen on port 80 of ::1 (ports below 1024 need root)\nhint: `cargo xtask dev [::1]:8080`";
        assert_eq!(error.to_string(), text);
        let listen = Listen { asked: Some(&asked), default: &asked, command: "cargo xtask dev" };
        assert!(
            listen.explain(ErrorKind::PermissionDenied.into(), &[]).to_string().ends_with("`cargo xtask dev 8080`")
        );
    }

    #[test]
    fn a_busy_port_names_its_owner_and_a_free_one() {
        let busy = TcpListener::bind((LOOPBACK, 0)).expect("a listener");
        let asked = at(&busy.local_addr().expect("an address").port().to_string());
        let listen = Listen { asked: Some(&asked), default: &at("8000"), command: "app runserver" };
        let error = listen.bind().expect_err("it is busy");
        let port = listen.port();
        assert!(error.message.starts_with(&format!("port {port} on 127.0.0.1 is in use")), "{error}");
        if cfg!(target_os = "linux") {
            assert!(error.message.ends_with(&format!(" (pid {})", std::process::id())), "{error}");
        }
        assert!(error.hint.as_deref().is_some_and(|hint| hint.starts_with("`app runserver ")), "{error}");
    }
}
