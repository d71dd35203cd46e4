//! Taking connections from a listening socket that others may hold too, until told to stop.
//!
//! A connection is either left to whoever listens next, or taken and answered: none is taken and lost.

use std::io::ErrorKind;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;

use anyhow::Context;

use super::wait::{self, Stop, Waiter, Woken};

/// How many connections may be open at a time. More have to wait in the socket's queue.
const CONNECTIONS: usize = 64;

/// A thread that takes connections. Dropped, it takes no more; those that it took are still answered.
#[derive(Debug)]
pub(super) struct Acceptor {
    thread: Option<JoinHandle<()>>,
    stop: Option<Stop>,
}

impl Acceptor {
    /// Calls `serve` for each connection, on a thread of its own. The socket is set to not block.
    pub(super) fn start(
        listener: TcpListener,
        serve: impl Fn(TcpStream) + Send + Sync + 'static,
    ) -> anyhow::Result<Self> {
        listener.set_nonblocking(true).context("failed to prepare the listening socket")?;
        let (stop, waiter) = wait::pair()?;
        let serve = Arc::new(serve);
        let thread = std::thread::Builder::new()
            .name("dev-accept".to_owned())
            .spawn(move || take(&listener, &waiter, &serve))
            .context("failed to start a thread")?;
        Ok(Self { thread: Some(thread), stop: Some(stop) })
    }
}

impl Drop for Acceptor {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was shown already.
            let _ = thread.join();
        }
    }
}

fn take(listener: &TcpListener, waiter: &Waiter, serve: &Arc<impl Fn(TcpStream) + Send + Sync + 'static>) {
    let open = Arc::new(AtomicUsize::new(0));
    let mut may_take = true;
    while waiter.wait(Some(listener).filter(|_| may_take)) == Woken::ToLook {
        may_take = open.load(Ordering::Relaxed) < CONNECTIONS;
        if !may_take {
            continue;
        }
        match listener.accept() {
            // Where the flag of the listener is inherited, the connection must lose it.
            Ok((stream, _)) if stream.set_nonblocking(false).is_ok() => {
                let (serve, place) = (Arc::clone(serve), Place::take(&open));
                // Without a thread to be had, the connection is closed.
                let _ = std::thread::Builder::new().name("dev-answer".to_owned()).spawn(move || {
                    serve(stream);
                    drop(place);
                });
            }
            Ok(_) => {}
            // Somebody else took it, or it is gone again.
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            // No descriptor is left, perhaps: the socket stays ready, so that it must not be waited for.
            Err(_) => may_take = false,
        }
    }
}

/// One of the [`CONNECTIONS`].
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(open: &Arc<AtomicUsize>) -> Self {
        open.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(open))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
