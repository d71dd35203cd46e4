//! The server on the site's own socket while no app runs: every page says how things stand, and turns into the site
//! by itself.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;

use super::Channel;
use super::accept::Acceptor;
use super::answer::{self, Caller, Door};
use super::hub::{Hub, Number};

/// The holding server. Dropped, it takes no more connections; those that it took are answered, and their streams end.
#[derive(Debug)]
pub struct Holding {
    acceptor: Option<Acceptor>,
    stopped: Arc<AtomicBool>,
    hub: Arc<Hub>,
    number: Number,
}

impl Holding {
    /// Takes connections from the socket, which may be shared with apps. `host` is the name that the socket was asked
    /// for; requests for other names are refused, but for loopback names and addresses.
    ///
    /// # Errors
    /// When there is no descriptor or no thread to be had.
    pub fn start(listener: &TcpListener, host: &str, channel: &Channel) -> anyhow::Result<Self> {
        let listener = listener.try_clone().context("failed to share the listening socket")?;
        let hub = Arc::clone(&channel.hub);
        let (stopped, number) = (Arc::new(AtomicBool::new(false)), hub.number());
        let caller = Caller::Anybody { host: host.to_owned(), number, stopped: Arc::clone(&stopped) };
        let door = Door { hub: Arc::clone(&hub), caller };
        let acceptor = Acceptor::start(listener, move |stream| answer::answer(&door, &stream))?;
        Ok(Self { acceptor: Some(acceptor), stopped, hub, number })
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        drop(self.acceptor.take());
        self.stopped.store(true, Ordering::SeqCst);
        self.hub.dismiss(self.number);
    }
}
