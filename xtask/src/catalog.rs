//! What commands the app has, as the app itself says (`app help --format json`), remembered under the target
//! directory for as long as the binary is the same.

use std::path::PathBuf;

use anyhow::Context;
use serde::Deserialize;
use serde_json::Value;

use crate::app::{self, Binary};
use crate::failure::Failure;
use crate::plan::Role;
use crate::project::Project;

/// One command of the app.
#[derive(Clone, Debug, Deserialize)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// The module it comes from.
    #[serde(default)]
    pub module: String,
    /// What it is for; the first line is listed.
    #[serde(default)]
    pub help: String,
    /// Not listed.
    #[serde(default)]
    pub hidden: bool,
    /// False for a command that a module defines or overrides.
    #[serde(default)]
    pub builtin: bool,
}

/// The app's commands.
#[derive(Debug, Deserialize)]
pub struct Catalog {
    binary: Binary,
    /// In the app's order.
    pub commands: Vec<Entry>,
}

impl Catalog {
    /// Finds a command; `-` and `_` are equal.
    pub fn find(&self, name: &str) -> Option<&Entry> {
        self.commands.iter().find(|entry| cli::same_name(&entry.name, name))
    }
}

fn path(project: &Project) -> PathBuf {
    project.state().join("catalogue.json")
}

/// The catalogue as it was remembered, perhaps of an older binary. One that cannot be read is as good as none.
pub fn remembered(project: &Project) -> Option<Catalog> {
    let text = std::fs::read(path(project)).ok()?;
    serde_json::from_slice(&text).ok()
}

/// The remembered catalogue if it is that of the binary which is there now.
pub fn current(project: &Project) -> Option<Catalog> {
    let binary = Binary::now(project)?;
    remembered(project).filter(|catalog| catalog.binary == binary)
}

/// The catalogue of the binary which is there now; asks the app when that is not known yet.
///
/// # Errors
/// When the app cannot be started or does not answer with a catalogue.
pub fn ask(project: &Project) -> anyhow::Result<Catalog> {
    if let Some(catalog) = current(project) {
        return Ok(catalog);
    }
    // Taken before asking: a binary that is replaced meanwhile is then asked again.
    let binary = Binary::now(project).context("failed to find the app's binary")?;
    let mut document = answer(project)?;
    let fields = document.as_object_mut().context("failed to read the app's list of commands: not an object")?;
    fields.insert("binary".to_owned(), serde_json::to_value(binary).context("failed to write the binary's identity")?);
    let text = format!("{document}\n");
    let catalog = serde_json::from_value(document).context("failed to read the app's list of commands")?;
    app::replace(&path(project), &text)?;
    Ok(catalog)
}

fn answer(project: &Project) -> anyhow::Result<Value> {
    let step = app::step(project, Role::App, ["help", "--format", "json"].map(Into::into));
    let command = step.unseen().stdout_capture().stderr_capture();
    let output = command.run().with_context(|| format!("failed to start `{}`", step.short()))?;
    if !output.status.success() {
        let reason = String::from_utf8_lossy(&output.stderr);
        return Err(Failure::new(format!("the app could not list its commands: {}", reason.trim_end()))
            .hint(format!("`{}` shows the same", step.short()))
            .into());
    }
    serde_json::from_slice(&output.stdout).context("failed to read the app's list of commands")
}
