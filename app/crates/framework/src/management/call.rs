//! Calling a command from code (Django's `call_command`), with typed or string arguments.

use std::ffi::OsString;
use std::time::Duration;

use anyhow::Context as _;
use clap::FromArgMatches as _;
use cli::BaseOptions;

use super::command::{Calls, Command, CommandOptions, CommandSpec, ErasedCommand};
use super::console::{Coloring, Console, Input};
use super::dispatch::{self, Invocation, SystemChecks};
use super::error::CommandError;
use super::execute::coloring;
use super::help::unknown_command;
use super::stream::{Capture, Stream};
use crate::context::Context;

/// A call to a command. System checks are skipped unless asked for; both streams are captured unless given.
pub struct Call {
    target: Target,
    stdout: Capture,
    stderr: Capture,
    stdin: Input,
    checks: SystemChecks,
    verbosity: Option<u8>,
    coloring: Option<Coloring>,
}

enum Target {
    Typed { name: &'static str, options: CommandOptions, command: Box<dyn ErasedCommand> },
    Named { name: String, arguments: Vec<OsString> },
}

/// What a command gave back to its caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Called {
    /// The text that the command returned (and that was printed).
    pub returned: Option<String>,
    /// All that stands in the buffer for standard output.
    pub stdout: String,
    /// All that stands in the buffer for standard error.
    pub stderr: String,
}

impl Call {
    /// Calls this very command with these values.
    pub fn typed<T: Command>(command: T) -> Self {
        Self::new(Target::Typed { name: T::NAME, options: CommandOptions::of::<T>(), command: Box::new(command) })
    }

    /// Calls the command of this name with arguments as they would be typed.
    pub fn named<A: Into<OsString>>(name: impl Into<String>, arguments: impl IntoIterator<Item = A>) -> Self {
        let arguments = arguments.into_iter().map(Into::into).collect();
        Self::new(Target::Named { name: name.into(), arguments })
    }

    fn new(target: Target) -> Self {
        Self {
            target,
            stdout: Capture::new(),
            stderr: Capture::new(),
            stdin: Input::stdin(),
            checks: SystemChecks::Skip,
            verbosity: None,
            coloring: None,
        }
    }

    /// Captures standard output here.
    pub fn stdout(mut self, capture: &Capture) -> Self {
        self.stdout = capture.clone();
        self
    }

    /// Captures standard error here.
    pub fn stderr(mut self, capture: &Capture) -> Self {
        self.stderr = capture.clone();
        self
    }

    /// Reads answers from here instead of the process's standard input.
    pub fn stdin(mut self, input: Input) -> Self {
        self.stdin = input;
        self
    }

    /// Runs the system checks before the command.
    pub fn with_checks(mut self) -> Self {
        self.checks = SystemChecks::Run;
        self
    }

    /// Sets how much the command says.
    pub fn verbosity(mut self, verbosity: u8) -> Self {
        self.verbosity = Some(verbosity);
        self
    }

    /// Sets whether its output is coloured.
    pub fn coloring(mut self, coloring: Coloring) -> Self {
        self.coloring = Some(coloring);
        self
    }

    /// Runs the command.
    ///
    /// # Errors
    /// What the command says; for a named call also an unknown name, or a usage error.
    pub async fn run(self, ctx: &Context) -> anyhow::Result<Called> {
        let Self { target, stdout, stderr, stdin, checks, verbosity, coloring: asked } = self;
        let (base, invocation) = target.invocation(ctx, checks)?;
        let mut console = Console::new(Stream::capture(&stdout), Stream::capture(&stderr), stdin);
        console.set_verbosity(verbosity.unwrap_or(base.verbosity));
        let coloring = asked.map_or_else(|| coloring(&base, ctx.env()), Ok)?;
        console.set_colors(ctx.settings().colors.palette(), coloring);
        let returned = Box::pin(dispatch::run(invocation, ctx, &mut console)).await?;
        console.finish().context("failed to write output")?;
        Ok(Called { returned, stdout: stdout.text(), stderr: stderr.text() })
    }

