//! Rust text as rustfmt writes it, where that is installed.

use std::io::Write as _;
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
    format_by(command, file, text)
}

fn format_by(mut command: Command, file: &Path, text: String) -> Result<String> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let Ok(mut child) = command.spawn() else { return Ok(text) };
    // rustfmt reads to the end before it writes, so neither waits for the other. One that ends before it has read (a
    // component that is not installed) has its say below.
    let was_read = child.stdin.take().is_some_and(|mut stdin| stdin.write_all(text.as_bytes()).is_ok());
    let output = child.wait_with_output().map_err(|error| Error::io("format", file, error))?;
    match (was_read && output.status.success(), String::from_utf8(output.stdout)) {
        (true, Ok(formatted)) => Ok(formatted),
        _ if syn::parse_file(&text).is_ok() => Ok(text),
        _ => {
            let said = String::from_utf8_lossy(&output.stderr);
            let reason = said.lines().next().unwrap_or_default();
            Err(Error::new(format!("the template of `{}` makes no Rust: {reason}", file.display())))
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn one_that_ends_at_once_leaves_the_text_as_it_is() {
        // More than a pipe holds, so that writing it fails.
        let text = format!("//! {}\n", "x".repeat(1 << 20));
        for program in ["false", "true"] {
            let formatted = format_by(Command::new(program), Path::new("x.rs"), text.clone());
            assert!(formatted.is_ok_and(|formatted| formatted == text), "{program}");
        }
        let error = format_by(Command::new("false"), Path::new("x.rs"), "fn {".to_owned()).expect_err("no Rust");
        assert!(error.to_string().starts_with("the template of `x.rs` makes no Rust"), "{error}");
    }
}
