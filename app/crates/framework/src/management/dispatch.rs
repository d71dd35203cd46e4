//! The flow that every command goes through, however it was called: checks → warnings → `handle` → output.

use std::time::Instant;

use super::bulk;
use super::command::{CommandOptions, ErasedCommand, Output};
use super::console::Console;
use crate::checks;
use crate::context::Context;
use crate::logging::COMMAND;
use crate::migrations;

/// Whether the system checks run before a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SystemChecks {
    /// They run.
    Run,
    /// `--skip-checks`, or a call from code that did not ask for them.
    Skip,
}

/// A parsed command on its way.
pub(super) struct Invocation {
    pub(super) name: &'static str,
    pub(super) options: CommandOptions,
    pub(super) command: Box<dyn ErasedCommand>,
    pub(super) checks: SystemChecks,
    /// The arguments as they are shown in the log.
    pub(super) arguments: String,
}

/// Runs a command to its end. Gives back the text it returned, which has been printed too.
pub(super) async fn run(
    invocation: Invocation,
    ctx: &Context,
    console: &mut Console,
) -> anyhow::Result<Option<String>> {
    let (name, started) = (invocation.name, Instant::now());
    // `help` and `version` leave no trace: they must work where nothing can be written.
    if !invocation.options.settings {
        return steps(invocation, ctx, console).await;
    }
    tracing::info!(target: COMMAND, arguments = %shortened(&invocation.arguments), "`{name}` started");
    let result = steps(invocation, ctx, console).await;
    let ms = started.elapsed().as_millis();
    match &result {
        Ok(_) => tracing::info!(target: COMMAND, ms, "`{name}` finished"),
        Err(error) => tracing::info!(target: COMMAND, ms, error = %first_line(error), "`{name}` failed"),
    }
    result
}

async fn steps(invocation: Invocation, ctx: &Context, console: &mut Console) -> anyhow::Result<Option<String>> {
    let Invocation { options, command, checks, .. } = invocation;
    let ctx = &if options.translations { ctx.clone() } else { ctx.with_locale(None) };
    console.set_system_checks(checks);
    if checks == SystemChecks::Run {
        checks::run_before(command.checks(), ctx, console).await?;
        if options.migrations_check {
            migrations::warn_unapplied(ctx, console).await;
        }
    }
    match bulk::handle(command, &options, ctx, console).await? {
        Output::None => Ok(None),
        Output::Text(text) => {
            let text = if options.output_transaction { format!("BEGIN;\n{text}\nCOMMIT;") } else { text };
            console.stdout.write(&text);
            Ok(Some(text))
        }
    }
}

/// A report of system checks is many lines; the log gets the first.
fn first_line(error: &anyhow::Error) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}

/// The arguments without what would make a log line unreadable.
fn shortened(arguments: &str) -> String {
    const LIMIT: usize = 200;
    match arguments.char_indices().nth(LIMIT) {
        None => arguments.to_owned(),
        Some((end, _)) => format!("{}…", &arguments[..end]),
    }
}
