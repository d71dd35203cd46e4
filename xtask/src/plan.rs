//! What a task is going to do, as data: steps that are either shown (`--explain`) or run.

use std::ffi::{OsStr, OsString};
use std::fmt::Write;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::environment::Changes;
use crate::output;

/// What a step is, which decides how it is started and stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Cargo building the app: a process group of its own, so that stopping it stops the compilers too.
    Build,
    /// An app command that may talk to the person: shares the terminal and xtask's process group.
    App,
    /// An app command that serves until it is stopped: a process group of its own, nothing to read.
    Server,
    /// Anything else (a script, `cargo test`): shares the terminal.
    Tool,
}

/// One process to start.
#[derive(Clone, Debug)]
pub struct Step {
    /// How the step is run.
    pub role: Role,
    /// The program: a path, or a name to find on the PATH.
    pub program: OsString,
    /// Its arguments, exactly.
    pub args: Vec<OsString>,
    /// The directory it starts in.
    pub directory: PathBuf,
    /// How its environment differs from xtask's.
    pub env: Changes,
}

impl Step {
    /// The command as a person would type it, the program without its directory.
    pub fn short(&self) -> String {
        let name = Path::new(&self.program).file_name().unwrap_or(&self.program);
        output::quote_all(std::iter::once(name).chain(self.args.iter().map(OsString::as_os_str)))
    }

    /// The step as a command whose output this program reads or drops, instead of letting the person see it. It has no
    /// standard input, and how it ends is not judged.
    pub fn unseen(&self) -> duct::Expression {
        let command = duct::cmd(&self.program, &self.args).dir(&self.directory).stdin_null().unchecked();
        let removed = self.env.removed.iter().filter(|name| !self.env.set.contains_key(*name));
        let command = removed.fold(command, |command, name| command.env_remove(name));
        self.env.set.iter().fold(command, |command, (name, value)| command.env(name, value))
    }

    fn text(&self, text: &mut String) -> std::fmt::Result {
        let words = std::iter::once(&self.program).chain(&self.args).map(OsString::as_os_str);
        writeln!(text, "{}", output::quote_all(words))?;
        writeln!(text, "  in {}", output::quote(self.directory.as_os_str()))?;
        for (name, value) in &self.env.set {
            writeln!(text, "  with {}={}", name.display(), output::quote(value))?;
        }
        if !self.env.removed.is_empty() {
            writeln!(text, "  without {}", output::quote_all(self.env.removed.iter().map(OsString::as_os_str)))?;
        }
        Ok(())
    }

    fn json(&self) -> Value {
        let set = self.env.set.iter().map(|(name, value)| (name.to_string_lossy().into_owned(), json_string(value)));
        json!({
            "program": json_string(&self.program),
            "args": self.args.iter().map(|arg| json_string(arg)).collect::<Vec<_>>(),
            "directory": json_string(self.directory.as_os_str()),
            "env": {
                "set": Value::Object(set.collect()),
                "removed": self.env.removed.iter().map(|name| json_string(name)).collect::<Vec<_>>(),
            },
        })
    }
}

/// A string, or `{"bytes": […]}` for what is not UTF-8: a plan never shows something else than what would be run.
fn json_string(text: &OsStr) -> Value {
    match text.to_str() {
        Some(text) => json!(text),
        None => json!({ "bytes": text.as_encoded_bytes() }),
    }
}

/// The steps of one task, in order; the first that fails ends it.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The task's name.
    pub task: String,
    /// What is started.
    pub steps: Vec<Step>,
}

impl Plan {
    /// The plan for reading.
    pub fn text(&self) -> String {
        let mut text = String::new();
        if self.steps.is_empty() {
            return format!("`{}` is done by xtask itself; it starts no process\n", self.task);
        }
        for step in &self.steps {
            // Writing to a string cannot fail.
            let _ = step.text(&mut text);
        }
        text
    }

    /// The plan as data: `{"task", "steps": [{"program", "args", "directory", "env": {"set", "removed"}}]}`.
    pub fn json(&self) -> String {
        let steps: Vec<Value> = self.steps.iter().map(Step::json).collect();
        format!("{:#}\n", json!({ "task": self.task, "steps": steps }))
    }
}
