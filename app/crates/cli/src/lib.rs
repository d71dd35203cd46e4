//! Argument structs of the built-in commands, written once: `framework` runs them, `xtask` parses and validates with
//! them before anything is built. And, for the two servers alike, how an address becomes a listening socket; for the two
//! doctors, how what they find is shown.
//!
//! Adding a built-in command here means one struct, and one line in [`BUILTINS`].

mod accounts;
mod bind;
mod bulk;
pub mod findings;
mod fixtures;
mod listen;
mod migrations;
mod names;
mod options;
mod ports;
mod production;
mod scaffold;
mod tools;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

pub use accounts::{Changepassword, Clearsessions, Createsuperuser};
pub use bind::Bind;
pub use bulk::{BULK_OPTIONS_ID, BulkOptions};
pub use fixtures::{Dumpdata, Listkeys, Loaddata};
pub use listen::{Listen, ListenError};
pub use migrations::{
    Flush, Makemigrations, Migrate, Optimizemigration, Showmigrations, Sqlflush, Sqlmigrate, Squashmigrations,
};
pub use names::{TASKS, nearest, sounds_secret};
pub use options::{AddrPort, BASE_OPTION_IDS, BaseOptions, Labels, Modules};
pub use production::{ClearCache, Collectstatic, Findstatic, Serve};
pub use scaffold::{AddCommand, AddMigration, AddModule, ChangeOptions, RemoveCommand, RemoveModule};
pub use tools::{Dbshell, Doctor, Shell};

/// A built-in command as both `xtask` and the app see it.
#[derive(Clone, Copy)]
pub struct Builtin {
    /// The name that is typed (`-` and `_` are equal on look-up).
    pub name: &'static str,
    /// Base options that its help does not offer (they still parse).
    pub hidden_options: &'static [&'static str],
    augment: fn(clap::Command) -> clap::Command,
}

impl Builtin {
    /// The full clap command: own arguments first, then the base options. `program` is what the person typed before
    /// the command's name (`app`, `cargo xtask`).
    pub fn command(&self, program: &str) -> clap::Command {
        hide(command(self.name, program, self.augment), self.hidden_options)
    }
}

const fn builtin<T: Args>(name: &'static str) -> Builtin {
    Builtin { name, hidden_options: &[], augment: T::augment_args }
}

/// The base options that the help of [`Runserver`] does not offer.
pub const RUNSERVER_HIDDEN_OPTIONS: &[&str] = &["verbosity", "traceback"];

/// Every built-in command, by name.
pub const BUILTINS: &[Builtin] = &[
    builtin::<AddCommand>("add_command"),
    builtin::<AddMigration>("add_migration"),
    builtin::<AddModule>("add_module"),
    builtin::<Changepassword>("changepassword"),
    builtin::<Check>("check"),
    builtin::<ClearCache>("clear_cache"),
    builtin::<Clearsessions>("clearsessions"),
    builtin::<Collectstatic>("collectstatic"),
    builtin::<Createsuperuser>("createsuperuser"),
    builtin::<Dbshell>("dbshell"),
    builtin::<Diffsettings>("diffsettings"),
    builtin::<Doctor>("doctor"),
    builtin::<Dumpdata>("dumpdata"),
    builtin::<Findstatic>("findstatic"),
    builtin::<Flush>("flush"),
    builtin::<Help>("help"),
    builtin::<Listkeys>("listkeys"),
    builtin::<Loaddata>("loaddata"),
    builtin::<Makemigrations>("makemigrations"),
    builtin::<Migrate>("migrate"),
    builtin::<Optimizemigration>("optimizemigration"),
    builtin::<RemoveCommand>("remove_command"),
    builtin::<RemoveModule>("remove_module"),
    Builtin { hidden_options: RUNSERVER_HIDDEN_OPTIONS, ..builtin::<Runserver>("runserver") },
    builtin::<Serve>("serve"),
    builtin::<Shell>("shell"),
    builtin::<Showmigrations>("showmigrations"),
    builtin::<Sqlflush>("sqlflush"),
    builtin::<Sqlmigrate>("sqlmigrate"),
    builtin::<Squashmigrations>("squashmigrations"),
    builtin::<Version>("version"),
];

