//! Rust text as rustfmt writes it, where that is installed.

use std::io::{self, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::{Error, Result};

/// The text formatted with the project's own settings; as it is when there is no rustfmt.
///
/// # Errors
/// When rustfmt cannot read it: then it is no Rust.
pub(crate) fn format(root: &Path, file: &Path, text: String) -> Result<String> {
    let mut command = Command::new("rustfmt");
    // It looks for its settings from where it stands.
    command.args(["--edition", "2024", "--emit", "stdout"]).current_dir(root);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let Ok(mut child) = command.spawn() else { return Ok(text) };
    let failed = |source: io::Error| Error::io("format", file, source);
    // rustfmt reads to the end before it writes, so neither waits for the other.
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(text.as_bytes()).map_err(failed)?;
    }
    let output = child.wait_with_output().map_err(failed)?;
    match (output.status.success(), String::from_utf8(output.stdout)) {
        (true, Ok(formatted)) => Ok(formatted),
        // A component that is not installed fails before it reads.
        _ if text_is_rust(&text) => Ok(text),
        _ => {
            let message = format!("the template of `{}` makes no Rust: {}", file.display(), said(&output.stderr));
            Err(Error::new(message))
        }
    }
}

fn text_is_rust(text: &str) -> bool {
    syn::parse_file(text).is_ok()
}

/// The first line of what it said.
fn said(stderr: &[u8]) -> String {
    String::from_utf8_lossy(stderr).lines().next().unwrap_or_default().to_owned()
}
