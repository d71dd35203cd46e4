//! What git has: it stays, whatever it is called.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::failure::Failure;
use crate::system;

/// All files that git has of the project; none where there is no repository.
///
/// # Errors
/// When there is one, and git cannot be asked.
pub(super) fn files(root: &Path) -> anyhow::Result<HashSet<PathBuf>> {
    let is_repository = root.ancestors().any(|folder| folder.join(".git").exists());
    if !is_repository {
        return Ok(HashSet::new());
    }
    let git = duct::cmd("git", ["ls-files", "-z"]).dir(root).stdin_null().unchecked();
    let output = git.stdout_capture().stderr_capture().run().context("failed to run git")?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let message = format!("git does not say which files it has: {}", said.lines().next().unwrap_or_default());
        return Err(Failure::new(message).hint("`git status` shows why; nothing was removed").into());
    }
    let names = output.stdout.split(|&byte| byte == 0).filter(|name| !name.is_empty());
    Ok(names.map(|name| root.join(system::os_string(name.to_vec()))).collect())
}
