//! The commands around migrations.

use clap::Args;

/// Empty the database: every table of the installed modules, not the migrations' history
#[derive(Args, Clone, Debug, Default)]
pub struct Flush {
    /// The database to empty
    #[arg(long, value_name = "ALIAS", default_value = "default")]
    pub database: Option<String>,
    /// Never ask
    #[arg(long = "noinput", visible_alias = "no-input", aliases = ["no_input", "yes"])]
    pub noinput: bool,
}

/// Write migrations from changed models
#[derive(Args, Clone, Debug, Default)]
pub struct Makemigrations {
    /// Write migrations for these modules only, and for what they need (all by default)
    #[arg(value_name = "MODULE")]
    pub modules: Vec<String>,
    /// Exit with 1 when the models have changes without a migration, and write nothing
    #[arg(long)]
    pub check: bool,
    /// Show what would be written (with `-v 3` the whole files), ask nothing and write nothing
    #[arg(long, visible_alias = "dry_run")]
    pub dry_run: bool,
    /// Write a migration without operations, to fill by hand
    #[arg(long, conflicts_with_all = ["merge", "update"])]
    pub empty: bool,
    /// Write a migration that brings several last ones together
    #[arg(long, conflicts_with = "update")]
    pub merge: bool,
    /// Put the changes into the last migration instead of a new one
    #[arg(long)]
    pub update: bool,
    /// What new migrations are called after their number
    #[arg(short, long, value_name = "NAME")]
    pub name: Option<String>,
    /// Never ask: nothing was renamed, and a column that needs a value fails with exit code 3
    #[arg(long = "noinput", visible_alias = "no-input", aliases = ["no_input", "yes"])]
    pub noinput: bool,
    /// Print only the paths of the files on stdout, everything else on stderr
    #[arg(long)]
    pub scriptable: bool,
}

/// Bring the database up to date with the migrations
#[derive(Args, Clone, Debug, Default)]
pub struct Migrate {
    /// Migrate only this module
    #[arg(value_name = "MODULE")]
    pub module: Option<String>,
    /// Go to this migration, forwards or backwards (`zero` unapplies all; a unique prefix will do)
    #[arg(value_name = "MIGRATION")]
    pub migration: Option<String>,
    /// Show what would be done, in order, and stop
    #[arg(long)]
    pub plan: bool,
    /// Exit with 1 when migrations are unapplied, and change nothing
    #[arg(long)]
    pub check: bool,
    /// Record the migrations as applied or unapplied without running them
    #[arg(long)]
    pub fake: bool,
    /// Only record a first migration whose tables are all there
    #[arg(long, visible_alias = "fake_initial", conflicts_with_all = ["fake", "drift"])]
    pub fake_initial: bool,
    /// Delete the records of the module's migrations whose files are gone
    #[arg(long, conflicts_with_all = ["migration", "plan", "check", "fake", "fake_initial", "drift"])]
    pub prune: bool,
    /// Show where the tables differ from what the applied migrations say, exit with 1 if they do, and change nothing
    #[arg(long, conflicts_with_all = ["module", "plan", "check", "fake"])]
    pub drift: bool,
    /// The database to migrate
    #[arg(long, value_name = "ALIAS", default_value = "default")]
    pub database: Option<String>,
    /// Never ask
    #[arg(long = "noinput", visible_alias = "no-input", aliases = ["no_input", "yes"])]
    pub noinput: bool,
    /// Apply only when the database has no tables at all (what `cargo xtask dev` does first)
    #[arg(long, hide = true)]
    pub if_empty: bool,
}

/// Show the migrations and which of them are applied
#[derive(Args, Clone, Debug, Default)]
pub struct Showmigrations {
    /// Show only these modules (all by default)
    #[arg(value_name = "MODULE")]
    pub modules: Vec<String>,
    /// List by module (the default)
    #[arg(short, long, conflicts_with = "plan")]
    pub list: bool,
    /// List in the order in which they are applied
    #[arg(short, long)]
    pub plan: bool,
    /// The database to look at
    #[arg(long, value_name = "ALIAS", default_value = "default")]
    pub database: Option<String>,
}

/// Write a migration with fewer operations that do the same
#[derive(Args, Clone, Debug, Default)]
pub struct Optimizemigration {
    /// The module
    #[arg(value_name = "MODULE")]
    pub module: String,
    /// The migration (a unique prefix will do)
    #[arg(value_name = "MIGRATION")]
    pub migration: String,
    /// Exit with 1 when it can be made shorter, and write nothing
    #[arg(long)]
    pub check: bool,
}

/// Print the SQL that `flush` runs
#[derive(Args, Clone, Debug, Default)]
pub struct Sqlflush {
    /// The database whose SQL to print
    #[arg(long, value_name = "ALIAS", default_value = "default")]
    pub database: Option<String>,
}

/// Print the SQL of a migration
#[derive(Args, Clone, Debug, Default)]
pub struct Sqlmigrate {
    /// The module
    #[arg(value_name = "MODULE")]
    pub module: String,
    /// The migration (a unique prefix will do)
    #[arg(value_name = "MIGRATION")]
    pub migration: String,
    /// Print the SQL that unapplies it
    #[arg(long)]
    pub backwards: bool,
    /// The database whose SQL to print
    #[arg(long, value_name = "ALIAS", default_value = "default")]
    pub database: Option<String>,
}

/// Make one migration of many
#[derive(Args, Clone, Debug, Default)]
pub struct Squashmigrations {
    /// The module
    #[arg(value_name = "MODULE")]
    pub module: String,
    /// The last migration to squash; with a second one named, the first
    #[arg(value_name = "MIGRATION")]
    pub migration: String,
    /// The last migration to squash
    #[arg(value_name = "END")]
    pub end: Option<String>,
    /// Take the operations as they are
    #[arg(long, visible_alias = "no_optimize")]
    pub no_optimize: bool,
    /// Never ask
    #[arg(long = "noinput", visible_alias = "no-input", aliases = ["no_input", "yes"])]
    pub noinput: bool,
    /// What the new migration is called after its number
    #[arg(long, visible_alias = "squashed_name", value_name = "NAME")]
    pub squashed_name: Option<String>,
}
