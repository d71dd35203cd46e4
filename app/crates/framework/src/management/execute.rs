//! From argv to an exit code: finds settings, modules and command, runs it, and says what went wrong.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap::FromArgMatches as _;
use clap_lex::OsStrExt as _;
use cli::BaseOptions;

use super::call::{asks_for_version, parse_arguments};
use super::command::{Command as _, CommandSpec};
use super::console::{Coloring, Console};
use super::error::{Cancelled, CommandError, Interrupted};
use super::help::unknown_command;
use super::registry::Registry;
use super::style::Role;
use super::supervise::supervise;
use crate::conf::{self, Env, Environment, Fault, Layout, Settings};
use crate::context::{Context, ContextBuilder, program};
use crate::module::Module;
use crate::process::Handover;
use crate::project::Project;

/// Installs the process's logger, given the settings, the directories and the verbosity (see [`crate::logging::init`]).
pub type StartLogging = fn(&Settings, &Layout, u8);

/// Runs the command that `args` (without the program's name) stand for, and gives back the exit code.
pub fn execute(
    project: &Project,
    args: Vec<OsString>,
    env: Env,
    mut console: Console,
    start_logging: StartLogging,
) -> u8 {
    // Before anything is opened, so that a wrong number cannot mean a descriptor of our own.
    let handover = Handover::take(&env);
    let code = match prepare(project, args, env, handover, &mut console) {
        Ok(Prepared::Ready(ready)) => {
            start_logging(ready.ctx.settings(), ready.ctx.layout(), ready.base.verbosity);
            return supervise(*ready, console);
        }
        Ok(Prepared::Done(code)) => code,
        Err(error) => report(&error, Details::Short, &mut console),
    };
    finish(code, &mut console)
}

/// What was typed before and at the command's name.
struct Typed {
    root: Option<PathBuf>,
    settings: Option<PathBuf>,
    name: String,
    rest: Vec<OsString>,
}

/// A command that has been found and parsed.
pub(super) struct Ready {
    pub(super) ctx: Context,
    pub(super) spec: CommandSpec,
    pub(super) matches: clap::ArgMatches,
    pub(super) base: BaseOptions,
    pub(super) arguments: Vec<OsString>,
}

enum Prepared {
    Done(u8),
    Ready(Box<Ready>),
}

/// Whether the causes of a [`CommandError`] are shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Details {
    Short,
    Chain,
}

impl Typed {
    fn parse(args: Vec<OsString>) -> Result<Self, CommandError> {
        let mut typed = Self { root: None, settings: None, name: "help".to_owned(), rest: Vec::new() };
        let mut args = args.into_iter();
        while let Some(arg) = args.next() {
            if let Some(value) = option_value(&arg, "--root", &mut args)? {
                typed.root = Some(value.into());
            } else if let Some(value) = option_value(&arg, "--settings", &mut args)? {
                typed.settings = Some(value.into());
            } else {
                typed.name = match arg.to_string_lossy().as_ref() {
                    "--help" | "-h" => "help".to_owned(),
                    "--version" | "-V" => "version".to_owned(),
                    option if option.starts_with('-') => {
                        let message = format!("unexpected option '{option}' before the command's name");
                        return Err(CommandError::new(message).code(2));
                    }
                    name => name.to_owned(),
                };
                typed.rest = args.collect();
                break;
            }
        }
        Ok(typed)
    }

    /// The settings file named anywhere on the command line. It is needed before the command can be looked up, because
    /// settings say which modules are installed.
    fn settings(&self) -> Option<PathBuf> {
        let options = || self.rest.iter().take_while(|arg| *arg != "--");
        let separate =
            options().zip(options().skip(1)).find(|(option, _)| *option == "--settings").map(|(_, file)| file.into());
        let joined = || options().find_map(|arg| arg.strip_prefix("--settings=").map(PathBuf::from));
        separate.or_else(joined).or_else(|| self.settings.clone())
    }
}

