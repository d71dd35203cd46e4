//! The dev channel: what browsers are told while one develops, and what they ask for.
//!
//! The paths under `/__dev/` are answered here, on a loopback port that only the app may use ([`Channel`]; the app's dev
//! layer passes requests on, with a token), and on the site's own socket while no app runs ([`Holding`]). Both hand
//! every connection to [`answer`]; what is known and who listens is in [`hub`].
//!
//! How a page gets to know that it is out of date: the token of every process ends with the generation that this
//! process will be, so that `client.js` comes with the generation of the process behind the page. Each status has
//! the newest; a page that is older loads itself again.

mod accept;
mod ansi;
mod answer;
mod editor;
mod holding;
mod http;
mod hub;
mod page;
mod view;
mod wait;

use std::fmt::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;

use anyhow::Context;

use self::accept::Acceptor;
use self::answer::{Caller, Door};
pub use self::editor::Editor;
pub use self::holding::Holding;
use self::hub::Hub;
use super::model::{Message, Request, Status};

/// The server behind `/__dev/*`. Dropped, it answers no more and ends the streams.
#[derive(Debug)]
pub struct Channel {
    hub: Arc<Hub>,
    token: String,
    port: u16,
    _acceptor: Acceptor,
}

impl Channel {
    /// Listens on a free loopback port. `asked` is called on other threads, and must not wait.
    ///
    /// # Errors
    /// When there is no port, no randomness or no thread to be had.
    pub fn start(editor: Editor, asked: impl Fn(Request) + Send + Sync + 'static) -> anyhow::Result<Self> {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("failed to open the port of the dev channel")?;
        let port = listener.local_addr().context("failed to read the port of the dev channel")?.port();
        let secret = || secret().context("failed to make the token of the dev channel");
        let (token, session) = (secret()?, secret()?);
        let hub = Arc::new(Hub::new(editor, session, asked));
        let door = Door { hub: Arc::clone(&hub), caller: Caller::App { token: token.clone(), port } };
        let acceptor = Acceptor::start(listener, move |stream| answer::answer(&door, &stream))?;
        Ok(Self { hub, token, port, _acceptor: acceptor })
    }

    /// The loopback port (`APP_DEV_PORT`).
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The token (`APP_DEV_TOKEN`) for the process that will serve this generation, if it comes to serve.
    pub fn token(&self, generation: u64) -> String {
        format!("{}.{generation}", self.token)
    }

    /// What is to be known from now on. Pages that are open are told at once of another state or generation; the
    /// rest they learn by [`Self::tell`].
    pub fn publish(&self, status: &Status) {
        self.hub.publish(status);
    }

    /// Tells the pages that are open. Does not wait for any.
    pub fn tell(&self, message: &Message) {
        self.hub.tell(message);
    }

    /// The answer to [`Request::Migrate`], for everybody who waits for it. Each such request needs one.
    pub fn migrated(&self, result: Result<(), String>) {
        self.hub.migrated(&result);
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        self.hub.close();
    }
}

/// 32 hexadecimal digits that nobody can guess.
fn secret() -> Result<String, getrandom::Error> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    }))
}
