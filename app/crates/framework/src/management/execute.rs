//! From argv to an exit code: finds settings, modules and command, runs it, and says what went wrong.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::sync::mpsc;
use std::time::Duration;

use anyhow::Context as _;
use clap::FromArgMatches as _;
use cli::{BaseOptions, BulkOptions};

use super::bulk::timed_out;
use super::call::{invocation, parse_arguments};
use super::command::CommandSpec;
use super::console::{Coloring, Console};
use super::dispatch::{self, SystemChecks};
use super::error::CommandError;
use super::help::unknown_command;
use super::registry::Registry;
use super::style::Role;
use crate::conf::{self, Env, Layout, Settings};
use crate::context::{Context, ContextBuilder, program};
use crate::module::Module;
use crate::project::Project;

/// How long a command that blocks may go on after its time limit.
const GRACE: Duration = Duration::from_secs(2);

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
    match prepare(project, args, env, &mut console) {
        Ok(Prepared::Done(code)) => code,
        Ok(Prepared::Ready(ready)) => {
            start_logging(ready.ctx.settings(), ready.ctx.layout(), ready.base.verbosity);
            run_with_limit(*ready, console)
        }
        Err(error) => report(&error, Details::Short, &mut console),
    }
}

/// What was typed before and at the command's name.
struct Typed {
    root: Option<PathBuf>,
    settings: Option<PathBuf>,
    name: String,
    rest: Vec<OsString>,
}

/// A command that has been found and parsed.
struct Ready {
    ctx: Context,
    spec: CommandSpec,
    matches: clap::ArgMatches,
    base: BaseOptions,
    arguments: Vec<OsString>,
}

enum Prepared {
    Done(u8),
    Ready(Box<Ready>),
}

/// Whether the causes of a [`CommandError`] are shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Details {
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
        let joined = || options().find_map(|arg| arg.to_str()?.strip_prefix("--settings=").map(PathBuf::from));
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
    let joined = arg.to_str().and_then(|arg| arg.strip_prefix(name)?.strip_prefix('='));
    Ok(joined.map(OsString::from))
}

fn prepare(project: &Project, args: Vec<OsString>, env: Env, console: &mut Console) -> anyhow::Result<Prepared> {
    let typed = Typed::parse(args)?;
    let layout = Layout::find(typed.root.as_deref(), &env);
    let loaded = conf::load(&conf::Source { explicit: typed.settings() }, &env, &layout);
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
    let parsed = parse_arguments(&entry.spec, &program(&env), &typed.rest)
        .and_then(|matches| BaseOptions::from_arg_matches(&matches).map(|base| (matches, base)));
    let (matches, base) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return Ok(Prepared::Done(usage(&error, console))),
    };
    if base.version {
        console.stdout.write(project.version);
        return Ok(Prepared::Done(0));
    }
    console.set_verbosity(base.verbosity);
    console.set_colors(palette.palette(), coloring(&base, &env)?);
    let (settings, modules) = match (loaded, modules) {
        (Ok(settings), Ok(modules)) => (settings, modules),
        (Err(error), _) if entry.spec.options.settings => return Err(error.into()),
        (_, Err(error)) if entry.spec.options.settings => return Err(error.into()),
        (loaded, modules) => {
            for note in
                [loaded.as_ref().err().map(ToString::to_string), modules.as_ref().err().map(ToString::to_string)]
            {
                note.into_iter().for_each(|note| console.stderr.styled(Role::Notice, format!("note: {note}")));
            }
            (Settings::default(), project.modules().to_vec())
        }
    };
    let spec = entry.spec;
    let ctx = ContextBuilder::new(settings, layout, modules).project(project.name, project.version).env(env).build();
    Ok(Prepared::Ready(Box::new(Ready { ctx, spec, matches, base, arguments: typed.rest })))
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

/// Runs the command; one with a time limit runs in a thread of its own, so that a handler that blocks cannot hold the
/// process back.
fn run_with_limit(ready: Ready, console: Console) -> u8 {
    // Only a command that flattens the shared options has their ids.
    let limit = ready.matches.try_get_one::<Duration>("timeout").ok().flatten().copied();
    let Some(limit) = limit.filter(|_| BulkOptions::from_arg_matches(&ready.matches).is_ok()) else {
        return run(ready, console);
    };
    let (sender, receiver) = mpsc::channel();
    let worker = std::thread::spawn(move || {
        // The receiver is gone only after the grace; nobody waits for the answer then.
        let _ = sender.send(run(ready, console));
    });
    match receiver.recv_timeout(limit + GRACE) {
        Ok(code) => code,
        Err(mpsc::RecvTimeoutError::Timeout) => {
            report(&timed_out(limit).into(), Details::Short, &mut Console::process())
        }
        Err(mpsc::RecvTimeoutError::Disconnected) => match worker.join() {
            Err(panic) => std::panic::resume_unwind(panic),
            Ok(()) => 1,
        },
    }
}

fn run(ready: Ready, mut console: Console) -> u8 {
    let details = if ready.base.traceback { Details::Chain } else { Details::Short };
    let result = try_run(ready, &mut console);
    let code = match &result {
        Ok(()) => 0,
        Err(error) => report(error, details, &mut console),
    };
    match console.finish() {
        Ok(()) => code,
        Err(error) => {
            report(&anyhow::Error::new(error).context("failed to write output"), details, &mut console).max(code)
        }
    }
}

fn try_run(ready: Ready, console: &mut Console) -> anyhow::Result<()> {
    let Ready { ctx, spec, matches, base, arguments } = ready;
    let checks = if base.skip_checks { SystemChecks::Skip } else { SystemChecks::Run };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("failed to start the runtime")?;
    let result = runtime.block_on(async {
        let invocation = invocation(&spec, &matches, checks, &arguments)?;
        let result = dispatch::run(invocation, &ctx, console).await;
        ctx.close().await;
        result
    });
    // A thread that blocks must not keep the process alive.
    runtime.shutdown_background();
    result.map(drop)
}

/// Says what went wrong, and gives back the exit code.
fn report(error: &anyhow::Error, details: Details, console: &mut Console) -> u8 {
    if let Some(error) = error.downcast_ref::<clap::Error>() {
        return usage(error, console);
    }
    let command_error = error.downcast_ref::<CommandError>();
    match command_error {
        Some(command_error) => console.error(&command_error.line()),
        None => console.error(&format!("error: {error}")),
    }
    if details == Details::Chain || command_error.is_none() {
        let texts: Vec<String> = error.chain().map(ToString::to_string).collect();
        // Many errors end with the text of their cause; it is not said twice.
        for pair in texts.windows(2).filter(|pair| !pair[0].contains(&pair[1])) {
            console.stderr.write(format!("  caused by: {}", pair[1]));
        }
    }
    command_error.map_or(1, CommandError::returncode)
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
