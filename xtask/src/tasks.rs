//! The task tree: every task by name, group and spelling, and what stands behind it.

use crate::{names, prod};

/// The headings under which tasks are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Servers.
    Serve,
    /// Database and migrations.
    Database,
    /// Files and caches.
    Files,
    /// People who may log in.
    Accounts,
    /// Jobs and schedules.
    Background,
    /// Working on the project itself.
    Project,
}

impl Group {
    /// All groups, in the order in which they are listed.
    pub const ALL: &[Self] =
        &[Self::Serve, Self::Database, Self::Files, Self::Accounts, Self::Background, Self::Project];

    /// The heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Serve => "Serve",
            Self::Database => "Database",
            Self::Files => "Files",
            Self::Accounts => "Accounts",
            Self::Background => "Background",
            Self::Project => "Project",
        }
    }
}

/// What a task does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Forwards to this command of the app.
    App(&'static str),
    /// Lists the tasks.
    Help,
    /// Starts the development server.
    Dev,
    /// One of the tasks around the production server.
    Prod(prod::Task),
    /// Runs cargo test.
    Test,
    /// Checks the project's own rules.
    Tidy,
    /// Writes what is generated.
    Codegen,
    /// Measures.
    Bench,
    /// Looks for what is wrong with the machine and the project.
    Doctor,
    /// Removes what is left behind.
    ClearArtifacts,
    /// Prints what makes a shell complete.
    Completions,
    /// Prints or writes the manual page.
    Man,
    /// Has no implementation yet, and says so.
    Missing,
}

/// One task.
#[derive(Debug)]
pub struct Task {
    /// The name that is listed.
    pub name: &'static str,
    /// Other names, beside `-` for `_` and the reverse, which hold for every name.
    pub aliases: &'static [&'static str],
    /// Where it is listed; `None` keeps it out of the list.
    pub group: Option<Group>,
    /// What it is for, in one line.
    pub about: &'static str,
    /// What it does.
    pub action: Action,
}

impl Task {
    /// What it is for, and whether that is still to come. A task in front of an app command is there when the command
    /// is a built-in one; commands of modules have no task.
    pub fn purpose(&self) -> String {
        let is_there = match self.action {
            Action::App(command) => cli::find(command).is_some(),
            action => action != Action::Missing,
        };
        if is_there { self.about.to_owned() } else { format!("{} (not there yet)", self.about) }
    }

    const fn new(name: &'static str, group: Group, action: Action, about: &'static str) -> Self {
        Self { name, aliases: &[], group: Some(group), about, action }
    }

    const fn alias(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }

    const fn hidden(self) -> Self {
        Self { group: None, ..self }
    }
}