/// Finds a built-in command; `-` and `_` are equal.
pub fn find(name: &str) -> Option<&'static Builtin> {
    BUILTINS.iter().find(|builtin| same_name(builtin.name, name))
}

/// True when two names are the same but for `-` and `_`.
pub fn same_name(left: &str, right: &str) -> bool {
    left.len() == right.len()
        && left
            .bytes()
            .zip(right.bytes())
            .all(|(l, r)| l == r || (matches!(l, b'-' | b'_') && matches!(r, b'-' | b'_')))
}

/// Makes the clap command of any command, built-in or a module's: its own arguments (added by `augment`), then the
/// base options under a heading of their own.
pub fn command(name: &'static str, program: &str, augment: fn(clap::Command) -> clap::Command) -> clap::Command {
    let command = augment(clap::Command::new(name)).bin_name(format!("{program} {name}")).no_binary_name(true);
    // A struct that adds its arguments also sets its own description; the command keeps its.
    let about = command.get_about().cloned().unwrap_or_default();
    let long_about = command.get_long_about().cloned();
    let command = BaseOptions::augment_args(command.next_help_heading("Base options")).about(about);
    match long_about {
        Some(long_about) => command.long_about(long_about),
        None => command,
    }
}

/// Takes options out of a command's help; they still parse.
pub fn hide(command: clap::Command, options: &[&'static str]) -> clap::Command {
    options.iter().fold(command, |command, id| command.mut_arg(id, |arg| arg.hide(true)))
}

/// Check the project for problems, without changing anything
#[derive(Args, Clone, Debug, Default)]
pub struct Check {
    /// Check only these modules (all by default)
    #[arg(value_name = "MODULE")]
    pub modules: Vec<String>,
    /// Run only the checks with this tag (repeatable)
    #[arg(short, long = "tag", value_name = "TAG")]
    pub tags: Vec<String>,
    /// List the tags there are, and stop
    #[arg(long, visible_alias = "list_tags")]
    pub list_tags: bool,
    /// Run the checks for a deployment too
    #[arg(long)]
    pub deploy: bool,
    /// The lowest level that makes the command fail
    #[arg(long, alias = "fail_level", value_name = "LEVEL", default_value = "ERROR", ignore_case = true,
          value_parser = ["CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG"])]
    pub fail_level: Option<String>,
    /// Run the checks that need this database too (repeatable)
    #[arg(long = "database", value_name = "ALIAS")]
    pub databases: Vec<String>,
}

/// Show how the settings in force differ from the defaults
#[derive(Args, Clone, Debug, Default)]
pub struct Diffsettings {
    /// Show the settings that have not been changed too
    #[arg(long)]
    pub all: bool,
    /// Compare with this settings file instead of the built-in defaults
    #[arg(long, value_name = "FILE")]
    pub default: Option<PathBuf>,
    /// How to show it: `hash` (changed keys, ### marks what has no default) or `unified` (a diff)
    #[arg(long, value_name = "FORMAT", default_value = "hash", value_parser = ["hash", "unified"])]
    pub output: Option<String>,
}

/// List the commands, or show the help of one
#[derive(Args, Clone, Debug, Default)]
pub struct Help {
    /// The command to explain
    #[arg(value_name = "COMMAND")]
    pub command: Option<OsString>,
    /// Print the names of all commands, one a line
    #[arg(long)]
    pub commands: bool,
    /// Print the list for people (`text`) or for programs (`json`)
    #[arg(long, value_name = "FORMAT", value_parser = ["text", "json"], default_value = "text")]
    pub format: Option<String>,
}

/// Start the development server
#[derive(Args, Clone, Debug, Default)]
pub struct Runserver {
    /// Where to listen: `port`, `address:port` or `host:port` (default 127.0.0.1:8000)
    #[arg(value_name = "ADDR:PORT")]
    pub addrport: Option<AddrPort>,
    /// Write the bound `host:port` to this file once the server is ready
    #[arg(long, value_name = "PATH", hide = true)]
    pub port_file: Option<PathBuf>,
}

/// Print the version
#[derive(Args, Clone, Debug, Default)]
pub struct Version {}
