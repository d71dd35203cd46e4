//! What a command is: typed at the edge, erased inside.

use std::future::Future;
use std::pin::Pin;

use clap::ArgMatches;
use cli::BulkOptions;

use super::console::Console;
use super::error::CommandError;
use crate::context::Context;

/// What a command gives back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Output {
    /// Nothing more than what it wrote.
    #[default]
    None,
    /// Text to print (wrapped in `BEGIN;` and `COMMIT;` for an output-transaction command).
    Text(String),
}

impl From<()> for Output {
    fn from((): ()) -> Self {
        Self::None
    }
}

impl From<String> for Output {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// When code may call a command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Calls {
    /// Always.
    #[default]
    Always,
    /// Not where databases are only read: it changes the project's sources.
    ToChange,
    /// Never: another program takes the place of the whole process.
    Never,
}

/// Which system checks run before a command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Checks {
    /// All but those for deployments and databases.
    #[default]
    All,
    /// None.
    None,
    /// Those with one of these tags.
    Tags(&'static [&'static str]),
}

/// A management command. Its fields are its arguments; its doc comment is its help.
pub trait Command: clap::Args + 'static {
    /// The name that is typed.
    const NAME: &'static str;
    /// System checks before it.
    const CHECKS: Checks = Checks::All;
    /// Warn when migrations are unapplied (never a stop).
    const MIGRATIONS_CHECK: bool = false;
    /// Wrap the returned text in `BEGIN;` and `COMMIT;`.
    const OUTPUT_TRANSACTION: bool = false;
    /// Base options that its help does not offer (they still parse).
    const HIDDEN_OPTIONS: &'static [&'static str] = &[];
    /// The message when it is given no argument at all.
    const MISSING_ARGS: Option<&'static str> = None;
    /// Whether a locale is active inside it.
    const TRANSLATIONS: bool = true;
    /// Whether it needs settings that load; without, it gets the defaults.
    const SETTINGS: bool = true;
    /// Whether it says itself what is wrong with them ([`Context::faults`]).
    const REPORTS_FAULTS: bool = false;
    /// Whether it can spread its work over `--processes`.
    const PARTITIONED: bool = false;
    /// Whether it ends in its own time when the process that started it is gone, as servers do. Others are ended at once.
    const DRAINS: bool = false;

    /// When code may call it ([`Call`](super::Call)).
    const CALLS: Calls = Calls::Always;

    /// System checks before it, when they depend on the arguments.
    fn checks(&self) -> Checks {
        Self::CHECKS
    }

    /// The shared options. A command that flattens [`BulkOptions`] must hand them over here, where they are enforced; it
    /// does not run otherwise.
    fn bulk(&self) -> Option<&BulkOptions> {
        None
    }

    /// The question to ask before a destructive run. By default `--delete` asks.
    fn confirmation(&self) -> Option<String> {
        let deletes = self.bulk().is_some_and(|bulk| bulk.delete);
        deletes.then(|| format!("`{}` will delete what is there. Go on?", Self::NAME))
    }

    /// Does the work.
    fn handle(self, ctx: &Context, console: &mut Console) -> impl Future<Output = anyhow::Result<Output>>;
}

/// The labels that a label command was given.
///
/// # Errors
/// When there are none.
pub fn each(labels: &cli::Labels) -> Result<&[String], CommandError> {
    if labels.labels.is_empty() {
        Err(CommandError::new("Enter at least one label.").code(2))
    } else {
        Ok(&labels.labels)
    }
}

/// The constants of a [`Command`], as values.
#[derive(Clone, Copy, Debug)]
pub struct CommandOptions {
    /// See [`Command::MIGRATIONS_CHECK`].
    pub migrations_check: bool,
    /// See [`Command::OUTPUT_TRANSACTION`].
    pub output_transaction: bool,
    /// See [`Command::HIDDEN_OPTIONS`].
    pub hidden_options: &'static [&'static str],
    /// See [`Command::MISSING_ARGS`].
    pub missing_args: Option<&'static str>,
    /// See [`Command::TRANSLATIONS`].
    pub translations: bool,
    /// See [`Command::SETTINGS`].
    pub settings: bool,
    /// See [`Command::REPORTS_FAULTS`].
    pub reports_faults: bool,
    /// See [`Command::PARTITIONED`].
    pub partitioned: bool,
    /// See [`Command::DRAINS`].
    pub drains: bool,
    /// See [`Command::CALLS`].
    pub calls: Calls,
    /// Adds the command's own arguments to a clap command.
    pub augment: fn(clap::Command) -> clap::Command,
}

impl CommandOptions {
    /// Whether the command includes the shared options.
    pub fn flattens_bulk(&self) -> bool {
        (self.augment)(clap::Command::new("")).get_groups().any(|group| group.get_id() == cli::BULK_OPTIONS_ID)
    }

    pub(super) const fn of<T: Command>() -> Self {
        Self {
            migrations_check: T::MIGRATIONS_CHECK,
            output_transaction: T::OUTPUT_TRANSACTION,
            hidden_options: T::HIDDEN_OPTIONS,
            missing_args: T::MISSING_ARGS,
            translations: T::TRANSLATIONS,
            settings: T::SETTINGS,
            reports_faults: T::REPORTS_FAULTS,
            partitioned: T::PARTITIONED,
            drains: T::DRAINS,
            calls: T::CALLS,
            augment: T::augment_args,
        }
    }
}

/// A command as a module lists it: plain function pointers, no types.
#[derive(Clone, Copy)]
pub struct CommandSpec {
    /// The name that is typed.
    pub name: &'static str,
    /// Its constants.
    pub options: CommandOptions,
    build: fn(&ArgMatches) -> Result<Box<dyn ErasedCommand>, clap::Error>,
}

impl CommandSpec {
    /// The clap command: own arguments first, then the base options.
    pub fn clap(&self, program: &str) -> clap::Command {
        cli::hide(cli::command(self.name, program, self.options.augment), self.options.hidden_options)
    }

    pub(super) fn build(&self, matches: &ArgMatches) -> Result<Box<dyn ErasedCommand>, clap::Error> {
        (self.build)(matches)
    }
}

/// Lists a command under its own name.
pub const fn command<T: Command>() -> CommandSpec {
    command_as::<T>(T::NAME)
}

/// Lists a command under another name, such as one that was overridden.
pub const fn command_as<T: Command>(name: &'static str) -> CommandSpec {
    CommandSpec {
        name,
        options: CommandOptions::of::<T>(),
        build: |matches| T::from_arg_matches(matches).map(|command| Box::new(command) as Box<dyn ErasedCommand>),
    }
}

pub(super) type Handling<'a> = Pin<Box<dyn Future<Output = anyhow::Result<Output>> + 'a>>;

/// A parsed command without its type.
pub(super) trait ErasedCommand {
    fn checks(&self) -> Checks;
    fn bulk(&self) -> Option<BulkOptions>;
    fn confirmation(&self) -> Option<String>;
    fn handle<'a>(self: Box<Self>, ctx: &'a Context, console: &'a mut Console) -> Handling<'a>;
}

impl<T: Command> ErasedCommand for T {
    fn checks(&self) -> Checks {
        Command::checks(self)
    }

    fn bulk(&self) -> Option<BulkOptions> {
        Command::bulk(self).cloned()
    }

    fn confirmation(&self) -> Option<String> {
        Command::confirmation(self)
    }

    fn handle<'a>(self: Box<Self>, ctx: &'a Context, console: &'a mut Console) -> Handling<'a> {
        Box::pin(Command::handle(*self, ctx, console))
    }
}
