//! The manual page `cargo-xtask(1)`, from the tables that the tasks themselves are made of.

mod roff;

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::Context;
use clap::{Arg, ArgAction, CommandFactory as _, Parser};

use self::roff::Page;
use crate::complete::{Commands, Meaning};
use crate::project::Project;
use crate::tasks::{Action, Group, TASKS, Task};
use crate::{options, output};

/// Print the manual page, or write it to a directory
///
/// It has the tasks, the commands of the app with their options, and the scripts of this project. `cargo xtask man | man
/// -l -` shows it.
#[derive(Debug, Parser)]
#[command(name = "man", bin_name = "cargo xtask man", no_binary_name = true)]
struct Man {
    /// Write `cargo-xtask.1` to this directory, which is made when it is missing
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
}

/// The name of the page, and of its file.
const NAME: &str = "cargo-xtask";

/// What can be typed after the task's name.
pub fn command() -> clap::Command {
    Man::command()
}

/// Runs the task.
///
/// # Errors
/// When the page cannot be written.
pub fn run(project: &Project, args: &[OsString]) -> anyhow::Result<u8> {
    let man = match Man::try_parse_from(args) {
        Ok(man) => man,
        Err(error) => return output::clap_error(&error),
    };
    let text = page(&Commands::read(project));
    let Some(directory) = man.output else { return output::data(&text).map(|()| 0) };
    let path = project.here.join(directory).join(format!("{NAME}.1"));
    let failed = || format!("failed to write `{}`", path.display());
    std::fs::create_dir_all(path.parent().unwrap_or(&project.here)).with_context(failed)?;
    std::fs::write(&path, text).with_context(failed)?;
    output::note(format_args!("`{}` is written", path.display()));
    Ok(0)
}

fn page(commands: &Commands<'_>) -> String {
    let mut page = Page::new(NAME, 1, concat!("xtask ", env!("CARGO_PKG_VERSION")), "Project manual");
    page.section("Name");
    page.text(&format!("{NAME} - the tasks of this project"));
    page.section("Synopsis");
    page.text("`cargo xtask` [OPTIONS] [TASK] [ARGUMENTS OF THE TASK]...");
    page.section("Description");
    page.text(DESCRIPTION);
    page.section("Options");
    page.text("They stand before the task; everything after its name belongs to the task.");
    arguments(&mut page, &options::command());
    page.section("Tasks");
    for group in Group::ALL {
        page.subsection(group.title());
        for task in TASKS.iter().filter(|task| task.group == Some(*group)) {
            page.item(&format!("`{}`", task.name), &about(task));
        }
    }
    page.section("Commands");
    page.text(
        "Tasks and commands of the app that take arguments. Those of the app take the base options too, see below.",
    );
    for name in commands.names() {
        match commands.find(&name.value) {
            Some(Meaning::Command { command, .. }) if takes_something(&command) => {
                of_command(&mut page, &name.value, &command);
            }
            _ => {}
        }
    }
    page.section("Base options");
    page.text("Every command of the app has them.");
    base_options().for_each(|arg| argument(&mut page, &arg));
    let scripts = commands.scripts();
    if !scripts.is_empty() {
        page.section("Scripts");
        page.text(
            "Command lines that this project names in `Cargo.toml`. What is typed after the name is added at the end.",
        );
        for script in scripts {
            page.item(&format!("`{}`", script.value), &script.about);
        }
    }
    page.section("Exit status");
    EXIT_STATUS.iter().for_each(|(code, meaning)| page.item(&format!("`{code}`"), meaning));
    page.section("Environment");
    ENVIRONMENT.iter().for_each(|(name, meaning)| page.item(&format!("`{name}`"), meaning));
    page.section("Files");
    FILES.iter().for_each(|(name, meaning)| page.item(&format!("`{name}`"), meaning));
    page.section("Examples");
    for (lines, meaning) in EXAMPLES {
        page.paragraph(meaning);
        page.example(lines);
    }
    page.section("See also");
    page.text("`cargo`(1)");
    page.finish()
}

fn about(task: &Task) -> String {
    let mut about = task.purpose() + ".";
    if let Action::App(command) = task.action
        && !cli::same_name(command, task.name)
    {
        about.push_str(&format!(" Forwards to the app's command `{command}`."));
    }
    match task.aliases {
        [] => about,
        aliases => format!(
            "{about} Also called {}.",
            aliases.iter().map(|alias| format!("`{alias}`")).collect::<Vec<_>>().join(", ")
        ),
    }
}

/// A command with what it takes besides the base options.
fn of_command(page: &mut Page, name: &str, command: &clap::Command) {
    page.subsection(name);
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim().trim_start_matches("Usage: ").replace("cargo xtask ", "");
    let (name, rest) = usage.split_once(' ').unwrap_or((usage.as_str(), ""));
    page.text(&format!("`{name}` {rest}"));
    let about = command.get_long_about().or(command.get_about()).map(ToString::to_string).unwrap_or_default();
    about.split("\n\n").for_each(|paragraph| page.paragraph(&sentence(paragraph)));
    arguments(page, command);
    for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
        let about = below.get_about().map(ToString::to_string).unwrap_or_default();
        page.item(&format!("`{}`", below.get_name()), &about);
    }
    let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let lines: Vec<&str> = after.lines().collect();
    // Lines that are indented stay as they are.
    for lines in lines.chunk_by(|one, next| one.starts_with(' ') && next.starts_with(' ')) {
        match lines {
            [line] if !line.starts_with(' ') => page.paragraph(line),
            lines => page.example(&lines.join("\n")),
        }
    }
}

