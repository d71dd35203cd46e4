//! From a typed name to what is done: tasks, app commands, scripts, and names that nobody knows.

use std::ffi::{OsStr, OsString};
use std::time::Instant;

use crate::app::{self, Freshness};
use crate::catalog::{self, Catalog};
use crate::commands;
use crate::failure::Failure;
use crate::options::Options;
use crate::plan::{Plan, Role, Step};
use crate::project::Project;
use crate::runner::Runner;
use crate::tasks::{self, Action, SERVERS, TASKS, Task};
use crate::{artifacts, bench, codegen, complete, doctor, help, man, output, prod, scaffolding, scripts, serve, tidy};

/// What happens to plans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// They are run.
    Run,
    /// They are printed for reading.
    Explain,
    /// They are printed as data.
    ExplainJson,
}

/// What is wanted of a name. A script cannot be asked for its help: it would run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wants {
    Run,
    /// Nothing in the sources is changed for that.
    Help,
}

/// One call of xtask.
pub struct Session<'a> {
    /// Where things are.
    pub project: &'a Project,
    mode: Mode,
    wants: Wants,
    runner: Runner<'a>,
    /// When xtask started, if the times are to be shown.
    timed_from: Option<Instant>,
}

impl<'a> Session<'a> {
    /// A session as the options say.
    pub fn new(project: &'a Project, options: &Options, started: Instant) -> Self {
        let mode = match (options.explain, options.json) {
            (false, _) => Mode::Run,
            (true, false) => Mode::Explain,
            (true, true) => Mode::ExplainJson,
        };
        let timed_from = options.timings.then_some(started);
        let wants = if options.help { Wants::Help } else { Wants::Run };
        Self { project, mode, wants, runner: Runner::new(project), timed_from }
    }

    /// Runs or prints a plan, and gives the exit code.
    ///
    /// # Errors
    /// When a program cannot be started at all.
    pub fn carry_out(&mut self, plan: &Plan) -> anyhow::Result<u8> {
        match self.mode {
            Mode::Run => return self.runner.run(plan),
            Mode::Explain => output::data(&plan.text())?,
            Mode::ExplainJson => output::data(&plan.json())?,
        }
        Ok(0)
    }

    /// Does something in xtask itself, with its own use of the processes in `steps`; explained, it shows only those.
    ///
    /// # Errors
    /// Those of `run`.
    pub fn by_itself(
        &mut self,
        task: &str,
        steps: Vec<Step>,
        run: impl FnOnce(&Project) -> anyhow::Result<u8>,
    ) -> anyhow::Result<u8> {
        match self.mode {
            Mode::Run => run(self.project),
            _ => self.carry_out(&Plan { task: task.to_owned(), steps }),
        }
    }

