//! The command: where its code comes from.

use std::rc::Rc;

use anyhow::Context as _;
use db::Access;

use super::engine::Interpreter;
use super::failure::{self, Failure};
use super::models::Models;
use super::repl;
use super::results;
use super::session::Session;
use crate::context::Context;
use crate::management::{
    self, Capture, Checks, Command, CommandError, Console, Input, Interrupted, Output, Role, Stream,
};

impl Command for cli::Shell {
    const NAME: &'static str = "shell";
    const CHECKS: Checks = Checks::None;

    async fn handle(self, ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
        if tokio::runtime::Handle::current().runtime_flavor() == tokio::runtime::RuntimeFlavor::CurrentThread {
            anyhow::bail!("the shell needs a runtime of several threads");
        }
        let alias = self.database.as_deref().unwrap_or("default");
        ctx.check_alias(alias)?;
        let given = match (&self.command, &self.file) {
            (Some(code), _) => Some(Given { code: code.clone(), origin: "line".to_owned() }),
            (None, Some(file)) => {
                let path = ctx.env().current_dir.join(file);
                let text = std::fs::read_to_string(path);
                let unable = |error| CommandError::new(format!("cannot read {}: {error}", file.display()));
                Some(Given { code: text.map_err(unable)?, origin: file.display().to_string() })
            }
            (None, None) if !console.stdin.is_terminal() => {
                let code = console.stdin.text().context("failed to read standard input")?;
                Some(Given { code, origin: "line".to_owned() })
            }
            (None, None) => None,
        };
        let access = if self.read_only { Access::ReadOnly } else { Access::ReadWrite };
        // Functions that code calls write to the console, for as long as the shell lasts.
        let substitute =
            Console::new(Stream::capture(&Capture::new()), Stream::capture(&Capture::new()), Input::piped(""));
        let session = Rc::new(Session::new(ctx, alias, access, std::mem::replace(console, substitute))?);
        let result = run(ctx, &session, given);
        let left = leave(&session);
        std::mem::swap(console, &mut session.console.borrow_mut());
        result.and(left).map(|()| Output::None)
    }
}

/// Code that is not typed at a prompt, and where it comes from.
struct Given {
    code: String,
    origin: String,
}

/// How code comes in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// A person types it.
    Prompt,
    /// It was given with the call.
    Given,
}

fn run(ctx: &Context, session: &Rc<Session>, given: Option<Given>) -> anyhow::Result<()> {
    let watching = session.interrupt.watch()?;
    let is_seen = session.console.borrow().stdout.is_terminal();
    session.width.set(management::width().filter(|_| is_seen));
    say_names(session, if given.is_none() { Mode::Prompt } else { Mode::Given });
    let mut interpreter = Interpreter::new(session);
    let result = match given {
        Some(given) => once(session, &mut interpreter, &given),
        None => repl::run(ctx, session, &mut interpreter),
    };
    drop(watching);
    result
}

/// Runs a whole text.
fn once(session: &Rc<Session>, interpreter: &mut Interpreter, given: &Given) -> anyhow::Result<()> {
    match interpreter.run(&given.code).and_then(|value| shown(session, &value)) {
        Ok(()) | Err(Failure::Left(0)) => Ok(()),
        Err(Failure::Interrupted) => Err(Interrupted.into()),
        Err(Failure::Left(code)) => Err(CommandError::silent().code(code).into()),
        Err(Failure::Error { message, place }) => {
            Err(CommandError::new(failure::text(&message, place, &given.code, &given.origin)).into())
        }
    }
}

/// Writes a result.
pub(super) fn shown(session: &Rc<Session>, value: &rhai::Dynamic) -> Result<(), Failure> {
    // Rows are asked for only now.
    session.interrupt.begin();
    let text = results::text(session, value);
    session.interrupt.end();
    if let Some(text) = text.map_err(|error| Failure::new(*error, &|_| None))? {
        session.console.borrow_mut().stdout.write(text);
    }
    Ok(())
}

/// Undoes a transaction that was left open, and says so.
fn leave(session: &Session) -> anyhow::Result<()> {
    if session.is_in_transaction() {
        session.interrupt.begin();
        let undone = session.rollback();
        session.interrupt.end();
        undone.map_err(|error| anyhow::anyhow!("failed to roll back the open transaction: {error}"))?;
        let mut console = session.console.borrow_mut();
        console.stderr.styled(Role::Warning, "the open transaction was rolled back");
    }
    Ok(())
}

/// Says which names there are: how many at a prompt, and each when more is to be said; names that are not the models'
/// own always.
fn say_names(session: &Session, mode: Mode) {
    let names = session.models.names();
    let mut console = session.console.borrow_mut();
    if console.verbosity() >= 2 {
        console.stderr.write(format!(
            "{} models imported automatically:\n\n{}",
            names.len(),
            by_module(&session.models)
        ));
    } else if mode == Mode::Prompt && console.verbosity() == 1 {
        console.stderr.write(format!("{} models imported automatically (use -v 2 for details).", names.len()));
    }
    for (name, key) in
        names.iter().filter(|(name, key)| *name != key.name && console.verbosity() > 0).collect::<Vec<_>>()
    {
        let first = session.models.find(&key.name).map_or_else(String::new, ToString::to_string);
        console.stderr.styled(Role::Notice, format!("note: `{}` is {first}; {key} is `{name}`", key.name));
    }
    if mode == Mode::Prompt && console.verbosity() > 0 {
        console.stderr.write("Type help() for what there is, Ctrl-D to leave.");
    }
}

fn by_module(models: &Models) -> String {
    let mut lines: Vec<(String, Vec<&str>)> = Vec::new();
    for (name, key) in models.names() {
        match lines.iter_mut().find(|(module, _)| *module == key.module) {
            Some((_, names)) => names.push(name),
            None => lines.push((key.module.clone(), vec![name])),
        }
    }
    lines.iter().map(|(module, names)| format!("  {module}: {}", names.join(", "))).collect::<Vec<_>>().join("\n")
}