    /// Runs the command on the caller's console and in its colours: what it says is seen at once, and its questions can
    /// be answered.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub async fn run_on(self, ctx: &Context, console: &mut Console) -> anyhow::Result<()> {
        let (base, invocation) = self.target.invocation(ctx, self.checks)?;
        let before = (console.verbosity(), console.answers(), console.system_checks());
        console.set_verbosity(self.verbosity.unwrap_or(base.verbosity));
        let result = Box::pin(dispatch::run(invocation, ctx, console)).await;
        console.set_verbosity(before.0);
        console.set_answer(before.1);
        console.set_system_checks(before.2);
        result.map(drop)
    }
}

impl Target {
    fn invocation(self, ctx: &Context, checks: SystemChecks) -> anyhow::Result<(BaseOptions, Invocation)> {
        let (base, invocation) = match self {
            Self::Typed { name, options, command } => {
                let limit_begins = Box::new(|_| {});
                let invocation = Invocation { name, options, command, checks, arguments: String::new(), limit_begins };
                (BaseOptions::default(), invocation)
            }
            Self::Named { name, arguments } => parse(ctx, &name, &arguments, checks)?,
        };
        let (name, program) = (invocation.name, ctx.program());
        match invocation.options.calls {
            Calls::Never => Err(CommandError::new(format!(
                "`{name}` takes the place of the whole process, so code cannot call it\nhint: call it by itself: `{program} {name}`"
            ))
            .into()),
            Calls::ToChange if ctx.is_read_only() => Err(CommandError::new(format!(
                "`{name}` changes the project's sources, and nothing may be changed here\nhint: call it by itself: `{program} {name}`"
            ))
            .into()),
            Calls::ToChange | Calls::Always => Ok((base, invocation)),
        }
    }
}

fn parse(
    ctx: &Context,
    name: &str,
    arguments: &[OsString],
    checks: SystemChecks,
) -> anyhow::Result<(BaseOptions, Invocation)> {
    let entry = ctx.registry().find(name).ok_or_else(|| unknown_command(ctx.registry(), name))?;
    let matches = parse_arguments(&entry.spec, ctx.program(), arguments)?;
    let base = BaseOptions::from_arg_matches(&matches)?;
    if base.version || base.settings.is_some() {
        anyhow::bail!("`--version` and `--settings` cannot be used in a call from code");
    }
    let checks = if base.skip_checks { SystemChecks::Skip } else { checks };
    Ok((base, invocation(&entry.spec, &matches, checks, arguments, Box::new(|_| {}))?))
}

/// Whether `--version` is among the arguments that can be options. Required arguments may be missing then.
pub(super) fn asks_for_version(arguments: &[OsString]) -> bool {
    arguments.iter().take_while(|argument| *argument != "--").any(|argument| argument == "--version")
}

/// Parses what follows a command's name.
pub(super) fn parse_arguments(
    spec: &CommandSpec,
    program: &str,
    arguments: &[OsString],
) -> Result<clap::ArgMatches, clap::Error> {
    let mut command = spec.clap(program);
    let bare = arguments.iter().all(|argument| argument.as_encoded_bytes().starts_with(b"-"));
    let wants_help = arguments.iter().any(|argument| argument == "--help" || argument == "-h");
    if let Some(message) = spec.options.missing_args.filter(|_| bare && !wants_help) {
        return Err(command.error(clap::error::ErrorKind::MissingRequiredArgument, message));
    }
    command.try_get_matches_from(arguments)
}

/// The command that parsed arguments stand for.
pub(super) fn invocation(
    spec: &CommandSpec,
    matches: &clap::ArgMatches,
    checks: SystemChecks,
    arguments: &[OsString],
    limit_begins: Box<dyn Fn(Duration)>,
) -> Result<Invocation, clap::Error> {
    let shown: Vec<_> = arguments.iter().map(|argument| argument.to_string_lossy()).collect();
    let command = spec.build(matches)?;
    Ok(Invocation { name: spec.name, options: spec.options, command, checks, arguments: shown.join(" "), limit_begins })
}
