//! The prompt: lines in, results out, until somebody leaves.

use std::rc::Rc;

use super::command::shown;
use super::editor::Editor;
use super::engine::Interpreter;
use super::failure::{self, Failure};
use super::session::Session;
use super::syntax;
use crate::context::Context;
use crate::management::CommandError;

const PROMPT: &str = ">>> ";
const CONTINUED: &str = "... ";

/// What was typed.
pub(super) enum Line {
    /// Code.
    Code(String),
    /// Ctrl-C: the line is given up.
    Interrupted,
    /// Ctrl-D: somebody leaves.
    End,
}

/// Where lines come from.
enum Lines {
    Editor(Box<Editor>),
    /// What is typed without an editor: into tests, or with the output elsewhere.
    Plain,
}

/// Runs what is typed until somebody leaves.
pub(super) fn run(ctx: &Context, session: &Rc<Session>, interpreter: &mut Interpreter) -> anyhow::Result<()> {
    let has_editor = {
        let console = session.console.borrow();
        console.stdin.is_own_terminal() && console.stdout.is_terminal()
    };
    let mut lines = if has_editor { Lines::Editor(Box::new(Editor::new(ctx, session)?)) } else { Lines::Plain };
    loop {
        let line = match &mut lines {
            Lines::Editor(editor) => editor.read(PROMPT, &interpreter.variables())?,
            Lines::Plain => plain(session)?,
        };
        let code = match line {
            Line::Code(code) => code,
            Line::Interrupted => continue,
            Line::End => return Ok(()),
        };
        let code = match code.trim() {
            "exit" | "exit;" | "quit" | "quit;" | "quit()" | "quit();" => return Ok(()),
            "help" | "help;" | "?" => "help()",
            _ => code.as_str(),
        };
        let result = interpreter.run(code).and_then(|value| shown(session, &value));
        let mut console = session.console.borrow_mut();
        match result {
            Ok(()) => {}
            Err(Failure::Interrupted) => console.stderr.write("\nInterrupted."),
            Err(Failure::Left(0)) => return Ok(()),
            Err(Failure::Left(code)) => return Err(CommandError::silent().code(code).into()),
            Err(Failure::Error { message, place }) => {
                let text = failure::text(&message, place, code, "line");
                console.error(&format!("error: {text}"));
            }
        }
    }
}

/// Reads code without an editor.
fn plain(session: &Session) -> anyhow::Result<Line> {
    let mut code = String::new();
    let mut console = session.console.borrow_mut();
    loop {
        let prompt = if code.is_empty() { PROMPT } else { CONTINUED };
        console.stdout.write_unended(prompt);
        let Some(line) = console.stdin.line()? else {
            console.stdout.write_unended("\n");
            return Ok(Line::End);
        };
        code.push_str(&line);
        if !syntax::is_open(&code) {
            return Ok(Line::Code(code));
        }
        code.push('\n');
    }
}
