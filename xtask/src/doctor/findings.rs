//! What the app finds in the project, as its own `doctor --json` says.

use std::ffi::OsString;

use anyhow::Context as _;
use cli::findings::Finding;
use serde::Deserialize;

use super::Asked;
use super::build::Build;
use crate::app;
use crate::plan::{Role, Step};
use crate::project::Project;

#[derive(Deserialize)]
struct Document {
    findings: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    id: String,
    level: String,
    message: String,
    command: Option<String>,
}

/// The words of the app's command.
pub(super) fn args(asked: &Asked<'_>) -> Vec<OsString> {
    let json = (!asked.doctor.json).then(|| "--json".into());
    std::iter::once("doctor".into()).chain(asked.args.iter().cloned()).chain(json).collect()
}

/// What the app finds. A binary of older sources still knows most; it only looks.
pub(super) fn ask(project: &Project, asked: &Asked<'_>, build: &Build) -> Vec<Finding> {
    let id = "app";
    if !project.app_binary().exists() {
        return vec![Finding::skipped(id, "settings, files and databases are not examined before the app is built")];
    }
    let mut args = args(asked);
    if !build.is_current {
        args.retain(|arg| arg != "--fix");
    }
    let step = app::step(project, Role::App, args);
    let mut found = Vec::new();
    if !build.is_current {
        found.push(Finding::skipped(id, "what follows is what the app of the last build finds; it repairs nothing"));
    }
    match answer(&step) {
        Ok(findings) => found.extend(findings),
        Err(error) => found.push(Finding::error(id, format!("the app finds nothing out: {error:#}"), step.short())),
    }
    found
}

fn answer(step: &Step) -> anyhow::Result<Vec<Finding>> {
    let said = step.unseen().stdout_capture().stderr_capture().run().context("it cannot be started")?;
    let reason = String::from_utf8_lossy(&said.stderr).lines().next().unwrap_or("it says nothing").to_owned();
    let document: Document = serde_json::from_slice(&said.stdout).with_context(|| reason)?;
    let finding = |Entry { id, level, message, command }| {
        let level = level.parse().map_err(anyhow::Error::msg)?;
        Ok(Finding::new(id, level, message, command))
    };
    document.findings.into_iter().map(finding).collect()
}
