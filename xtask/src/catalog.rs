//! What commands the app has, as the app itself says (`app help --format json`), remembered under the target
//! directory for as long as the binary is the same.

use std::path::PathBuf;
use std::process::Output;
use std::time::Duration;

use anyhow::Context;
use clap::{ArgAction, Args as _, Command, ValueHint};
use serde::Deserialize;
use serde_json::Value;

use crate::app::{self, Binary};
use crate::failure::Failure;
use crate::plan::{Role, Step};
use crate::project::Project;

/// One command of the app.
#[derive(Clone, Debug, Default, Deserialize)]
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
    /// Its arguments without the base options.
    #[serde(default)]
    pub args: Vec<Arg>,
}

/// An argument of a command.
#[derive(Clone, Debug, Deserialize)]
pub struct Arg {
    name: String,
    long: Option<String>,
    short: Option<char>,
    /// What its value is called, if it has one.
    value: Option<String>,
    #[serde(default)]
    choices: Vec<String>,
    #[serde(default)]
    multiple: bool,
    #[serde(default)]
    hidden: bool,
    /// True when the value is a path.
    #[serde(default)]
    path: bool,
    help: Option<String>,
}

impl Entry {
    /// The command as clap has it, as far as the catalogue says.
    pub fn command(&self) -> Command {
        let name = format!("cargo xtask {}", self.name);
        let command = Command::new(self.name.clone()).bin_name(name).no_binary_name(true);
        let command = command.args(self.args.iter().map(Arg::argument)).next_help_heading("Base options");
        cli::BaseOptions::augment_args(command).about(self.help.clone())
    }
}

impl Arg {
    fn argument(&self) -> clap::Arg {
        let is_positional = self.long.is_none() && self.short.is_none();
        let argument = clap::Arg::new(self.name.clone()).hide(self.hidden);
        let argument = self.long.iter().fold(argument, |argument, long| argument.long(long.clone()));
        let argument = self.short.iter().fold(argument, |argument, short| argument.short(*short));
        let argument = self.help.iter().fold(argument, |argument, help| argument.help(help.clone()));
        if self.value.is_none() && !is_positional {
            return argument.action(if self.multiple { ArgAction::Count } else { ArgAction::SetTrue });
        }
        let argument = self.value.iter().fold(argument, |argument, name| argument.value_name(name.clone()));
        let argument = if self.choices.is_empty() { argument } else { argument.value_parser(self.choices.clone()) };
        let argument = if self.path { argument.value_hint(ValueHint::AnyPath) } else { argument };
        argument.action(if self.multiple { ArgAction::Append } else { ArgAction::Set })
    }
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
    find(project, |step| Ok(step.unseen().stdout_capture().stderr_capture().run()?))
}

/// The same for someone who cannot wait: an app that has not answered by then is ended.
///
/// # Errors
/// When the app cannot be started, is not ready in time, or does not answer with a catalogue.
pub fn ask_within(project: &Project, limit: Duration) -> anyhow::Result<Catalog> {
    find(project, |step| {
        let asked = step.unseen().stdout_capture().stderr_capture().start()?;
        if let Ok(Some(output)) = asked.wait_timeout(limit) {
            return Ok(output.clone());
        }
        // It may have ended by itself, and nobody waits for an answer any more.
        let _ = asked.kill();
        anyhow::bail!("it had no answer after {} ms", limit.as_millis())
    })
}

fn find(project: &Project, run: impl FnOnce(&Step) -> anyhow::Result<Output>) -> anyhow::Result<Catalog> {
    if let Some(catalog) = current(project) {
        return Ok(catalog);
    }
    // Taken before asking: a binary that is replaced meanwhile is then asked again.
    let binary = Binary::now(project).context("failed to find the app's binary")?;
    let mut document = answer(project, run)?;
    let fields = document.as_object_mut().context("failed to read the app's list of commands: not an object")?;
    fields.insert("binary".to_owned(), serde_json::to_value(binary).context("failed to write the binary's identity")?);
    let text = format!("{document}\n");
    let catalog = serde_json::from_value(document).context("failed to read the app's list of commands")?;
    app::replace(&path(project), &text)?;
    Ok(catalog)
}

fn answer(project: &Project, run: impl FnOnce(&Step) -> anyhow::Result<Output>) -> anyhow::Result<Value> {
    let step = app::step(project, Role::App, ["help", "--format", "json"].map(Into::into));
    let output = run(&step).with_context(|| format!("failed to run `{}`", step.short()))?;
    if !output.status.success() {
        let reason = String::from_utf8_lossy(&output.stderr);
        return Err(Failure::new(format!("the app could not list its commands: {}", reason.trim_end()))
            .hint(format!("`{}` shows the same", step.short()))
            .into());
    }
    serde_json::from_slice(&output.stdout).context("failed to read the app's list of commands")
}