/// Every task, in the order in which they are listed.
pub const TASKS: &[Task] = &[
    Task::new("dev", Group::Serve, Action::Dev, "Start the development server (--demo loads demo data first)"),
    Task::new(
        "prod",
        Group::Serve,
        Action::Prod(prod::Task::Start),
        "Build, check and start the production server, detached (--migrate applies migrations)",
    ),
    Task::new(
        "restart-prod",
        Group::Serve,
        Action::Prod(prod::Task::Restart),
        "Replace the production server by a new build, without losing a request",
    ),
    Task::new("stop-prod", Group::Serve, Action::Prod(prod::Task::Stop), "Stop the production server"),
    Task::new("status", Group::Serve, Action::Prod(prod::Task::Status), "Show whether the production server runs"),
    Task::new("logs", Group::Serve, Action::Prod(prod::Task::Logs), "Show the log, and follow it (-f)"),
    Task::new("systemd-unit", Group::Serve, Action::Prod(prod::Task::SystemdUnit), "Print a unit file for systemd"),
    Task::new(
        "dockerfile",
        Group::Serve,
        Action::Prod(prod::Task::Dockerfile),
        "Print a Dockerfile: a build, and a small image without root",
    ),
    Task::new("makemigrations", Group::Database, Action::App("makemigrations"), "Write migrations from changed models"),
    Task::new(
        "add-migration",
        Group::Database,
        Action::App("add_migration"),
        "Write an empty migration to fill by hand",
    ),
    Task::new("migrate", Group::Database, Action::App("migrate"), "Apply migrations"),
    Task::new("showmigrations", Group::Database, Action::App("showmigrations"), "Show which migrations are applied"),
    Task::new("flush", Group::Database, Action::App("flush"), "Empty the database"),
    Task::new(
        "collectstatic",
        Group::Files,
        Action::App("collectstatic"),
        "Gather, hash and compress the static files",
    ),
    Task::new("clear-cache", Group::Files, Action::App("clear_cache"), "Empty the cache"),
    Task::new("clear-artifacts", Group::Files, Action::ClearArtifacts, "Remove build leftovers and tool caches")
        .alias(&["clear-pycache"]),
    Task::new("createsuperuser", Group::Accounts, Action::App("createsuperuser"), "Create an administrator"),
    Task::new("worker", Group::Background, Action::App("worker"), "Run background jobs").alias(&["celery-worker"]),
    Task::new("beat", Group::Background, Action::App("beat"), "Run the periodic schedule").alias(&["celery-beat"]),
    Task::new("add-module", Group::Project, Action::App("add_module"), "Create a module, nested as the words say"),
    Task::new("remove-module", Group::Project, Action::App("remove_module"), "Take away a module that add-module made"),
    Task::new("add-command", Group::Project, Action::App("add_command"), "Add a command to a module"),
    Task::new(
        "remove-command",
        Group::Project,
        Action::App("remove_command"),
        "Take away a command that add-command made",
    ),
    Task::new("shell", Group::Project, Action::App("shell"), "Open a shell with the models loaded"),
    Task::new("doctor", Group::Project, Action::Doctor, "Look for what is wrong with this machine and the project"),
    Task::new("test", Group::Project, Action::Test, "Run the tests (arguments go to cargo test)"),
    Task::new("tidy", Group::Project, Action::Tidy, "Check the project's own rules"),
    Task::new("bench", Group::Project, Action::Bench, "Measure what the project promises"),
    Task::new("completions", Group::Project, Action::Completions, "Print what makes a shell complete `cargo xtask`"),
    Task::new("man", Group::Project, Action::Man, "Print the manual page, or write it to a directory"),
    Task::new("help", Group::Project, Action::Help, "List the tasks, or show the help of one"),
    Task::new("codegen", Group::Project, Action::Codegen, "Write the generated parts of the sources").hidden(),
];

/// App commands that serve until they are stopped: they get a process group of their own.
pub const SERVERS: &[&str] = &["runserver", "serve", "worker", "beat"];

/// Finds a task by any of its spellings.
pub fn find(name: &str) -> Option<&'static Task> {
    let name = names::fold(name);
    TASKS.iter().find(|task| std::iter::once(&task.name).chain(task.aliases).any(|known| names::fold(known) == name))
}

/// The task in front of an app command.
pub fn in_front_of(command: &str) -> Option<&'static Task> {
    TASKS.iter().find(|task| matches!(task.action, Action::App(behind) if cli::same_name(behind, command)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_that_no_command_can_have_are_those_of_tasks_of_our_own() {
        let is_in_front_of = |task: &Task, name: &str| match task.action {
            Action::App(command) => cli::same_name(command, name),
            _ => cli::find(name).is_some(),
        };
        let names =
            TASKS.iter().flat_map(|task| std::iter::once(&task.name).chain(task.aliases).map(move |name| (task, name)));
        let own: Vec<&str> = names.filter(|(task, name)| !is_in_front_of(task, name)).map(|(_, name)| *name).collect();
        assert_eq!(own, cli::TASKS);
    }

    #[test]
    fn every_spelling_leads_to_one_task() {
        for (typed, name) in [
            ("clear_pycache", "clear-artifacts"),
            ("clear-pycache", "clear-artifacts"),
            ("celery_worker", "worker"),
            ("celery-beat", "beat"),
            ("add_module", "add-module"),
            ("stop_prod", "stop-prod"),
            ("clear_cache", "clear-cache"),
        ] {
            assert_eq!(find(typed).map(|task| task.name), Some(name), "{typed}");
        }
        assert!(find("Migrate").is_none());
        let mut names: Vec<String> = TASKS
            .iter()
            .flat_map(|task| std::iter::once(&task.name).chain(task.aliases))
            .map(|n| names::fold(n))
            .collect();
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count, "a name is used twice");
    }
}
