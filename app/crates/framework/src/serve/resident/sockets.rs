//! The sockets that the site is served on: taken over from whoever started this process, or made here.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd as _, OwnedFd};
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use cli::{AddrPort, Bind, Listen};
use rustix::io::fcntl_dupfd_cloexec;
use rustix::net::{SocketAddrAny, SocketAddrUnix, getsockname, listen};
use tokio::time::{Instant, sleep};

use crate::context::Context;
use crate::management::CommandError;
use crate::system;

/// How many connections may wait to be accepted; the system has a limit of its own (Linux: 4096).
const BACKLOG: i32 = 4096;

/// The lowest number that the sockets get. They stand in a row, as `LISTEN_FDS` wants it, in this process too.
const FIRST: i32 = 64;

/// How long processes of a server that was killed may hold its sockets.
const ORPHANS: Duration = Duration::from_secs(15);
const LOOK: Duration = Duration::from_millis(50);

/// The sockets, in a row.
pub(super) struct Sockets {
    listening: Vec<Arc<OwnedFd>>,
    /// Where they listen, as a person would type it.
    pub(super) addresses: Vec<Bind>,
    /// The socket files that go when the server stops.
    pub(super) files: Vec<PathBuf>,
}

impl Sockets {
    /// Takes over what was passed on, else listens where the arguments say, else where the settings say. When the server
    /// before this one was killed, what is left of it is given time to go.
    pub(super) async fn open(ctx: &Context, asked: &[Bind], killed: bool) -> anyhow::Result<Self> {
        let inherited = ctx.handover().listeners()?;
        if !inherited.is_empty() {
            return Self::arranged(inherited.into_iter().map(OwnedFd::from).collect(), Vec::new());
        }
        let wanted = if asked.is_empty() { &ctx.settings().server.bind } else { asked };
        let begin = Instant::now();
        let (mut listening, mut files) = (Vec::new(), Vec::new());
        for bind in wanted {
            let socket = loop {
                match open(ctx, bind) {
                    Err((ErrorKind::AddrInUse, _)) if killed && begin.elapsed() < ORPHANS => sleep(LOOK).await,
                    Err((_, error)) => {
                        remove(&files);
                        return Err(error);
                    }
                    Ok(socket) => break socket,
                }
            };
            listening.push(socket);
            files.extend(socket_file(ctx, bind));
        }
        Self::arranged(listening, files)
    }

    /// The sockets of the process whose place this one takes: in a row already.
    pub(super) fn adopted(listening: Vec<OwnedFd>, files: Vec<PathBuf>) -> anyhow::Result<Self> {
        let addresses = listening.iter().map(address).collect::<anyhow::Result<_>>()?;
        Ok(Self { listening: listening.into_iter().map(Arc::new).collect(), addresses, files })
    }

    fn arranged(sockets: Vec<OwnedFd>, files: Vec<PathBuf>) -> anyhow::Result<Self> {
        for socket in &sockets {
            listen(socket, BACKLOG).context("failed to listen")?;
        }
        Self::adopted(in_a_row(&sockets).context("failed to arrange the sockets")?, files)
    }

    /// Hands them over to a child.
    pub(super) fn hand_over(&self, command: &mut Command) {
        command.env("LISTEN_FDS", self.listening.len().to_string());
        if let Some(first) = self.listening.first() {
            command.env("LISTEN_FDS_FIRST_FD", first.as_raw_fd().to_string());
        }
        system::pass_on(command, self.listening.clone());
    }

    /// Their numbers.
    pub(super) fn numbers(&self) -> Vec<i32> {
        self.listening.iter().map(|socket| socket.as_raw_fd()).collect()
    }

    /// Lets go of them; the socket files stay until nobody listens there any more.
    pub(super) fn close(&mut self) {
        self.listening.clear();
    }

    /// The addresses as text.
    pub(super) fn texts(&self) -> Vec<String> {
        self.addresses.iter().map(ToString::to_string).collect()
    }

    /// The first address over TCP.
    pub(super) fn tcp(&self) -> Option<SocketAddr> {
        self.addresses.iter().find_map(|address| match address {
            Bind::Tcp(address) => address.to_string().parse().ok(),
            Bind::Unix(_) => None,
        })
    }
}

