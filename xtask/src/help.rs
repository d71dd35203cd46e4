//! The list of everything that can be typed after `cargo xtask`, and the short help of single tasks.

use std::ffi::OsStr;
use std::fmt::Write;

use crate::catalog::{self, Entry};
use crate::commands;
use crate::project::Project;
use crate::tasks::{self, Action, Group, TASKS, Task};
use crate::{output, scripts};

const INTRO: &str = "\
Usage: cargo xtask [OPTIONS] <TASK> [ARGUMENTS OF THE TASK]...

Options (before the task; everything after its name belongs to the task):
  --explain [--json]  Print what the task would run, and run nothing
  --timings           Say at the end where the time went
  -V, --version       Print the version of xtask
  -h, --help          This list; after a task's name: the help of the task
";

const OUTRO: &str = "
`-` and `_` are the same in every name. `cargo xtask help <TASK>` shows the options of a task.
";

/// A heading with its lines: name and text.
type Section = (String, Vec<(String, String)>);

/// The whole list: tasks by group, the app's own commands by module, named scripts.
pub fn list(project: &Project) -> String {
    // Listing never builds. It asks a binary that is there but not known yet; when that fails, what was known about
    // an older one is better than nothing.
    let catalog = catalog::ask(project).ok().or_else(|| catalog::remembered(project));
    let mut sections = task_sections();
    let missing = match catalog {
        Some(_) => "",
        None => {
            sections.extend(builtin_sections());
            "\nCommands of the app may be missing here until its first build (`cargo xtask version` builds it).\n"
        }
    };
    sections.extend(app_sections(&commands::known(project, catalog).entries));
    let broken = match scripts::read(project) {
        Ok(scripts) => {
            let line = |script: scripts::Script| {
                let hidden = if is_hidden(&script.name) { " (hidden by the task or command of this name)" } else { "" };
                (script.name, output::quote_all(script.words.iter().map(OsStr::new)) + hidden)
            };
            let lines = scripts.into_iter().map(line).collect();
            sections.push(("Scripts (Cargo.toml)".to_owned(), lines));
            String::new()
        }
        Err(error) => format!("\nScripts cannot be listed: {error:#}\n"),
    };
    let width = sections.iter().flat_map(|(_, lines)| lines).map(|(name, _)| name.len()).max().unwrap_or(0);
    let mut text = INTRO.to_owned();
    for (title, lines) in sections.iter().filter(|(_, lines)| !lines.is_empty()) {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "\n{title}:");
        for (name, about) in lines {
            let _ = writeln!(text, "{}", format!("  {name:width$}  {about}").trim_end());
        }
    }
    text + missing + &broken + OUTRO
}

fn task_sections() -> Vec<Section> {
    let section = |group: &Group| {
        let tasks = TASKS.iter().filter(|task| task.group == Some(*group));
        (group.title().to_owned(), tasks.map(|task| (task.name.to_owned(), about(task))).collect())
    };
    Group::ALL.iter().map(section).collect()
}

/// One line about a task, with the names it had elsewhere.
pub fn about(task: &Task) -> String {
    match task.aliases {
        [] => task.purpose(),
        aliases => format!("{} [also: {}]", task.purpose(), aliases.join(", ")),
    }
}

/// The app's commands that no task stands for, by module in the app's order.
fn app_sections(entries: &[Entry]) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    for entry in entries.iter().filter(|entry| !entry.hidden && !is_task(&entry.name)) {
        let title = match entry.module.as_str() {
            "" => "App commands".to_owned(),
            module => format!("App commands of {module}"),
        };
        let line = (entry.name.clone(), entry.help.lines().next().unwrap_or_default().to_owned());
        match sections.iter_mut().find(|(known, _)| *known == title) {
            Some((_, lines)) => lines.push(line),
            None => sections.push((title, vec![line])),
        }
    }
    sections
}

fn builtin_sections() -> Vec<Section> {
    let commands = cli::BUILTINS.iter().filter(|builtin| !is_task(builtin.name));
    let commands = commands.map(|builtin| (builtin.name, builtin.command("cargo xtask")));
    let lines = commands.filter(|(_, command)| !command.is_hide_set()).map(|(name, command)| {
        let about = command.get_about().map(ToString::to_string);
        (name.to_owned(), about.unwrap_or_default())
    });
    vec![("App commands".to_owned(), lines.collect())]
}

/// True for the name of a script that cannot be run, because something else of that name comes first.
fn is_hidden(script: &str) -> bool {
    tasks::find(script).is_some() || cli::find(script).is_some()
}

fn is_task(command: &str) -> bool {
    tasks::find(command).is_some() || tasks::in_front_of(command).is_some()
}

/// The help of a task whose options xtask does not know: those of `cargo test`, of a command that the app does not
/// have yet, or none.
pub fn of_task(task: &Task) -> String {
    let mut text = format!("{}\n\nUsage: cargo xtask {} [ARGUMENTS]...\n", about(task), task.name);
    let behind = match task.action {
        Action::App(command) => format!("\nForwards to the app's command `{command}`, which judges the arguments.\n"),
        Action::Test => "\nRuns `cargo test --workspace` with these arguments, in the test environment.\n".to_owned(),
        Action::Missing => "\nThis task is not there yet.\n".to_owned(),
        _ => String::new(),
    };
    text.push_str(&behind);
    text
}

/// The help of a module's command as far as its file says it.
pub fn of_entry(entry: &Entry) -> String {
    let Entry { name, module, help, .. } = entry;
    format!(
        "{help}\n\nUsage: cargo xtask {name} [ARGUMENTS]...\n\nA command of the module `{module}`, as its file describes \
         it. `cargo xtask {name} --help` builds the app, and shows the arguments.\n"
    )
}