/// The value of the option `name` when `arg` is that option, joined with `=` or as the next argument.
fn option_value(
    arg: &OsStr,
    name: &str,
    rest: &mut impl Iterator<Item = OsString>,
) -> Result<Option<OsString>, CommandError> {
    if arg == name {
        let missing = || CommandError::new(format!("a value is required for '{name}'")).code(2);
        return rest.next().ok_or_else(missing).map(Some);
    }
    let joined = arg.strip_prefix(name).and_then(|rest| rest.strip_prefix("="));
    Ok(joined.map(OsString::from))
}

fn prepare(
    project: &Project,
    args: Vec<OsString>,
    env: Env,
    handover: Handover,
    console: &mut Console,
) -> anyhow::Result<Prepared> {
    let typed = Typed::parse(args)?;
    let layout = Layout::find(typed.root.as_deref(), &env);
    if !layout.root.is_dir() {
        let message = format!(
            "the project's root `{}` is not a directory\nhint: check `--root` and `APP_ROOT`",
            layout.root.display()
        );
        return Err(CommandError::new(message).into());
    }
    // A release that serves is in production unless somebody says otherwise.
    let is_production = !cfg!(debug_assertions) && cli::same_name(&typed.name, cli::Serve::NAME);
    let fallback = if is_production { Environment::Production } else { Environment::default() };
    let loaded = conf::load(&conf::Source { explicit: typed.settings(), fallback }, &env, &layout);
    let modules = match &loaded {
        Ok(settings) => installed(project.modules(), settings),
        Err(_) => Ok(project.modules().to_vec()),
    };
    let palette = loaded.as_ref().map(|settings| settings.colors.clone()).unwrap_or_default();
    console.set_colors(palette.palette(), coloring(&BaseOptions::default(), &env)?);
    let known = modules.as_deref().unwrap_or(project.modules());
    let registry = Registry::new(known);
    let Some(entry) = registry.find(&typed.name) else {
        console.error(&unknown_command(&registry, &typed.name).to_string());
        console.error(&format!("Type '{} help' for usage.", program(&env)));
        return Ok(Prepared::Done(1));
    };
    if asks_for_version(&typed.rest) {
        console.stdout.write(project.version);
        return Ok(Prepared::Done(0));
    }
    let parsed = parse_arguments(&entry.spec, &program(&env), &typed.rest)
        .and_then(|matches| BaseOptions::from_arg_matches(&matches).map(|base| (matches, base)));
    let (matches, base) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return Ok(Prepared::Done(usage(&error, console))),
    };
    console.set_verbosity(base.verbosity);
    console.set_colors(palette.palette(), coloring(&base, &env)?);
    let (settings, modules, faults) = match (loaded, modules) {
        (Ok(settings), Ok(modules)) => (settings, modules, Vec::new()),
        (Err(error), _) if entry.spec.options.settings => return Err(error.into()),
        (_, Err(error)) if entry.spec.options.settings => return Err(error.into()),
        (loaded, modules) => {
            let notes =
                [loaded.as_ref().err().map(ToString::to_string), modules.as_ref().err().map(ToString::to_string)];
            for note in notes.into_iter().flatten().filter(|_| !entry.spec.options.reports_faults) {
                console.stderr.styled(Role::Notice, format!("note: {note}"));
            }
            (Settings::default(), project.modules().to_vec(), faults(loaded, modules.err()))
        }
    };
    let spec = entry.spec;
    let ctx = ContextBuilder::new(settings, layout, modules)
        .faults(faults)
        .project(project.name, project.version)
        .carrying(project.carried)
        .env(env)
        .handover(handover)
        .build();
    Ok(Prepared::Ready(Box::new(Ready { ctx, spec, matches, base, arguments: typed.rest })))
}

