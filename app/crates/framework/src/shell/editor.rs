//! Lines at a terminal: editing, history, completion, code over several lines.

use std::path::PathBuf;
use std::rc::Rc;

use rhai::Dynamic;
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{CompletionType, Config, Helper};

use super::complete::{self, Known};
use super::repl::Line;
use super::session::Session;
use super::syntax;
use crate::context::Context;
use crate::management;

/// How many lines are remembered.
const REMEMBERED: usize = 1000;

/// An editor for the process's terminal.
pub(super) struct Editor {
    editor: rustyline::Editor<Help, FileHistory>,
    history: PathBuf,
}

impl Editor {
    /// An editor with the history of former shells.
    pub(super) fn new(ctx: &Context, session: &Rc<Session>) -> anyhow::Result<Self> {
        let config = Config::builder()
            .max_history_size(REMEMBERED)?
            .history_ignore_dups(true)?
            .history_ignore_space(true)
            .completion_type(CompletionType::List)
            .auto_add_history(true)
            .build();
        let mut editor = rustyline::Editor::with_config(config)?;
        let commands = ctx.registry().iter().map(|entry| entry.spec.name.to_owned()).collect();
        editor.set_helper(Some(Help { session: Rc::clone(session), commands, variables: Vec::new() }));
        let history = ctx.layout().var().join("shell_history");
        // There is none at first.
        let _ = editor.load_history(&history);
        Ok(Self { editor, history })
    }

    /// Reads code.
    pub(super) fn read(&mut self, prompt: &str, variables: &[(String, Dynamic)]) -> anyhow::Result<Line> {
        if let Some(help) = self.editor.helper_mut() {
            help.variables = variables.to_vec();
        }
        // A signal that ends the process while the editor has the terminal must leave it as it was.
        management::keep();
        let line = self.editor.readline(prompt);
        Ok(match line {
            Ok(code) => {
                self.remember();
                Line::Code(code)
            }
            Err(ReadlineError::Interrupted) => Line::Interrupted,
            Err(ReadlineError::Eof) => Line::End,
            Err(error) => return Err(error.into()),
        })
    }

    /// Adds what was typed to the file. A shell works without; on a full disk, say.
    fn remember(&mut self) {
        let made = self.history.parent().map_or(Ok(()), std::fs::create_dir_all);
        let written = made.map_err(ReadlineError::from).and_then(|()| self.editor.append_history(&self.history));
        if let Err(error) = written {
            tracing::warn!("failed to write the shell's history: {error}");
        }
    }
}

/// What helps while somebody types.
struct Help {
    session: Rc<Session>,
    commands: Vec<String>,
    variables: Vec<(String, Dynamic)>,
}

impl Completer for Help {
    type Candidate = String;

    fn complete(&self, line: &str, at: usize, _: &rustyline::Context<'_>) -> rustyline::Result<(usize, Vec<String>)> {
        let known = Known { models: &self.session.models, commands: &self.commands, variables: &self.variables };
        Ok(complete::candidates(&line[..at], &known))
    }
}

impl Validator for Help {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let is_open = syntax::is_open(context.input());
        Ok(if is_open { ValidationResult::Incomplete } else { ValidationResult::Valid(None) })
    }
}

impl Hinter for Help {
    type Hint = String;
}

impl Highlighter for Help {}

impl Helper for Help {}
