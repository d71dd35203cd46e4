//! What can be typed first, and what may follow it: tasks, commands of the app, scripts.

use clap::{Arg, ArgAction, Command};

use super::LIMIT;
use super::candidates::Candidate;
use crate::catalog;
use crate::commands::{self, Known};
use crate::project::Project;
use crate::tasks::{self, Action, TASKS, Task};
use crate::{artifacts, bench, complete, man, scripts, serve};

/// Everything that has a name.
pub(crate) struct Commands<'a> {
    project: &'a Project,
    known: Known,
}

/// What a name stands for.
pub(crate) enum Meaning {
    /// A command of this name (as the app writes it), with these arguments.
    Command {
        /// The name.
        name: String,
        /// The module that it comes from, if one does.
        module: Option<String>,
        /// Its arguments, built.
        command: Box<Command>,
    },
    /// A command line of the project's own, which takes anything.
    Script,
}

impl<'a> Commands<'a> {
    /// Reads what is known. A binary that is newer than the catalogue is asked for its own; that takes it no longer than
    /// printing the list.
    pub(crate) fn read(project: &'a Project) -> Self {
        let catalog = catalog::ask_within(project, LIMIT).ok().or_else(|| catalog::remembered(project));
        Self { project, known: commands::known(project, catalog) }
    }

    /// All names that are listed, tasks first. What is not there yet is left out.
    pub(crate) fn names(&self) -> Vec<Candidate> {
        let tasks = TASKS.iter().filter(|task| task.group.is_some() && self.is_there(task));
        let tasks = tasks.map(|task| Candidate::new(task.name, task.about));
        let commands = self.app_commands().into_iter().filter(|command| !stands_behind_a_task(&command.value));
        let mut names: Vec<Candidate> = Vec::new();
        for name in tasks.chain(commands).chain(self.scripts()) {
            if !names.iter().any(|known| cli::same_name(&known.value, &name.value)) {
                names.push(name);
            }
        }
        names
    }

    /// The project's own command lines.
    pub(crate) fn scripts(&self) -> Vec<Candidate> {
        let scripts = scripts::read(self.project).unwrap_or_default().into_iter();
        scripts.map(|script| Candidate::new(script.name, script.words.join(" "))).collect()
    }

    /// The other names of tasks, which are offered to those who begin to type them.
    pub(crate) fn aliases(&self) -> Vec<Candidate> {
        let tasks = TASKS.iter().filter(|task| task.group.is_some() && self.is_there(task));
        tasks.flat_map(|task| task.aliases.iter().map(|alias| Candidate::new(*alias, task.about))).collect()
    }

    /// The commands of the app that are listed.
    pub(crate) fn app_commands(&self) -> Vec<Candidate> {
        let entries = self.known.entries.iter();
        let entries = entries.map(|entry| (Candidate::new(&entry.name, &entry.help), entry.hidden));
        // Those of `cli` are there before the app is.
        let builtins = cli::BUILTINS.iter().map(|builtin| {
            let command = builtin.command("");
            let about = command.get_about().map(ToString::to_string).unwrap_or_default();
            (Candidate::new(builtin.name, about), command.is_hide_set())
        });
        let mut commands: Vec<(Candidate, bool)> = Vec::new();
        for (command, hidden) in entries.chain(builtins) {
            if !commands.iter().any(|(known, _)| cli::same_name(&known.value, &command.value)) {
                commands.push((command, hidden));
            }
        }
        commands.into_iter().filter(|(_, hidden)| !hidden).map(|(command, _)| command).collect()
    }

    /// What this name stands for, in the order in which [`dispatch`] looks for it.
    pub(crate) fn find(&self, name: &str) -> Option<Meaning> {
        if let Some(task) = tasks::find(name) {
            return match task.action {
                Action::App(command) => self.app_command(command),
                Action::Doctor => self.app_command("doctor"),
                action => own(action).map(|command| meaning(task.name, None, command)),
            };
        }
        if cli::find(name).is_some() {
            return self.app_command(name);
        }
        if scripts::names(self.project).is_ok_and(|names| names.iter().any(|script| cli::same_name(script, name))) {
            return Some(Meaning::Script);
        }
        self.app_command(name)
    }

    fn app_command(&self, name: &str) -> Option<Meaning> {
        if let Some(entry) = self.known.find(name).filter(|entry| !entry.builtin) {
            return Some(meaning(&entry.name, Some(&entry.module), entry.command()));
        }
        cli::find(name).map(|builtin| meaning(builtin.name, None, builtin.command("cargo xtask")))
    }

    fn is_there(&self, task: &Task) -> bool {
        match task.action {
            Action::App(command) => self.app_command(command).is_some(),
            action => action != Action::Missing,
        }
    }
}

fn meaning(name: &str, module: Option<&str>, mut command: Command) -> Meaning {
    command.build();
    Meaning::Command { name: name.to_owned(), module: module.map(str::to_owned), command: Box::new(command) }
}

/// The arguments of a task that xtask does itself.
pub(crate) fn own(action: Action) -> Option<Command> {
    match action {
        Action::Dev => Some(serve::command()),
        Action::Prod(task) => Some(task.command()),
        Action::Bench => Some(bench::command()),
        Action::ClearArtifacts => Some(artifacts::command()),
        Action::Completions => Some(complete::command()),
        Action::Man => Some(man::command()),
        Action::Test => Some(test()),
        Action::Help => cli::find("help").map(|builtin| builtin.command("cargo xtask")),
        Action::Tidy | Action::Codegen => Some(Command::new("").no_binary_name(true)),
        Action::App(_) | Action::Doctor | Action::Missing => None,
    }
}

/// What people give `cargo test` most; the rest is cargo's.
fn test() -> Command {
    let flag =
        |name: &'static str, about: &'static str| Arg::new(name).long(name).help(about).action(ArgAction::SetTrue);
    let about = "Run the tests; further options are those of `cargo test`";
    Command::new("test").bin_name("cargo xtask test").about(about).no_binary_name(true).args([
        Arg::new("package").short('p').long("package").value_name("PACKAGE").help("Test only this package"),
        flag("lib", "Test only libraries"),
        flag("no-run", "Compile, and run nothing"),
        flag("no-fail-fast", "Run all tests, whatever fails"),
        flag("release", "Test with optimizations"),
        Arg::new("filter").value_name("FILTER").help("Run only tests with this in their names"),
        Arg::new("arguments").value_name("ARGUMENT").last(true).num_args(..).help("Arguments for the tests themselves"),
    ])
}

fn stands_behind_a_task(command: &str) -> bool {
    tasks::find(command).is_some() || tasks::in_front_of(command).is_some()
}
