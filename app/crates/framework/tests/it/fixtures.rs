//! Commands of the test project, one for each thing a command can do.

use framework::context::Context;
use framework::management::{Checks, Command, CommandError, Console, Output, Role, command};
use framework::module::Module;

/// Takes labels and three options.
#[derive(clap::Args)]
pub(crate) struct BaseCommand {
    /// Some labels
    pub(crate) labels: Vec<String>,
    #[arg(long = "option_a", short = 'a', default_value = "1")]
    pub(crate) option_a: String,
    #[arg(long = "option_b", short = 'b', default_value = "2")]
    pub(crate) option_b: String,
    #[arg(long = "option_c", short = 'c', default_value = "3")]
    pub(crate) option_c: String,
}

impl Command for BaseCommand {
    const NAME: &'static str = "base_command";
    const CHECKS: Checks = Checks::None;

    async fn handle(self, _ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
        let Self { labels, option_a, option_b, option_c } = self;
        let verbosity = console.verbosity();
        console.stdout.write(format!("labels={labels:?} a={option_a} b={option_b} c={option_c} verbosity={verbosity}"));
        Ok(Output::None)
    }
}

/// Takes nothing.
#[derive(clap::Args)]
pub(crate) struct Bare {}

impl Command for Bare {
    const NAME: &'static str = "noargs_command";
    const CHECKS: Checks = Checks::None;

    async fn handle(self, _ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
        console.stdout.write("bare");
        Ok(Output::None)
    }
}

/// Runs once per module.
#[derive(clap::Args)]
pub(crate) struct PerModule {
    #[command(flatten)]
    modules: cli::Modules,
}

impl Command for PerModule {
    const NAME: &'static str = "app_command";
    const CHECKS: Checks = Checks::None;

    async fn handle(self, ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
        for module in ctx.labelled(&self.modules)? {
            console.stdout.write(format!("module={}", module.label()));
        }
        Ok(Output::None)
    }
}

/// Runs once per label.
#[derive(clap::Args)]
pub(crate) struct PerLabel {
    #[command(flatten)]
    labels: cli::Labels,
}

impl Command for PerLabel {
    const NAME: &'static str = "label_command";
    const CHECKS: Checks = Checks::None;

    async fn handle(self, _ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
        for label in framework::management::each(&self.labels)? {
            console.stdout.write(format!("label={label}"));
        }
        Ok(Output::None)
    }
}

/// Has a message of its own for missing labels.
#[derive(clap::Args)]
pub(crate) struct Missing {
    labels: Vec<String>,
}

impl Command for Missing {
    const NAME: &'static str = "missing_command";
    const CHECKS: Checks = Checks::None;
    const MISSING_ARGS: Option<&'static str> = Some("Missing argument.");

    async fn handle(self, _ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
        console.stdout.write(self.labels.join(","));
        Ok(Output::None)
    }
}

/// Opens the pod bay doors, or not.
#[derive(clap::Args)]
pub(crate) struct Hal {
    labels: Vec<String>,
    #[arg(long)]
    empty: bool,
}

impl Command for Hal {
    const NAME: &'static str = "hal";
    const CHECKS: Checks = Checks::None;

    async fn handle(self, _ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
        if self.labels.is_empty() && !self.empty {
            return Err(CommandError::new("Cannot determine what to open.").into());
        }
        console.stdout.write("\nDave, I can't do that.");
        Ok(Output::None)
    }
}

/// Dances.
#[derive(clap::Args)]
pub(crate) struct Dance {
    #[arg(default_value_t = 2)]
    pub(crate) integer: u32,
    #[arg(short, long, default_value = "Rock'n'Roll")]
    pub(crate) style: String,
    #[arg(short, long)]
    pub(crate) example: Option<String>,
}

impl Dance {
    pub(crate) fn in_style(style: &str) -> Self {
        Self { integer: 2, style: style.to_owned(), example: None }
    }
}

impl Command for Dance {
    const NAME: &'static str = "dance";

