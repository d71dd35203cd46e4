//! The flow that every command goes through, however it was called: checks → warnings → `handle` → output.

use std::time::{Duration, Instant};

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
    /// Is told when a time limit begins: a handler that blocks can only be stopped from outside.
    pub(super) limit_begins: Box<dyn Fn(Duration)>,
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
    let Invocation { options, command, checks, limit_begins, .. } = invocation;
    let ctx = &if options.translations { ctx.clone() } else { ctx.with_locale(None) };
    console.set_system_checks(checks);
    if checks == SystemChecks::Run {
        checks::run_before(command.checks(), ctx, console).await?;
    }
    if options.migrations_check && console.verbosity() > 0 {
        migrations::warn_unapplied(ctx, console).await;
    }
    match bulk::handle(command, &options, ctx, console, &limit_begins).await? {
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

/// The arguments without what would make a log line unreadable, and without passwords: those of URLs, and the values of
/// options that sound like secrets.
fn shortened(arguments: &str) -> String {
    const LIMIT: usize = 200;
    let mut shown = Vec::new();
    let mut is_secret = false;
    for word in arguments.split(' ') {
        let (name, value) = word.split_once('=').unwrap_or((word, ""));
        let sounds_secret =
            name.starts_with('-') && ["password", "secret", "token"].iter().any(|part| name.contains(part));
        shown.push(match (is_secret, sounds_secret, word.split_once("://")) {
            (true, _, _) => "***".to_owned(),
            (_, true, _) if !value.is_empty() => format!("{name}=***"),
            (_, _, Some((scheme, rest))) if rest.contains('@') => {
                format!("{scheme}://***{}", &rest[rest.rfind('@').unwrap_or(0)..])
            }
            _ => word.to_owned(),
        });
        is_secret = sounds_secret && value.is_empty();
    }
    let shown = shown.join(" ");
    match shown.char_indices().nth(LIMIT) {
        None => shown,
        Some((end, _)) => format!("{}…", &shown[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::shortened;

    #[test]
    fn logged_arguments_are_short_and_hold_no_passwords() {
        for (arguments, logged) in [
            ("users --plan", "users --plan"),
            ("postgres://joe:hunter2@db/app", "postgres://***@db/app"),
            ("--password hunter2 x", "--password *** x"),
            ("--api-token=hunter2", "--api-token=***"),
        ] {
            assert_eq!(shortened(arguments), logged);
        }
        assert_eq!(shortened(&"é".repeat(300)).chars().count(), 201);
    }
}