/// An address as a URL, or what is nearest to it.
pub(super) fn url(bind: &Bind) -> String {
    match bind {
        Bind::Tcp(address) => format!("http://{address}/"),
        Bind::Unix(_) => bind.to_string(),
    }
}

/// Removes socket files. One that is gone already is no harm.
pub(super) fn remove(files: &[PathBuf]) {
    for file in files {
        let _ = std::fs::remove_file(file);
    }
}

fn open(ctx: &Context, bind: &Bind) -> Result<OwnedFd, (ErrorKind, anyhow::Error)> {
    match bind {
        Bind::Tcp(address) => {
            let command = match ctx.program().ends_with("xtask") {
                true => format!("{} prod --bind", ctx.program()),
                false => format!("{} serve --bind", ctx.program()),
            };
            let wanted = Listen { asked: Some(address), default: &ctx.settings().server.address, command: &command };
            let failed = |error: cli::ListenError| {
                (error.source.kind(), CommandError::new(error.to_string()).source(error.source).into())
            };
            wanted.bind().map(OwnedFd::from).map_err(failed)
        }
        Bind::Unix(path) => {
            let path = ctx.layout().root.join(path);
            open_file(&path).map(OwnedFd::from).map_err(|error| (error.kind(), explained(&path, error)))
        }
    }
}

fn socket_file(ctx: &Context, bind: &Bind) -> Option<PathBuf> {
    match bind {
        Bind::Tcp(_) => None,
        Bind::Unix(path) => Some(ctx.layout().root.join(path)),
    }
}

/// Listens at a socket file. One that is left of a server that was killed is replaced.
fn open_file(path: &Path) -> io::Result<UnixListener> {
    let listener = match UnixListener::bind(path) {
        Err(error) if error.kind() == ErrorKind::AddrInUse && is_abandoned(path)? => {
            std::fs::remove_file(path)?;
            UnixListener::bind(path)?
        }
        bound => bound?,
    };
    // As with a port, whoever reaches it may speak to it; the directory says who that is.
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o666))?;
    Ok(listener)
}

fn is_abandoned(path: &Path) -> io::Result<bool> {
    let is_socket = path.symlink_metadata()?.file_type().is_socket();
    Ok(is_socket && UnixStream::connect(path).is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused))
}

fn explained(path: &Path, error: io::Error) -> anyhow::Error {
    let shown = path.display();
    let message = match error.kind() {
        ErrorKind::AddrInUse if path.symlink_metadata().is_ok_and(|data| !data.file_type().is_socket()) => {
            format!("`{shown}` is there already and is no socket")
        }
        ErrorKind::AddrInUse => format!("another program listens at `{shown}`"),
        _ => format!("failed to listen at `{shown}`: {error}"),
    };
    CommandError::new(message).source(error).into()
}

/// Copies under numbers in a row.
fn in_a_row(sockets: &[OwnedFd]) -> io::Result<Vec<OwnedFd>> {
    let mut first = FIRST;
    loop {
        let mut row = Vec::new();
        for (number, socket) in (first..).zip(sockets) {
            let copy = fcntl_dupfd_cloexec(socket, number)?;
            if copy.as_raw_fd() != number {
                first = copy.as_raw_fd() + 1;
                break;
            }
            row.push(copy);
        }
        if row.len() == sockets.len() {
            return Ok(row);
        }
    }
}

fn address(socket: impl AsFd) -> anyhow::Result<Bind> {
    let failed = "failed to read the address of a listening socket";
    let address = getsockname(socket).context(failed)?;
    if let Ok(address) = SocketAddr::try_from(address.clone()) {
        let address = AddrPort { host: Some(address.ip().to_string()), port: address.port().try_into().ok() };
        return Ok(Bind::Tcp(address));
    }
    unix_address(&address).map(Bind::Unix).ok_or_else(|| anyhow!("it is neither TCP nor a socket file").context(failed))
}

fn unix_address(address: &SocketAddrAny) -> Option<PathBuf> {
    let address = SocketAddrUnix::try_from(address.clone()).ok()?;
    Some(address.path().map(|path| PathBuf::from(path.to_string_lossy().into_owned())).unwrap_or_default())
}
