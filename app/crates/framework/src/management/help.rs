//! `help` and `version`: the list of commands for people and for programs.

use clap::ArgAction;
use serde_json::{Value, json};

use super::command::{Checks, Command, Output};
use super::console::Console;
use super::error::CommandError;
use super::registry::{Entry, Registry};
use super::style::Role;
use crate::context::Context;

/// The group of the built-in commands.
pub(super) const FRAMEWORK: &str = "framework";

impl Command for cli::Help {
    const NAME: &'static str = "help";
    const CHECKS: Checks = Checks::None;
    const SETTINGS: bool = false;

    async fn handle(self, ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
        let registry = ctx.registry();
        if let Some(name) = self.command {
            let name = name.to_string_lossy();
            let entry = registry.find(&name).ok_or_else(|| unknown_command(registry, &name))?;
            console.stdout.write(entry.spec.clap(ctx.program()).render_help());
        } else if self.commands {
            registry.iter().for_each(|entry| console.stdout.write(entry.spec.name));
        } else if self.format.as_deref() == Some("json") {
            console.stdout.write(serde_json::to_string_pretty(&catalogue(registry))?);
        } else {
            write_list(ctx, console);
        }
        Ok(Output::None)
    }
}

impl Command for cli::Version {
    const NAME: &'static str = "version";
    const CHECKS: Checks = Checks::None;
    const SETTINGS: bool = false;

    async fn handle(self, ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
        console.stdout.write(ctx.version());
        Ok(Output::None)
    }
}

/// The error for a name that no command has.
pub(super) fn unknown_command(registry: &Registry, name: &str) -> CommandError {
    let hint = registry.nearest(name).map_or_else(String::new, |known| format!(". Did you mean {known}?"));
    CommandError::new(format!("Unknown command: '{name}'{hint}"))
}

fn write_list(ctx: &Context, console: &mut Console) {
    let program = ctx.program();
    console.stdout.write(format!(
        "Type '{program} help <subcommand>' for help on a specific subcommand.\n\nAvailable subcommands:"
    ));
    let width = ctx.registry().iter().map(|entry| entry.spec.name.len()).max().unwrap_or(0);
    let groups = std::iter::once(FRAMEWORK).chain(ctx.modules().iter().map(|module| module.label()));
    for group in groups {
        let entries = ctx.registry().iter().filter(|entry| entry.module == group && !is_hidden(entry));
        let entries: Vec<&Entry> = entries.collect();
        if entries.is_empty() {
            continue;
        }
        let heading = console.stdout.paint(Role::Notice, &format!("[{group}]"));
        console.stdout.write(format!("\n{heading}"));
        for entry in entries {
            let name = entry.spec.name;
            console.stdout.write(format!("    {name:width$}  {}", about(entry)).trim_end());
        }
    }
}

fn is_hidden(entry: &Entry) -> bool {
    entry.spec.clap("").is_hide_set()
}

/// The first line of a command's help.
fn about(entry: &Entry) -> String {
    entry.spec.clap("").get_about().map(ToString::to_string).unwrap_or_default()
}

/// All commands as data, for xtask's help, completion and did-you-mean.
fn catalogue(registry: &Registry) -> Value {
    let commands: Vec<Value> = registry.iter().map(describe).collect();
    json!({ "version": 1, "commands": commands })
}

fn describe(entry: &Entry) -> Value {
    let command = entry.spec.clap("");
    let args: Vec<Value> = command.get_arguments().filter(|arg| !is_base_option(arg)).map(describe_arg).collect();
    json!({
        "name": entry.spec.name,
        "module": entry.module,
        "builtin": entry.is_builtin(),
        "help": about(entry),
        "hidden": is_hidden(entry),
        "args": args,
    })
}

fn is_base_option(arg: &clap::Arg) -> bool {
    cli::BASE_OPTION_IDS.contains(&arg.get_id().as_str())
}

fn is_path(arg: &clap::Arg) -> bool {
    use clap::ValueHint::{AnyPath, DirPath, ExecutablePath, FilePath};
    matches!(arg.get_value_hint(), AnyPath | DirPath | ExecutablePath | FilePath)
}

fn describe_arg(arg: &clap::Arg) -> Value {
    let takes_value = arg.get_action().takes_values();
    let value_name = arg.get_value_names().and_then(|names| names.first()).map(ToString::to_string);
    let choices: Vec<String> = if takes_value {
        arg.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect()
    } else {
        Vec::new()
    };
    let several = arg.get_num_args().is_some_and(|range| range.max_values() > 1);
    json!({
        "name": arg.get_id().as_str(),
        "long": arg.get_long(),
        "short": arg.get_short(),
        "value": if takes_value { value_name } else { None },
        "choices": choices,
        "required": arg.is_required_set(),
        "hidden": arg.is_hide_set(),
        "path": takes_value && is_path(arg),
        "multiple": several || matches!(arg.get_action(), ArgAction::Append | ArgAction::Count),
        "help": arg.get_help().map(ToString::to_string),
    })
}