    async fn handle(self, _ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
        if self.example.as_deref() == Some("raise") {
            let cause = anyhow::anyhow!("the floor is wet").context("cannot dance");
            return Err(CommandError::new("broken leg").code(3).source(cause).into());
        }
        if self.example.as_deref() == Some("wrap") {
            return Err(anyhow::Error::new(CommandError::new("broken leg")).context("cannot dance"));
        }
        if self.integer > 2 {
            console.stdout.write(format!("You passed {} as a positional argument.", self.integer));
        }
        console.stdout.write(format!("I don't feel like dancing {}.", self.style));
        Ok(Output::None)
    }
}

/// Fails with an error that is no CommandError.
#[derive(clap::Args)]
pub(crate) struct Broken {}

impl Command for Broken {
    const NAME: &'static str = "broken";
    const CHECKS: Checks = Checks::None;

    async fn handle(self, _ctx: &Context, _console: &mut Console) -> anyhow::Result<Output> {
        Err(anyhow::anyhow!("no such file").context("failed to read `x`"))
    }
}

/// Returns SQL.
#[derive(clap::Args)]
pub(crate) struct Sql {}

impl Command for Sql {
    const NAME: &'static str = "sql";
    const CHECKS: Checks = Checks::None;
    const OUTPUT_TRANSACTION: bool = true;

    async fn handle(self, _ctx: &Context, _console: &mut Console) -> anyhow::Result<Output> {
        Ok("SELECT 1;".to_owned().into())
    }
}

/// Says which locale is active; with translations, or without.
#[derive(clap::Args)]
pub(crate) struct Translated {}

impl Command for Translated {
    const NAME: &'static str = "translated";
    const CHECKS: Checks = Checks::None;

    async fn handle(self, ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
        console.stdout.write(format!("{:?}", ctx.locale().map(|locale| locale.tag())));
        Ok(Output::None)
    }
}

/// The same with translations switched off.
#[derive(clap::Args)]
pub(crate) struct Untranslated {}

impl Command for Untranslated {
    const NAME: &'static str = "untranslated";
    const CHECKS: Checks = Checks::None;
    const TRANSLATIONS: bool = false;

    async fn handle(self, ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
        Translated {}.handle(ctx, console).await
    }
}

/// Takes a list.
#[derive(clap::Args)]
pub(crate) struct List {
    #[arg(long = "foo-list", required = true, num_args = 1..)]
    foo_list: Vec<u32>,
}

impl Command for List {
    const NAME: &'static str = "required_list";
    const CHECKS: Checks = Checks::None;

    async fn handle(self, _ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
        console.stdout.write(format!("{:?}", self.foo_list));
        Ok(Output::None)
    }
}

/// Writes in the style of an error on both streams.
#[derive(clap::Args)]
pub(crate) struct Colorful {}

impl Command for Colorful {
    const NAME: &'static str = "colorful";
    const CHECKS: Checks = Checks::None;
    const HIDDEN_OPTIONS: &'static [&'static str] = &["verbosity", "traceback"];

    async fn handle(self, _ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
        console.stdout.styled(Role::Error, "Hello, world!");
        console.stderr.styled(Role::Error, "Hello, world!");
        Ok(Output::None)
    }
}

/// Asks a question.
#[derive(clap::Args)]
pub(crate) struct Asking {}

impl Command for Asking {
    const NAME: &'static str = "asking";
    const CHECKS: Checks = Checks::None;

    async fn handle(self, _ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
        let name = console.ask("Name: ")?;
        console.stdout.write(format!("Hello, {name}"));
        Ok(Output::None)
    }
}

pub(crate) fn module() -> Module {
    Module::new("fixtures")
        .commands(vec![
            command::<BaseCommand>(),
            command::<Bare>(),
            command::<PerModule>(),
            command::<PerLabel>(),
            command::<Missing>(),
            command::<Hal>(),
            command::<Dance>(),
            command::<Broken>(),
            command::<Sql>(),
            command::<Translated>(),
            command::<Untranslated>(),
            command::<List>(),
            command::<Colorful>(),
            command::<Asking>(),
        ])
        .clone()
}
