//! How the server says that it is ready, and later that it accepts no more: to the process that started it, and in a file.

use std::fs::File;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;

use anyhow::Context as _;

use crate::process::Handover;

/// The promise of a report. Dropped without one, it tells the parent that the start failed.
pub(crate) struct Ready(Option<File>);

impl Ready {
    pub(crate) fn of(handover: &Handover) -> anyhow::Result<Self> {
        Ok(Self(handover.ready()?))
    }

    /// Reports that the server answers at `url`.
    pub(crate) fn report(&mut self, url: &str) -> anyhow::Result<()> {
        match &mut self.0 {
            Some(file) => writeln!(file, "READY {url}").context("failed to report readiness"),
            None => Ok(()),
        }
    }

    /// Reports that it accepts no more connections: from now on they are the successor's.
    pub(crate) fn draining(self) {
        if let Some(mut file) = self.0
            && let Err(error) = writeln!(file, "DRAINING")
        {
            // Whoever wanted to know of the start alone has closed the other end.
            tracing::debug!(target: "http.server", "failed to report the end: {error}");
        }
    }
}

/// Writes the bound address to a file that is either whole or not there.
pub(crate) fn write_port_file(file: &Path, address: SocketAddr) -> anyhow::Result<()> {
    let mut name = file.as_os_str().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let written = std::fs::write(&name, format!("{address}\n")).and_then(|()| std::fs::rename(&name, file));
    if written.is_err() {
        // Nothing is left behind; that it cannot be removed adds nothing to the error.
        let _ = std::fs::remove_file(&name);
    }
    written.with_context(|| format!("failed to write `{}`", file.display()))
}
