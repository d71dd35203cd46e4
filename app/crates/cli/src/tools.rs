//! Commands for looking around: the shells, the doctor.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

/// Open an interactive shell with the models loaded
#[derive(Args, Clone, Debug, Default)]
pub struct Shell {
    /// Run this code and stop
    #[arg(short, long, value_name = "CODE", conflicts_with = "file")]
    pub command: Option<String>,
    /// Run the code in this file and stop
    #[arg(short, long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Refuse whatever writes to a database, and commands that change the sources
    #[arg(long, visible_alias = "read_only")]
    pub read_only: bool,
    /// The database to work on
    #[arg(long, value_name = "ALIAS", default_value = "default")]
    pub database: Option<String>,
}

/// Open the database's own shell (sqlite3 or psql)
#[derive(Args, Clone, Debug, Default)]
pub struct Dbshell {
    /// The database to open
    #[arg(long, value_name = "ALIAS", default_value = "default")]
    pub database: Option<String>,
    /// Arguments for sqlite3 or psql
    #[arg(last = true, value_name = "ARGUMENT")]
    pub arguments: Vec<OsString>,
}

/// Look for what is wrong with the project and with this machine
///
/// Each finding is one line, with the command that repairs it below. An error makes the exit code 1, a warning does not.
/// Migrations that are not applied, models without one and tables that differ from them are errors; a database that nobody
/// has made yet is a warning.
///
/// `--fix` makes missing directories under `var/`, takes `.env` away from the machine's other users, removes drafts that a
/// crash left behind, rolls back an interrupted change of the sources, and applies pending migrations: only in
/// development, only to SQLite, and only those that neither delete nor rewrite anything, unless the database is empty.
#[derive(Args, Clone, Debug, Default)]
pub struct Doctor {
    /// Print the findings as JSON: `{"version": 1, "findings": [{"id", "level", "message", "command"}]}`
    #[arg(long)]
    pub json: bool,
    /// Repair what can be repaired without losing anything
    #[arg(long)]
    pub fix: bool,
}
