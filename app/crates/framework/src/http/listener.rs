//! Where the server listens: on inherited sockets, else on one of its own.

use std::fs::File;
use std::io;
use std::net::SocketAddr;
use std::task::{self, Poll};

use anyhow::{Context as _, anyhow};
use cli::{AddrPort, Listen};
use tokio::net::{TcpListener, TcpStream};

use super::stream::{Peer, Stream};
use crate::context::Context;
use crate::management::CommandError;
use crate::process::{Handover, Stop};
use crate::system::{self, Listening, LocalStream};

/// Who made the socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ownership {
    /// This process.
    Own,
    /// A supervisor, which goes on listening when this process has stopped.
    Inherited,
}

/// How many connections the system holds for a listener at most (Linux, by default).
const BACKLOG: usize = 4096;

/// A socket that connections arrive at.
pub(crate) struct Listener {
    socket: Listening,
    ownership: Ownership,
}

impl Listener {
    /// A socket that this process was handed. Needs the runtime.
    ///
    /// # Errors
    /// When it is nothing that listens.
    pub(crate) fn inherited(socket: File) -> anyhow::Result<Self> {
        let failed = "failed to take over the listening socket (`LISTEN_FDS`)";
        match system::listener(socket).context(failed)? {
            Some(socket) => Ok(Self { socket, ownership: Ownership::Inherited }),
            None => Err(anyhow!("it does not listen").context(failed)),
        }
    }

    /// Where it listens over TCP.
    pub(crate) fn tcp_address(&self) -> anyhow::Result<Option<SocketAddr>> {
        let failed = "failed to read the address of the listening socket";
        match &self.socket {
            Listening::Tcp(listener) => listener.local_addr().map(Some).context(failed),
            Listening::Local(_) => Ok(None),
        }
    }

    /// The next connection.
    pub(super) fn poll_accept(&self, cx: &mut task::Context<'_>) -> Poll<io::Result<(Stream, Peer)>> {
        match &self.socket {
            Listening::Tcp(listener) => {
                listener.poll_accept(cx).map_ok(|(stream, from)| (Stream::Tcp(stream), Peer::Ip(from.ip())))
            }
            Listening::Local(listener) => {
                listener.poll_accept(cx).map_ok(|(stream, _)| (Stream::Local(stream), Peer::Local))
            }
        }
    }

    /// Ends it; gives back the connections that the system has accepted on our behalf. With the listener they would be
    /// reset; those of an inherited one are the successor's, if there is one: a supervisor that replaces this process sends
    /// SIGTERM.
    pub(super) fn close(self, stop: Option<Stop>) -> Vec<(Stream, Peer)> {
        if self.ownership == Ownership::Inherited && stop == Some(Stop::Terminate) {
            return Vec::new();
        }
        // Not more than can have waited, or clients that keep coming would keep the server.
        match self.socket {
            Listening::Tcp(listener) => {
                let Ok(listener) = listener.into_std() else { return Vec::new() };
                let waiting = std::iter::from_fn(|| listener.accept().ok()).take(BACKLOG);
                let usable = |(stream, from): (std::net::TcpStream, SocketAddr)| {
                    let stream = stream.set_nonblocking(true).and_then(|()| TcpStream::from_std(stream)).ok()?;
                    Some((Stream::Tcp(stream), Peer::Ip(from.ip())))
                };
                waiting.filter_map(usable).collect()
            }
            Listening::Local(listener) => {
                let Ok(listener) = listener.into_std() else { return Vec::new() };
                let waiting = std::iter::from_fn(|| listener.accept().ok()).take(BACKLOG);
                waiting
                    .filter_map(|(stream, _)| {
                        stream.set_nonblocking(true).and_then(|()| LocalStream::from_std(stream)).ok()
                    })
                    .map(|stream| (Stream::Local(stream), Peer::Local))
                    .collect()
            }
        }
    }
}

/// The one socket of `runserver`.
pub(super) struct Bound {
    pub(super) listener: Listener,
    pub(super) local: SocketAddr,
    /// The address as a person would type it.
    pub(super) url: String,
}

/// Listens where the command line says, else where the settings say; on an inherited socket when there is one.
pub(super) fn listen(ctx: &Context, asked: Option<&AddrPort>) -> anyhow::Result<Bound> {
    // The task runner calls it `dev`.
    let command = if ctx.program().ends_with("xtask") { "dev" } else { "runserver" };
    let command = format!("{} {command}", ctx.program());
    let wanted = Listen { asked, default: &ctx.settings().server.address, command: &command };
    let listener = match inherited(ctx.handover())? {
        Some(listener) => listener,
        None => bind(&wanted)?,
    };
    let local = listener.tcp_address()?.ok_or_else(|| anyhow!("`{command}` listens over TCP only"))?;
    // Of an inherited socket only the supervisor knows under which name it was asked for.
    let url = match (listener.ownership, asked.and_then(|asked| asked.host.as_deref())) {
        (Ownership::Inherited, None) => Listen::url(&local.ip().to_string(), local.port()),
        _ => Listen::url(wanted.host(), local.port()),
    };
    Ok(Bound { listener, local, url })
}

fn bind(wanted: &Listen<'_>) -> anyhow::Result<Listener> {
    let listener = wanted.bind().map_err(|error| CommandError::new(error.to_string()).source(error.source))?;
    let listener = listener.set_nonblocking(true).and_then(|()| TcpListener::from_std(listener));
    let socket = Listening::Tcp(listener.context("failed to prepare the listening socket")?);
    Ok(Listener { socket, ownership: Ownership::Own })
}

/// The socket that a supervisor passed on.
fn inherited(handover: &Handover) -> anyhow::Result<Option<Listener>> {
    handover.listeners()?.into_iter().next().map(Listener::inherited).transpose()
}
