//! What systemd is told (`sd_notify`): readiness, reloads, the end, and that the server is alive.

use std::os::unix::ffi::OsStrExt as _;
use std::time::Duration;

use rustix::net::{AddressFamily, SendFlags, SocketAddrUnix, SocketFlags, SocketType, sendto, socket_with};
use rustix::time::{ClockId, clock_gettime};

use crate::context::Context;

/// The way to systemd; without one, nothing is said.
pub(super) struct Notifier {
    address: Option<SocketAddrUnix>,
    /// How often it wants to hear that the server is alive.
    pub(super) watchdog: Option<Duration>,
}

impl Notifier {
    pub(super) fn of(ctx: &Context) -> Self {
        let address = ctx.env().get("NOTIFY_SOCKET").and_then(|path| address(path.as_bytes()));
        let number = |name| ctx.env().get(name)?.to_str()?.parse::<u64>().ok();
        let ours = number("WATCHDOG_PID").is_none_or(|pid| pid == u64::from(std::process::id()));
        let watchdog = number("WATCHDOG_USEC").filter(|microseconds| ours && *microseconds > 0);
        // Twice as often, as systemd's manual advises.
        Self { address, watchdog: watchdog.map(|microseconds| Duration::from_micros(microseconds / 2)) }
    }

    /// The server answers.
    pub(super) fn ready(&self, status: &str) {
        self.send(&format!("READY=1\nMAINPID={}\nSTATUS={status}", std::process::id()));
    }

    /// It is getting new processes.
    pub(super) fn reloading(&self) {
        let now = clock_gettime(ClockId::Monotonic);
        let microseconds = now.tv_sec * 1_000_000 + now.tv_nsec / 1_000;
        self.send(&format!("RELOADING=1\nMONOTONIC_USEC={microseconds}\nSTATUS=restarting"));
    }

    /// It is stopping.
    pub(super) fn stopping(&self) {
        self.send("STOPPING=1\nSTATUS=finishing open requests");
    }

    /// It is alive.
    pub(super) fn alive(&self) {
        self.send("WATCHDOG=1");
    }

    fn send(&self, text: &str) {
        let Some(address) = &self.address else { return };
        let socket = socket_with(AddressFamily::UNIX, SocketType::DGRAM, SocketFlags::empty(), None);
        let sent = socket.and_then(|socket| sendto(&socket, text.as_bytes(), SendFlags::DONTWAIT, address));
        if let Err(error) = sent {
            tracing::warn!(target: "serve", "failed to notify systemd: {error}");
        }
    }
}

fn address(path: &[u8]) -> Option<SocketAddrUnix> {
    match path {
        #[cfg(target_os = "linux")]
        [b'@', name @ ..] => SocketAddrUnix::new_abstract_name(name).ok(),
        path => SocketAddrUnix::new(path).ok(),
    }
}