/// All that is wrong with the settings and the modules that they install.
fn faults(loaded: Result<Settings, conf::Error>, modules: Option<CommandError>) -> Vec<Fault> {
    match (loaded, modules) {
        (Err(error), _) => error.faults().to_vec(),
        (Ok(settings), Some(error)) => {
            let place = settings.origins.of("modules").unwrap_or("`modules`");
            vec![Fault::new(place, error.to_string())]
        }
        (Ok(_), None) => Vec::new(),
    }
}

/// The modules that the settings install, in their order.
fn installed(compiled: &[Module], settings: &Settings) -> Result<Vec<Module>, CommandError> {
    let Some(labels) = &settings.modules else {
        return Ok(compiled.to_vec());
    };
    let find = |label: &String| {
        let known = || compiled.iter().map(|module| format!("`{}`", module.label())).collect::<Vec<_>>().join(", ");
        let missing =
            || CommandError::new(format!("unknown module `{label}` in the setting `modules` (known: {})", known()));
        compiled.iter().find(|module| module.label() == label).cloned().ok_or_else(missing)
    };
    labels.iter().map(find).collect()
}

/// When output is coloured, as the base options and the environment say.
pub(super) fn coloring(base: &BaseOptions, env: &Env) -> Result<Coloring, CommandError> {
    match (base.no_color, base.force_color) {
        (true, true) => Err(CommandError::new("The --no-color and --force-color options can't be used together.")),
        (true, false) => Ok(Coloring::Never),
        (false, true) => Ok(Coloring::Always),
        (false, false) => {
            let never = env.get("NO_COLOR").is_some() || env.get("TERM").is_some_and(|term| term == "dumb");
            Ok(if never { Coloring::Never } else { Coloring::Terminal })
        }
    }
}

/// Says what went wrong, and gives back the exit code.
pub(super) fn report(error: &anyhow::Error, details: Details, console: &mut Console) -> u8 {
    if let Some(error) = error.downcast_ref::<clap::Error>() {
        return usage(error, console);
    }
    if error.is::<Interrupted>() {
        return 130;
    }
    if error.is::<Cancelled>() {
        // The question's line is still open.
        console.stderr.write("\nCancelled.");
        return 1;
    }
    let command_error = error.downcast_ref::<CommandError>();
    let texts: Vec<String> = error.chain().map(ToString::to_string).collect();
    match command_error {
        Some(command_error) if command_error.to_string().is_empty() => {}
        // A report has its own heading and colours.
        Some(command_error) if command_error.label().is_empty() => console.stderr.write(command_error),
        // Context that was added on the way is said before the message.
        Some(command_error) if texts[0] != command_error.to_string() => {
            console.error(&format!("{}{}: {command_error}", command_error.label(), texts[0]));
        }
        Some(command_error) => console.error(&format!("{}{command_error}", command_error.label())),
        None => console.error(&format!("error: {error}")),
    }
    if details == Details::Chain || command_error.is_none() {
        let said = command_error.map(ToString::to_string);
        // Many errors end with the text of their cause; it is not said twice.
        for pair in texts.windows(2).filter(|pair| !pair[0].contains(&pair[1]) && said.as_ref() != Some(&pair[1])) {
            console.stderr.write(format!("  caused by: {}", pair[1]));
        }
    }
    command_error.map_or(1, CommandError::returncode)
}

/// The exit code of a command whose output has been written, or not.
pub(super) fn finish(code: u8, console: &mut Console) -> u8 {
    match console.finish() {
        Ok(()) => code,
        Err(error) => {
            let error = anyhow::Error::new(error).context("failed to write output");
            report(&error, Details::Short, console).max(code)
        }
    }
}

/// Shows a usage error on stderr, or the help that was asked for on stdout.
fn usage(error: &clap::Error, console: &mut Console) -> u8 {
    let text = error.render();
    if error.use_stderr() {
        console.stderr.write(text);
        2
    } else {
        console.stdout.write(text);
        0
    }
}
