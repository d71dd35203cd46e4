//! Where the server listens: on an inherited socket, else on one of its own.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs as _};
use std::num::NonZeroU16;

use anyhow::{Context as _, anyhow};
use cli::AddrPort;
use rustix::net::SocketType;
use rustix::net::sockopt::{socket_acceptconn, socket_type};

use super::ports;
use crate::context::Context;
use crate::management::CommandError;
use crate::process::Handover;

/// Where to listen when nobody names a host.
const LOOPBACK: &str = "127.0.0.1";

/// Who made the socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ownership {
    /// This process.
    Own,
    /// A supervisor, which goes on listening when this process has stopped.
    Inherited,
}

/// A socket that connections arrive at.
#[derive(Debug)]
pub(super) struct Bound {
    pub(super) listener: TcpListener,
    pub(super) local: SocketAddr,
    pub(super) ownership: Ownership,
    /// The address as a person would type it.
    pub(super) url: String,
}

/// Listens where the command line says, else where the settings say; on an inherited socket when there is one.
pub(super) fn listen(ctx: &Context, asked: Option<&AddrPort>) -> anyhow::Result<Bound> {
    let (host, port) = wanted(asked, &ctx.settings().server.address);
    let (listener, ownership) = match inherited(ctx.handover())? {
        Some(listener) => (listener, Ownership::Inherited),
        None => (bind(ctx, host, port)?, Ownership::Own),
    };
    let local = listener.local_addr().context("failed to read the address of the listening socket")?;
    // Of an inherited socket only the supervisor knows under which name it was asked for.
    let shown = match (ownership, asked.and_then(|asked| asked.host.as_deref())) {
        (Ownership::Inherited, None) => local.ip().to_string(),
        _ => host.to_owned(),
    };
    let address = AddrPort { host: Some(shown), port: NonZeroU16::new(local.port()) };
    listener.set_nonblocking(true).context("failed to prepare the listening socket")?;
    Ok(Bound { listener, local, ownership, url: format!("http://{address}/") })
}

/// Host and port: each from the command line, else from the settings. Port 0 asks the system for a free one.
fn wanted<'a>(asked: Option<&'a AddrPort>, default: &'a AddrPort) -> (&'a str, u16) {
    let host = asked.and_then(|asked| asked.host.as_deref()).or(default.host.as_deref());
    let port = asked.map_or(default.port, |asked| asked.port);
    (host.unwrap_or(LOOPBACK), port.map_or(0, NonZeroU16::get))
}

/// The socket that a supervisor passed on.
fn inherited(handover: &Handover) -> anyhow::Result<Option<TcpListener>> {
    let Some(socket) = handover.listener()? else { return Ok(None) };
    let failed = "failed to take over the listening socket (`LISTEN_FDS`)";
    let listens = socket_acceptconn(&socket).map_err(std::io::Error::from).context(failed)?;
    let kind = socket_type(&socket).map_err(std::io::Error::from).context(failed)?;
    if !listens || kind != SocketType::STREAM {
        return Err(anyhow!("it does not listen").context(failed));
    }
    Ok(Some(TcpListener::from(socket)))
}

fn bind(ctx: &Context, host: &str, port: u16) -> anyhow::Result<TcpListener> {
    let addresses: Vec<SocketAddr> = (host, port)
        .to_socket_addrs()
        .map_err(|error| CommandError::new(format!("the host `{host}` has no address: {error}")).source(error))?
        .collect();
    TcpListener::bind(addresses.as_slice()).map_err(|error| {
        let message = match error.kind() {
            ErrorKind::AddrInUse => busy(ctx, host, port, &addresses),
            ErrorKind::PermissionDenied => {
                let hint = hint(ctx, host, port.saturating_add(8000));
                format!("no permission to listen on port {port} of {host} (ports below 1024 need root)\n{hint}")
            }
            ErrorKind::AddrNotAvailable => format!("{host} is not an address of this machine"),
            _ => format!("failed to listen on port {port} of {host}: {error}"),
        };
        CommandError::new(message).source(error).into()
    })
}

fn busy(ctx: &Context, host: &str, port: u16, addresses: &[SocketAddr]) -> String {
    let by =
        ports::owner(addresses).map(|owner| format!(" by `{}` (pid {})", owner.name, owner.pid)).unwrap_or_default();
    let free = ports::free_port(host, port);
    format!("port {port} on {host} is in use{by}\n{}", hint(ctx, host, free))
}

/// The command that the person should type instead.
fn hint(ctx: &Context, host: &str, port: u16) -> String {
    // The task runner calls it `dev`.
    let (program, command) = (ctx.program(), if ctx.program().ends_with("xtask") { "dev" } else { "runserver" });
    let default = ctx.settings().server.address.host.as_deref().unwrap_or(LOOPBACK);
    let host = (host != default).then(|| host.to_owned());
    format!("hint: `{program} {command} {}`", AddrPort { host, port: NonZeroU16::new(port) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_comes_before_the_settings() {
        let at = |text: &str| text.parse::<AddrPort>().expect("an address");
        let default = crate::conf::Settings::default().server.address;
        assert_eq!(wanted(None, &default), ("127.0.0.1", 8000));
        for (asked, expected) in [
            ("7000", ("127.0.0.1", 7000)),
            ("0", ("127.0.0.1", 0)),
            ("1.2.3.4:8000", ("1.2.3.4", 8000)),
            ("0:8000", ("0.0.0.0", 8000)),
            ("localhost:8000", ("localhost", 8000)),
            ("test.domain.local:7000", ("test.domain.local", 7000)),
            ("[::1]:7000", ("::1", 7000)),
        ] {
            assert_eq!(wanted(Some(&at(asked)), &default), expected, "{asked}");
        }
        assert_eq!(wanted(None, &at("0.0.0.0:5000")), ("0.0.0.0", 5000));
        assert_eq!(wanted(Some(&at("7000")), &at("[::]:5000")), ("::", 7000));
        assert_eq!(wanted(None, &at("5000")), ("127.0.0.1", 5000));
    }
}
