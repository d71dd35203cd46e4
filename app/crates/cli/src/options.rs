//! Options and arguments that several commands share: the base options of every command, labels, modules, addresses.

use std::fmt;
use std::num::NonZeroU16;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

/// The options that every command accepts.
#[derive(Args, Clone, Debug)]
pub struct BaseOptions {
    /// Print the version and stop
    #[arg(long)]
    pub version: bool,
    /// How much to print: 0 nothing, 1 normal, 2 verbose, 3 very verbose
    #[arg(short, long, value_name = "LEVEL", default_value = "1",
          value_parser = PossibleValuesParser::new(["0", "1", "2", "3"]).map(|level| level.as_bytes()[0] - b'0'))]
    pub verbosity: u8,
    /// The settings file to use instead of the environment's
    #[arg(long, value_name = "FILE")]
    pub settings: Option<PathBuf>,
    /// Show the whole chain of causes of an error
    #[arg(long)]
    pub traceback: bool,
    /// Never colour the output
    #[arg(long, alias = "no_color")]
    pub no_color: bool,
    /// Colour the output even when it is not a terminal
    #[arg(long, alias = "force_color")]
    pub force_color: bool,
    /// Skip the system checks
    #[arg(long, alias = "skip_checks")]
    pub skip_checks: bool,
}

impl Default for BaseOptions {
    fn default() -> Self {
        Self {
            version: false,
            verbosity: 1,
            settings: None,
            traceback: false,
            no_color: false,
            force_color: false,
            skip_checks: false,
        }
    }
}

/// The clap ids of [`BaseOptions`], which a command may hide but not define again.
pub const BASE_OPTION_IDS: &[&str] =
    &["version", "verbosity", "settings", "traceback", "no_color", "force_color", "skip_checks"];

/// One or more module labels, for a command that runs once per module (Django's AppCommand).
#[derive(Args, Clone, Debug, Default)]
pub struct Modules {
    /// One or more module labels
    #[arg(value_name = "MODULE")]
    pub labels: Vec<String>,
}

/// One or more labels of any kind, for a command that runs once per label (Django's LabelCommand).
#[derive(Args, Clone, Debug, Default)]
pub struct Labels {
    /// One or more labels
    #[arg(value_name = "LABEL")]
    pub labels: Vec<String>,
}

/// An address to listen on, as `runserver` takes it: `8000`, `1.2.3.4:8000`, `localhost:8000`, `[::1]:8000`.
/// A host stays a name until it is bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddrPort {
    /// The host, `None` when only a port was given.
    pub host: Option<String>,
    /// The port; `None` asks the system for a free one (`0`).
    pub port: Option<NonZeroU16>,
}

impl FromStr for AddrPort {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let invalid = || format!("\"{text}\" is not a valid port number or address:port pair");
        let (host, port) = match text.rsplit_once(':') {
            None => (None, text),
            Some((host, port)) => (Some(host), port),
        };
        let port: u16 = if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) {
            port.parse().map_err(|_| invalid())?
        } else {
            return Err(invalid());
        };
        let host = match host {
            None => None,
            Some(host) => Some(parse_host(host).ok_or_else(invalid)?),
        };
        Ok(Self { host, port: NonZeroU16::new(port) })
    }
}

/// A host name, an IPv4 address, or an IPv6 address in brackets (which are taken off).
fn parse_host(host: &str) -> Option<String> {
    if let Some(inner) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return inner.parse::<std::net::Ipv6Addr>().ok().map(|_| inner.to_owned());
    }
    // As in Django, `0` is short for all IPv4 addresses.
    if host == "0" {
        return Some("0.0.0.0".to_owned());
    }
    let name =
        !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'));
    let looks_numeric = host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    (name && (!looks_numeric || host.parse::<std::net::Ipv4Addr>().is_ok())).then(|| host.to_owned())
}

impl fmt::Display for AddrPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let port = self.port.map_or(0, NonZeroU16::get);
        match &self.host {
            None => write!(f, "{port}"),
            Some(host) if host.contains(':') => write!(f, "[{host}]:{port}"),
            Some(host) => write!(f, "{host}:{port}"),
        }
    }
}
