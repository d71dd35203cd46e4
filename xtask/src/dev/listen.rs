//! The socket of the session: made once, before anything is built, and kept until the end.

use std::net::TcpListener;
use std::num::NonZeroU16;
use std::path::Path;

use anyhow::Context as _;
use cli::{AddrPort, Listen};

use crate::app;
use crate::failure::Failure;
use crate::plan::Role;
use crate::project::Project;

/// A socket that connections arrive at. It blocks: whoever polls it changes that.
#[derive(Debug)]
pub struct Listening {
    /// The socket.
    pub listener: TcpListener,
    /// The address as a person types it, which ends with `/`.
    pub url: String,
    /// The host of it.
    pub host: String,
}

/// Listens where it was asked for, else where the app would.
///
/// # Errors
/// When nobody can listen there: the words are those of the app's `runserver`.
pub fn bind(project: &Project, asked: Option<&AddrPort>, settings: Option<&Path>) -> anyhow::Result<Listening> {
    let default = of_the_app(project, settings);
    let default = default.unwrap_or(AddrPort { host: Some("127.0.0.1".to_owned()), port: NonZeroU16::new(8000) });
    let wanted = Listen { asked, default: &default, command: "cargo xtask dev" };
    let listener = wanted.bind().map_err(|error| {
        let failure = Failure::new(error.message);
        error.hint.into_iter().fold(failure, Failure::hint)
    })?;
    let local = listener.local_addr().context("failed to read the address of the listening socket")?;
    Ok(Listening { url: Listen::url(wanted.host(), local.port()), host: wanted.host().to_owned(), listener })
}

/// What the settings say, by the binary that is there. None when there is none yet, or it cannot say: what is wrong
/// with the settings is for the app to tell when it is started.
fn of_the_app(project: &Project, settings: Option<&Path>) -> Option<AddrPort> {
    let settings = settings.into_iter().flat_map(|file| ["--settings".into(), file.as_os_str().to_owned()]);
    let words = ["diffsettings", "--all", "--no-color"].map(Into::into).into_iter();
    let step = app::step(project, Role::App, words.chain(settings));
    let answer = step.unseen().stdout_capture().stderr_null().run().ok().filter(|answer| answer.status.success())?;
    address_in(&String::from_utf8_lossy(&answer.stdout))
}

/// The address in a list of settings (`### server.address = '127.0.0.1:8000'`; the marks stand before a default).
fn address_in(settings: &str) -> Option<AddrPort> {
    settings.lines().find_map(|line| {
        let line = line.strip_prefix("### ").unwrap_or(line);
        line.strip_prefix("server.address = '")?.strip_suffix('\'')?.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_found_in_the_list_of_settings() {
        let found = |text: &str| address_in(text).map(|address| address.to_string());
        assert_eq!(found("a = 1\n### server.address = '127.0.0.1:8000'\n").as_deref(), Some("127.0.0.1:8000"));
        assert_eq!(found("server.address = '[::1]:0'\nb = 2\n").as_deref(), Some("[::1]:0"));
        assert_eq!(found("server.address = '7000'\n").as_deref(), Some("7000"));
        for text in ["", "server.address = 7000\n", "server.address = 'no where'\n", "other.server.address = '1:1'\n"] {
            assert_eq!(found(text), None, "{text}");
        }
    }
}
