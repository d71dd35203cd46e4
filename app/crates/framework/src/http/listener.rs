//! Where the server listens: on an inherited socket, else on one of its own.

use std::net::{SocketAddr, TcpListener};

use anyhow::{Context as _, anyhow};
use cli::{AddrPort, Listen};

use crate::context::Context;
use crate::management::CommandError;
use crate::process::Handover;
use crate::system;

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
    // The task runner calls it `dev`.
    let command = if ctx.program().ends_with("xtask") { "dev" } else { "runserver" };
    let command = format!("{} {command}", ctx.program());
    let wanted = Listen { asked, default: &ctx.settings().server.address, command: &command };
    let (listener, ownership) = match inherited(ctx.handover())? {
        Some(listener) => (listener, Ownership::Inherited),
        None => (bind(&wanted)?, Ownership::Own),
    };
    let local = listener.local_addr().context("failed to read the address of the listening socket")?;
    // Of an inherited socket only the supervisor knows under which name it was asked for.
    let url = match (ownership, asked.and_then(|asked| asked.host.as_deref())) {
        (Ownership::Inherited, None) => Listen::url(&local.ip().to_string(), local.port()),
        _ => Listen::url(wanted.host(), local.port()),
    };
    listener.set_nonblocking(true).context("failed to prepare the listening socket")?;
    Ok(Bound { listener, local, ownership, url })
}

fn bind(wanted: &Listen<'_>) -> Result<TcpListener, CommandError> {
    wanted.bind().map_err(|error| CommandError::new(error.to_string()).source(error.source))
}

/// The socket that a supervisor passed on.
fn inherited(handover: &Handover) -> anyhow::Result<Option<TcpListener>> {
    let Some(socket) = handover.listener()? else { return Ok(None) };
    let failed = "failed to take over the listening socket (`LISTEN_FDS`)";
    match system::listener(socket).context(failed)? {
        Some(listener) => Ok(Some(listener)),
        None => Err(anyhow!("it does not listen").context(failed)),
    }
}