    /// Does something with another profile's binaries, and reports on it.
    ///
    /// # Errors
    /// Those of `run`.
    pub fn over(
        &mut self,
        project: &Project,
        run: impl FnOnce(&mut Session<'_>) -> anyhow::Result<u8>,
    ) -> anyhow::Result<u8> {
        let timed_from = self.timed_from.take();
        let (mode, wants) = (self.mode, self.wants);
        let mut session = Session { project, mode, wants, runner: Runner::new(project), timed_from };
        let code = run(&mut session);
        session.report();
        code
    }

    /// Whether plans are run, not only shown.
    pub fn is_run(&self) -> bool {
        self.mode == Mode::Run
    }

    /// Makes the sources ready for a build, unless nothing may be written.
    ///
    /// # Errors
    /// Those of [`commands::prepare`].
    pub fn prepare(&self) -> anyhow::Result<()> {
        match (self.mode, self.wants) {
            (Mode::Run, Wants::Run) => commands::prepare(self.project, &mut |line| output::note(line)),
            _ => Ok(()),
        }
    }

    /// The step that builds the app, if it must be built.
    ///
    /// # Errors
    /// Those of [`commands::prepare`].
    pub fn build_if_stale(&mut self) -> anyhow::Result<Option<Step>> {
        let started = Instant::now();
        self.prepare()?;
        let freshness = app::freshness(self.project);
        self.runner.timings.freshness += started.elapsed();
        Ok((freshness == Freshness::Stale).then(|| app::build_step(self.project)))
    }

    /// Says where the time went, if that was asked for, and at last repeats the command that failed.
    pub fn report(&self) {
        self.report_timings();
        self.runner.report_failure();
    }

    fn report_timings(&self) {
        let Some(started) = self.timed_from else { return };
        let times = self.runner.timings;
        let own = started.elapsed().saturating_sub(times.build + times.run);
        let shown =
            [("xtask itself", own), ("of it freshness", times.freshness), ("build", times.build), ("run", times.run)];
        for (what, time) in shown {
            output::note(format_args!("timings: {what:15} {:>9.1} ms", time.as_secs_f64() * 1e3));
        }
    }
}

/// Does what was typed, and gives the exit code.
///
/// # Errors
/// Everything that went wrong and has not been reported yet.
pub fn dispatch(session: &mut Session<'_>, options: &Options) -> anyhow::Result<u8> {
    let Some((name, args)) = options.task() else { return list(session) };
    let args = if options.help { &[OsString::from("--help")] } else { args };
    let typed = name.to_string_lossy();
    if typed == complete::QUESTION {
        return complete::answer(session.project, args);
    }
    if let Some(task) = tasks::find(&typed) {
        return self::task(session, task, args);
    }
    if let Some(builtin) = cli::find(&typed) {
        return forward(session, builtin.name, None, args);
    }
    other(session, name, args)
}

fn list(session: &Session<'_>) -> anyhow::Result<u8> {
    output::data(&help::list(session.project))?;
    Ok(0)
}

fn task(session: &mut Session<'_>, task: &'static Task, args: &[OsString]) -> anyhow::Result<u8> {
    match task.action {
        Action::App(command) => return forward(session, command, Some(task), args),
        Action::Help => return help(session, args),
        Action::Dev => return serve::run(session, args),
        Action::Prod(task) => return prod::run(session, task, args),
        Action::Bench => return bench::run(session, args),
        Action::Doctor if is_overridden(session.project, "doctor") => {
            return forward(session, "doctor", Some(task), args);
        }
        Action::Doctor => return doctor::run(session, args),
        Action::ClearArtifacts => {
            return session.by_itself(task.name, Vec::new(), |project| artifacts::run(project, args));
        }
        Action::Completions => return complete::run(args),
        Action::Man => return man::run(session.project, args),
        _ => {}
    }
    if asks_for_help(args) {
        output::data(&help::of_task(task))?;
        return Ok(0);
    }
    if let (Action::Tidy | Action::Codegen, Some(error)) = (task.action, without_arguments(task, args)) {
        return output::clap_error(&error);
    }
    match task.action {
        Action::Test => {
            session.prepare()?;
            session.carry_out(&test_plan(session.project, args))
        }
        Action::Tidy => session.by_itself(task.name, Vec::new(), tidy::run),
        Action::Codegen => session.by_itself(task.name, Vec::new(), codegen::run),
        _ => Err(Failure::new(format!("`{}` is not there yet", task.name)).into()),
    }
}

/// `help`, `help <task>`; with options it is the app's own `help`.
fn help(session: &mut Session<'_>, args: &[OsString]) -> anyhow::Result<u8> {
    let wants_help = [OsString::from("--help")];
    let (name, args) = match args {
        [] => return list(session),
        [name] if asks_for_help(args) || name == "help" => return list(session),
        [name] if !is_option(name) => (name, &wants_help),
        _ => return forward(session, "help", None, args),
    };
    let typed = name.to_string_lossy();
    session.wants = Wants::Help;
    match (tasks::find(&typed), cli::find(&typed)) {
        (Some(task), _) => self::task(session, task, args),
        (None, Some(builtin)) => forward(session, builtin.name, None, args),
        (None, None) => other(session, name, args),
    }
}

fn is_option(word: &OsStr) -> bool {
    word.as_encoded_bytes().starts_with(b"-")
}

/// True when `-h` or `--help` is among the arguments that can be options.
fn asks_for_help(args: &[OsString]) -> bool {
    args.iter().take_while(|arg| *arg != "--").any(|arg| arg == "-h" || arg == "--help")
}

/// What clap says of arguments for a task that takes none.
fn without_arguments(task: &Task, args: &[OsString]) -> Option<clap::Error> {
    let command = clap::Command::new(task.name).bin_name(format!("cargo xtask {}", task.name)).no_binary_name(true);
    command.try_get_matches_from(args).err()
}

fn test_plan(project: &Project, args: &[OsString]) -> Plan {
    let names_packages = |arg: &OsString| {
        let arg = arg.to_string_lossy();
        let long =
            ["--package", "--manifest-path"].iter().any(|name| arg == *name || arg.starts_with(&format!("{name}=")));
        long || (arg.starts_with("-p") && !arg.starts_with("--"))
    };
    // Beside `--workspace`, cargo ignores `-p`.
    let everything = !args.iter().take_while(|arg| *arg != "--").any(names_packages);
    let step = Step {
        role: Role::Tool,
        program: project.cargo.clone(),
        args: std::iter::once("test")
            .chain(everything.then_some("--workspace"))
            .map(OsString::from)
            .chain(args.iter().cloned())
            .collect(),
        directory: project.root.clone(),
        env: project.scrubbed.clone().with("APP__ENVIRONMENT", "test"),
    };
    Plan { task: "test".to_owned(), steps: vec![step] }
}

/// A command of the app: judged here if it is a built-in one, then built if necessary, then run.
fn forward(
    session: &mut Session<'_>,
    command: &str,
    task: Option<&'static Task>,
    args: &[OsString],
) -> anyhow::Result<u8> {
    let project = session.project;
    let builtin = cli::find(command);
    match (builtin, task) {
        (Some(builtin), _) => match builtin.command("cargo xtask").try_get_matches_from(args) {
            Err(error) if !is_overridden(project, command) => return output::clap_error(&error),
            Ok(matches) if scaffolding::is_own(project, builtin, &matches) && !is_overridden(project, command) => {
                let task = task.map_or(command, |task| task.name);
                return session.by_itself(task, Vec::new(), |project| scaffolding::run(project, builtin, &matches));
            }
            _ => {}
        },
        (None, Some(task)) if asks_for_help(args) && !knows(catalog::remembered(project).as_ref(), command) => {
            output::data(&help::of_task(task))?;
            return Ok(0);
        }
        _ => {}
    }
    if session.wants == Wants::Help && !commands::are_in_order(project) {
        // The app cannot be built as the sources are, and they stay so.
        if let Some(entry) = commands::known(project, catalog::remembered(project)).find(command) {
            return output::data(&help::of_entry(entry)).map(|()| 0);
        }
    }
    let build = session.build_if_stale()?;
    if builtin.is_none() {
        // Only the app knows whether it has the command. A plan shown before the build has to leave that open.
        let catalog = match (&build, session.mode) {
            (Some(step), Mode::Run) => match session.runner.step(step)? {
                0 => Some(catalog::ask(project)?),
                code => return Ok(code),
            },
            (Some(_), _) => None,
            (None, Mode::Run) => Some(catalog::ask(project)?),
            (None, _) => catalog::current(project),
        };
        if catalog.is_some_and(|catalog| catalog.find(command).is_none()) {
            let message = match task {
                Some(task) => format!("`{}` is not there yet: the app has no command `{command}`", task.name),
                None => format!("the app has no command `{command}` yet"),
            };
            return Err(Failure::new(message).into());
        }
    }
    let role = if SERVERS.iter().any(|server| cli::same_name(server, command)) { Role::Server } else { Role::App };
    let run = app::step(project, role, std::iter::once(command.into()).chain(args.iter().cloned()));
    let build = build.filter(|_| builtin.is_some() || session.mode != Mode::Run);
    let task = task.map_or(command, |task| task.name).to_owned();
    session.carry_out(&Plan { task, steps: build.into_iter().chain([run]).collect() })
}

fn knows(catalog: Option<&Catalog>, command: &str) -> bool {
    catalog.is_some_and(|catalog| catalog.find(command).is_some())
}

/// True when a module has a command of this name: then its arguments are not those that xtask knows.
fn is_overridden(project: &Project, command: &str) -> bool {
    let known = commands::known(project, catalog::remembered(project));
    known.find(command).is_some_and(|entry| !entry.builtin)
}

/// A name that is neither a task nor a built-in command: a script, a command of the app, or a mistake.
fn other(session: &mut Session<'_>, name: &OsStr, args: &[OsString]) -> anyhow::Result<u8> {
    let project = session.project;
    let typed = name.to_string_lossy();
    let scripts = scripts::names(project)?;
    if let Some(name) = scripts.iter().find(|script| cli::same_name(script, &typed)) {
        let script = scripts::find(project, name)?;
        if session.wants == Wants::Help {
            output::data(&scripts::about(&script))?;
            return Ok(0);
        }
        let steps = vec![scripts::step(project, &script, args)];
        return session.carry_out(&Plan { task: script.name.clone(), steps });
    }
    let of_app = commands::known(project, catalog::remembered(project));
    if let Some(entry) = of_app.find(&typed) {
        return forward(session, &entry.name, None, args);
    }
    let gone = of_app.gone(&typed);
    if gone.is_some() {
        session.prepare()?;
    }
    if let Some(error) = of_app.problem(&typed) {
        return Err(commands::failure(error).into());
    }
    let known = TASKS.iter().flat_map(|task| std::iter::once(&task.name).chain(task.aliases)).copied();
    let known = known.chain(cli::BUILTINS.iter().map(|builtin| builtin.name));
    let known = known.chain(of_app.entries.iter().map(|entry| entry.name.as_str()));
    let near = cli::nearest(&typed, known.chain(scripts.iter().map(String::as_str)));
    let unknown = |hint: &str| Failure::new(format!("unknown task `{typed}`")).hint(hint);
    if !near.is_empty() {
        let near: Vec<String> = near.iter().map(|name| format!("`{name}`")).collect();
        return Err(unknown(&format!("did you mean {}?", near.join(" or "))).into());
    }
    if let Some(file) = gone {
        return Err(unknown(&format!("`{}` is gone; `cargo xtask help` lists what there is", file.display())).into());
    }
    // Nothing like it is known, so it may be a command that has just been written.
    if session.mode == Mode::Run {
        if let Some(build) = session.build_if_stale()? {
            let code = session.runner.step(&build)?;
            if code != 0 {
                return Ok(code);
            }
        }
        if let Some(entry) = catalog::ask(project)?.find(&typed) {
            return forward(session, &entry.name, None, args);
        }
    }
    Err(unknown("`cargo xtask help` lists them all").into())
}
