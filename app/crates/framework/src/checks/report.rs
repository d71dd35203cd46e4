//! Runs checks and lays out what they found, as Django does.

use std::fmt::Write as _;

use super::{Check, Kind, Level, Message, Scope, When, builtin_checks};
use crate::conf::Environment;
use crate::context::Context;
use crate::management::{Checks, CommandError, Console, Role};

/// Which of the checks for deployments run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Deploy {
    /// None.
    #[default]
    No,
    /// All, but what is only worth knowing is not said.
    Warnings,
    /// All.
    All,
}

impl Deploy {
    /// Those that run by themselves: in production, for a server does not start on what is unsafe.
    pub(crate) fn in_environment(environment: Environment) -> Self {
        match environment {
            Environment::Production => Self::Warnings,
            Environment::Development | Environment::Test => Self::No,
        }
    }
}

/// Which checks run, on what.
#[derive(Clone, Debug)]
pub struct Selection {
    /// The modules to look at.
    pub scope: Scope,
    /// Only checks with one of these tags; all when empty.
    pub tags: Vec<String>,
    /// Which of the checks for deployments run too.
    pub deploy: Deploy,
    /// The databases that are looked at.
    pub databases: Vec<String>,
    /// The lowest level that is a failure.
    pub fail_level: Level,
    /// Whether somebody asked for checks: those that no command waits for run too.
    pub asked: bool,
    /// Whether to say so when nothing was found.
    pub announce: bool,
}

impl Default for Selection {
    fn default() -> Self {
        let (scope, tags, databases) = (Scope::default(), Vec::new(), Vec::new());
        Self { scope, tags, deploy: Deploy::No, databases, fail_level: Level::Error, asked: false, announce: false }
    }
}

/// All checks of the framework and of the installed modules.
pub(super) fn registered(ctx: &Context) -> Vec<Check> {
    let modules = ctx.modules().iter().flat_map(|module| module.checks.iter().copied());
    builtin_checks().into_iter().chain(modules).collect()
}

/// Runs the checks that a command asks for before it. In production those for deployments are among them: a server
/// does not start on an unsafe setting.
///
/// # Errors
/// When a check found an error.
pub async fn run_before(checks: Checks, ctx: &Context, console: &mut Console) -> anyhow::Result<()> {
    let tags: Vec<String> = match checks {
        Checks::None => return Ok(()),
        Checks::All => Vec::new(),
        Checks::Tags(tags) => tags.iter().map(ToString::to_string).collect(),
    };
    let deploy = match checks {
        Checks::All => Deploy::in_environment(ctx.settings().environment),
        _ => Deploy::No,
    };
    run(&Selection { tags, deploy, ..Selection::default() }, ctx, console).await
}

/// Runs checks and writes what they found.
///
/// # Errors
/// When something at or above the fail level was found: the whole report, as the error.
pub async fn run(selection: &Selection, ctx: &Context, console: &mut Console) -> anyhow::Result<()> {
    let (shown, silenced) = collect(selection, ctx).await;
    show(&shown, silenced, selection, console)
}

/// Runs checks; gives back what they found, without what the settings silence, and how much that is.
pub(crate) async fn collect(selection: &Selection, ctx: &Context) -> (Vec<Message>, usize) {
    let mut messages = Vec::new();
    for check in registered(ctx) {
        let tagged =
            selection.tags.is_empty() || check.tags.iter().any(|tag| selection.tags.iter().any(|asked| asked == tag));
        let is_due = match check.when {
            When::Always => true,
            When::Deploy => selection.deploy != Deploy::No,
            When::Asked => selection.asked,
        };
        if !tagged || !is_due {
            continue;
        }
        let quiet = check.when == When::Deploy && selection.deploy == Deploy::Warnings;
        match check.kind {
            Kind::Project(run) => {
                let found = run(ctx, &selection.scope).into_iter();
                messages.extend(found.filter(|message| !quiet || message.level >= Level::Warning));
            }
            Kind::Database(run) => {
                for alias in &selection.databases {
                    messages.extend(run(ctx, alias).await);
                }
            }
        }
    }
    let silenced = &ctx.settings().silenced_checks;
    let is_silenced = |message: &Message| silenced.iter().any(|id| id == message.id);
    let (hidden, mut shown): (Vec<_>, Vec<_>) = messages.into_iter().partition(is_silenced);
    shown.sort_by_cached_key(ToString::to_string);
    (shown, hidden.len())
}

fn show(shown: &[Message], silenced: usize, selection: &Selection, console: &mut Console) -> anyhow::Result<()> {
    if shown.is_empty() {
        if selection.announce {
            console.stdout.write(format!("System check identified no issues ({silenced} silenced)."));
        }
        return Ok(());
    }
    let mut body = String::new();
    for level in Level::WORST_FIRST {
        let of_level: Vec<&Message> = shown.iter().filter(|message| message.level == level).collect();
        if of_level.is_empty() {
            continue;
        }
        let _ = write!(body, "\n{}:\n", level.heading());
        for message in of_level {
            let role = if level >= Level::Error { Role::Error } else { Role::Warning };
            let _ = writeln!(body, "{}", console.stderr.paint(role, &message.to_string()));
        }
    }
    let issues = if shown.len() == 1 { "1 issue".to_owned() } else { format!("{} issues", shown.len()) };
    let _ = write!(body, "\nSystem check identified {issues} ({silenced} silenced).");
    let header = "System check identified some issues:\n";
    if shown.iter().any(|message| message.level >= selection.fail_level) {
        let header = console.stderr.paint(Role::Error, &format!("SystemCheckError: {header}"));
        return Err(CommandError::unlabelled(format!("{header}{body}")).into());
    }
    console.stderr.write(format!("{header}{body}"));
    Ok(())
}
