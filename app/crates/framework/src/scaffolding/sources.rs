//! Changing the sources, with a command's console for the talk.

use std::io;
use std::path::Path;

use clap::error::ErrorKind;
use cli::{AddCommand, AddModule, ChangeOptions, RemoveCommand, RemoveModule};
use scaffold::{Kept, Talk};

use crate::context::Context;
use crate::management::{Answer, Cancelled, Command, CommandError, Console, Output, Talk as Speaker};

pub(super) fn add_module(args: &AddModule, ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
    run::<AddModule>(&args.change, ctx, console, |root, talk| scaffold::add_module(root, args, talk))
}

pub(super) fn remove_module(args: &RemoveModule, ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
    run::<RemoveModule>(&args.change, ctx, console, |root, talk| scaffold::remove_module(root, args, talk))
}

pub(super) fn add_command(args: &AddCommand, ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
    run::<AddCommand>(&args.change, ctx, console, |root, talk| scaffold::add_command(root, args, talk))
}

pub(super) fn remove_command(args: &RemoveCommand, ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
    run::<RemoveCommand>(&args.change, ctx, console, |root, talk| scaffold::remove_command(root, args, talk))
}

/// Rolls back a change of the sources that was interrupted, and says so.
pub(crate) fn recover(ctx: &Context) -> anyhow::Result<Vec<String>> {
    let mut kept = Kept::default();
    scaffold::journal::recover(&ctx.layout().root, &mut kept)?;
    Ok(kept.0.iter().map(|line| line.trim_start_matches("note: ").to_owned()).collect())
}

fn run<T: Command>(
    options: &ChangeOptions,
    ctx: &Context,
    console: &mut Console,
    change: impl FnOnce(&Path, &mut dyn Talk) -> scaffold::Result<()>,
) -> anyhow::Result<Output> {
    if options.noinput {
        console.set_answer(Answer::Never);
    }
    change(&ctx.layout().root, &mut Person(console)).map_err(|error| explained::<T>(error, ctx))?;
    Ok(Output::None)
}

fn explained<T: Command>(error: scaffold::Error, ctx: &Context) -> anyhow::Error {
    if error.is_cancelled() {
        return Cancelled.into();
    }
    let text = match error.hint() {
        Some(hint) => format!("{error}\nhint: {hint}"),
        None => error.to_string(),
    };
    match (error.code(), cli::find(T::NAME)) {
        (2, Some(builtin)) => builtin.command(ctx.program()).error(ErrorKind::ValueValidation, text).into(),
        (code, _) => CommandError::new(text).code(code).source(error).into(),
    }
}

/// The person at the console.
struct Person<'a>(&'a mut Console);

impl Talk for Person<'_> {
    fn say(&mut self, line: &str) {
        if self.0.verbosity() > 0 {
            self.0.stdout.write(line);
        }
    }

    fn note(&mut self, line: &str) {
        if self.0.verbosity() > 0 {
            self.0.stderr.write(line);
        }
    }

    fn ask(&mut self, question: &str) -> io::Result<Option<String>> {
        // A question that nobody sees is none. What is said on stdout may go to a file.
        if !self.0.is_interactive() || !self.0.stderr.is_terminal() {
            return Ok(None);
        }
        self.0.ask_on(Speaker::Stderr, question).map(Some).map_err(|error| match error.downcast::<Cancelled>() {
            Ok(cancelled) => io::Error::new(io::ErrorKind::Interrupted, cancelled),
            Err(error) => io::Error::other(error),
        })
    }
}