/// The text with a full stop.
fn sentence(text: &str) -> String {
    format!("{}.", text.trim_end().trim_end_matches('.'))
}

fn arguments(page: &mut Page, command: &clap::Command) {
    shown(command).for_each(|arg| argument(page, arg));
}

fn takes_something(command: &clap::Command) -> bool {
    shown(command).next().is_some() || command.has_subcommands()
}

/// The arguments of the command's own. xtask's `--version` is not the base option of that name.
fn shown(command: &clap::Command) -> impl Iterator<Item = &Arg> {
    let is_base = |arg: &Arg| cli::BASE_OPTION_IDS.contains(&arg.get_id().as_str()) && command.get_name() != "xtask";
    let is_help = |arg: &Arg| matches!(arg.get_action(), ArgAction::Help);
    command.get_arguments().filter(move |arg| !arg.is_hide_set() && !is_base(arg) && !is_help(arg))
}

/// One argument: how it is typed, what it is for, what it can be.
fn argument(page: &mut Page, arg: &Arg) {
    let takes_value = arg.get_action().takes_values();
    let values: Vec<&str> = arg.get_value_names().unwrap_or_default().iter().map(clap::builder::Str::as_str).collect();
    let values = if values.is_empty() { arg.get_id().as_str().to_uppercase() } else { values.join(" ") };
    let short = arg.get_short().map(|letter| format!("`-{letter}`"));
    let longs = arg.get_long_and_visible_aliases().unwrap_or_default();
    let longs = longs.iter().map(|long| format!("`--{long}`"));
    let names: Vec<String> = short.into_iter().chain(longs).collect();
    let tag = match (names.is_empty(), takes_value) {
        (true, _) => values,
        (false, true) => format!("{} {values}", names.join(", ")),
        (false, false) => names.join(", "),
    };
    let mut text = arg.get_long_help().or(arg.get_help()).map(ToString::to_string).unwrap_or_default();
    let choices = arg.get_possible_values();
    let choices: Vec<String> =
        choices.iter().filter(|_| takes_value).map(|choice| format!("`{}`", choice.get_name())).collect();
    if !choices.is_empty() {
        text = format!("{text}: {}", choices.join(", "));
    }
    let defaults: Vec<String> =
        arg.get_default_values().iter().map(|value| format!("`{}`", value.to_string_lossy())).collect();
    if takes_value && !defaults.is_empty() {
        text = format!("{text} (by default {})", defaults.join(", "));
    }
    page.item(&tag, &sentence(&text));
}

fn base_options() -> impl Iterator<Item = Arg> {
    let command = <cli::BaseOptions as clap::Args>::augment_args(clap::Command::new("base"));
    command.get_arguments().cloned().collect::<Vec<_>>().into_iter()
}

const DESCRIPTION: &str = "\
`cargo xtask` runs the whole life of the project: the development server, the database, accounts, tests. Behind most tasks \
stands a command of the project's app, which is built first when its sources changed. Every command of the app can be \
called by its name, also those that no task stands for.

Without a task it lists everything there is. `cargo xtask help` `TASK` shows the options of a task. `-` and `_` are the same \
in every name.";

const EXIT_STATUS: &[(&str, &str)] = &[
    ("0", "Done; also help, and when there was nothing to do."),
    ("1", "Failure, errors found by system checks, `--check` found something, an unknown command or task."),
    ("2", "Usage: a wrong flag, argument or database alias."),
    ("3", "A question that could not be answered (no terminal, `--noinput`)."),
    ("101", "The build failed, or a test."),
    ("124", "`--timeout` ran out."),
    ("126, 127", "The program of a script cannot be run, or there is none."),
    ("130", "Ctrl-C."),
    ("128+n", "Ended by signal n."),
];

const ENVIRONMENT: &[(&str, &str)] = &[
    ("APP__ENVIRONMENT", "The environment: `development` (the default), `production` or `test`."),
    ("APP__…", "Any setting, over all files: `APP__DATABASE__URL` is `url` in `[database]`."),
    ("APP_SETTINGS", "The settings file, as with `--settings`."),
    ("CARGO_TARGET_DIR", "Where cargo builds, and where completion looks for what was built."),
    ("XTASK_EDITOR", "The editor that links of the development server open."),
    ("XTASK_REPLAY", "`0`: every build of the development server goes through cargo."),
    ("NO_COLOR", "Set: no colours."),
];

const FILES: &[(&str, &str)] = &[
    ("Cargo.toml", "`[workspace.metadata.xtask.scripts]`: command lines that are run by name."),
    ("app/config/", "The settings: `default.toml`, then the environment's."),
    (".env", "Variables for this checkout."),
    ("var/", "Everything that the app writes."),
    ("target/xtask/", "What xtask remembers between calls."),
];

const EXAMPLES: &[(&str, &str)] = &[
    ("cargo xtask dev --demo", "Serve the site with demo data, and follow what is saved:"),
    ("cargo xtask makemigrations\ncargo xtask migrate", "Bring the database up to date after a model changed:"),
    ("cargo xtask --explain migrate --check", "See what a task would run:"),
    ("cargo xtask completions bash > ~/.xtask.bash", "Complete all this with the Tab key:"),
];
