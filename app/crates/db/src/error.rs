//! Everything that can go wrong in this crate, as types; `Display` is what a person reads.

use std::path::PathBuf;

use sea_orm::DbErr;

use crate::{
    migrations::{NodeKey, ReplacementError, SquashError, UpdateError, conflict_list, cycle_list},
    remedy::{Hint, Words},
};

/// An error of this crate. The texts that acceptance cases fix (ambiguous prefix, conflict, inconsistent history …)
/// are word for word what the cases say, hence their capitals.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The database itself refused or failed.
    #[error("{}{}", Words(.0), Hint(.0))]
    Database(#[from] DbErr),

    /// The URL's scheme belongs to no supported database.
    #[error(
        "unknown database scheme `{scheme}`: use one of sqlite, postgres, postgresql, as in `sqlite://var/app.sqlite3`"
    )]
    UnknownScheme {
        /// What stands before the colon, or the whole text when there is none.
        scheme: String,
    },
    /// The URL has a known scheme but cannot be read.
    #[error("database url `{url}` cannot be used: {reason}")]
    BadUrl {
        /// The URL without its password.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// No server answers there.
    #[error("cannot reach PostgreSQL at {address}: {reason}; is the server running, and is the address right?")]
    Unreachable {
        /// `host:port`, or the path of a socket.
        address: String,
        /// The system's reason.
        reason: String,
    },
    /// The server answers but does not let us in (password, missing database, TLS …).
    #[error("cannot connect to {url}: {reason}")]
    Refused {
        /// The URL without its password.
        url: String,
        /// The server's reason.
        reason: String,
    },
    /// The SQLite file does not exist and may not be created (`mode=ro`, `mode=rw`).
    #[error("database file {} does not exist; leave `mode` out of the url to have it created", path.display())]
    NoFile {
        /// The file.
        path: PathBuf,
    },
    /// The SQLite file or its directory cannot be written.
    #[error("database file {} cannot be used: {} is not writable ({reason}); make it writable, or open it with `?mode=ro`", path.display(), place.display())]
    NotWritable {
        /// The database file.
        path: PathBuf,
        /// The file or directory that refuses.
        place: PathBuf,
        /// The system's reason.
        reason: String,
    },
    /// The file exists but SQLite cannot open it.
    #[error("database file {} cannot be opened: {reason}", path.display())]
    BadFile {
        /// The file.
        path: PathBuf,
        /// SQLite's reason.
        reason: String,
    },
    /// Migrations cannot run inside a dry run.
    #[error("migrations cannot run inside a dry run; `migrate --plan` shows what would be done")]
    InDryRun,

    /// An entity says something that migrations cannot express.
    #[error("model {model}: {reason}")]
    Model {
        /// `module.Model`.
        model: String,
        /// What, and what to write instead.
        reason: String,
    },
    /// Rows do not fit their model.
    #[error(transparent)]
    Row(#[from] crate::rows::RowError),
    /// An operation does not fit the state it is applied to.
    #[error("migration {migration}, operation {number} ({what}): {reason}")]
    Operation {
        /// `module.name` of the migration.
        migration: String,
        /// The operation's number, from 1.
        number: usize,
        /// What it does, in words.
        what: String,
        /// Why it cannot.
        reason: String,
    },
    /// A migration file cannot be read or understood.
    #[error("{file}:{line}:{column}: {message}")]
    File {
        /// The file's path; for an embedded one `module/name.toml`.
        file: String,
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// What is wrong and what was expected.
        message: String,
    },
    /// A migration file or directory cannot be read or written.
    #[error("{}: {reason}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// The system's reason.
        reason: std::io::Error,
    },

    /// Two modules have the same label.
    #[error("two modules have the label `{label}`; labels must be unique")]
    DuplicateModule {
        /// The label.
        label: String,
    },
    /// Two migrations of a module are called the same but for upper and lower case.
    #[error(
        "the migrations {one} and {other} differ in upper and lower case only, which not every file system does; rename one"
    )]
    SimilarNames {
        /// The first.
        one: NodeKey,
        /// The second.
        other: NodeKey,
    },
    /// No module has that label.
    #[error("No installed app with label '{label}'.")]
    UnknownModule {
        /// The label asked for.
        label: String,
    },
    /// The module has no migrations.
    #[error("App '{label}' does not have migrations.")]
    NoMigrations {
        /// The module.
        label: String,
    },
    /// No migration begins so.
    #[error("Cannot find a migration matching '{prefix}' from app '{label}'.")]
    NoMatch {
        /// The module.
        label: String,
        /// The name or prefix asked for.
        prefix: String,
    },
    /// Several migrations begin so.
    #[error("More than one migration matches '{prefix}' in app '{label}'. Please be more specific.")]
    Ambiguous {
        /// The module.
        label: String,
        /// The prefix asked for.
        prefix: String,
    },
    /// Some modules have several last migrations.
    #[error(
        "Conflicting migrations detected; multiple leaf nodes in the migration graph: ({})",
        conflict_list(conflicts)
    )]
    Conflict {
        /// Per module the names of its last migrations.
        conflicts: Vec<(String, Vec<String>)>,
    },
    /// A migration is recorded as applied while one it depends on is not.
    #[error("Migration {migration} is applied before its dependency {dependency}")]
    InconsistentHistory {
        /// The applied one.
        migration: NodeKey,
        /// The one missing before it.
        dependency: NodeKey,
    },
    /// A plan would go forwards and backwards at once.
    #[error(
        "Migration plans with both forwards and backwards migrations are not supported. Please split your migration process into separate plans of only forwards OR backwards migrations."
    )]
    MixedPlan,
    /// The node asked for is not in the graph.
    #[error("Node {0:?} not a valid node")]
    UnknownNode(NodeKey),
    /// A migration depends on one that does not exist.
    #[error("Migration {migration} dependencies reference nonexistent parent node {dependency:?}")]
    MissingDependency {
        /// The migration that depends.
        migration: NodeKey,
        /// What it depends on.
        dependency: NodeKey,
    },
    /// There is a migration of that name.
    #[error("Migration {} already exists. Use a different name.", migration.name)]
    NameTaken {
        /// The name.
        migration: NodeKey,
    },
    /// Branches of a module's migrations have nothing in common.
    #[error("Could not find common ancestor of {} in {module}", names.join(", "))]
    NoCommonAncestor {
        /// The module.
        module: String,
        /// The last migrations of the branches.
        names: Vec<String>,
    },
    /// Squashed migrations and what they replace do not go together.
    #[error(transparent)]
    Replacement(#[from] ReplacementError),
    /// Migrations cannot be squashed as asked.
    #[error(transparent)]
    Squash(#[from] SquashError),
    /// The last migration cannot be updated.
    #[error(transparent)]
    Update(#[from] UpdateError),
    /// Records cannot be deleted that squashed migrations still count on.
    #[error(
        "Cannot use --prune because the following squashed migrations have their 'replaces' attributes and may not be recorded as applied:\n{}\n  Re-run `migrate` if they are not marked as applied, and remove `replaces` from their files.",
        squashed.iter().map(|key| format!("    {key}")).collect::<Vec<_>>().join("\n")
    )]
    CannotPrune {
        /// The squashed ones.
        squashed: Vec<NodeKey>,
    },
    /// Migrations depend on each other in a circle.
    #[error("circular dependency between migrations: {}", cycle_list(.0))]
    CircularDependency(Vec<NodeKey>),
    /// Changes need each other in a way that no order of operations satisfies.
    #[error("these changes need each other, make them in two steps: {}", operations.join("; "))]
    CircularOperations {
        /// The operations in words, with their models.
        operations: Vec<String>,
    },
    /// A required column was added and nobody can say what existing rows get.
    #[error(
        "Field '{field}' on model '{model}' not migrated: it is impossible to add a non-nullable field without specifying a default."
    )]
    NotNullAddition {
        /// The column.
        field: String,
        /// Its model's name, without the module.
        model: String,
    },
    /// A question was not answered; the questioner's own error.
    #[error(transparent)]
    Question(Box<dyn std::error::Error + Send + Sync>),
    /// Models of an import (by their tables) or of a state (`module.Model`) reference each other in a circle.
    #[error("the models {} reference each other in a circle; create the rows of one without its reference, and update them after", .0.join(", "))]
    CircularModels(Vec<String>),
    /// Rows that a bulk helper cannot write as they are.
    #[error("table {table}: {reason}")]
    Bulk {
        /// The table.
        table: String,
        /// Which row or column, what is wrong, and what to do.
        reason: String,
    },
    /// The migration cannot be undone.
    #[error(
        "migration {migration} cannot be unapplied: {what} is irreversible; give it a `reverse`, or go back with --fake"
    )]
    Irreversible {
        /// The migration.
        migration: NodeKey,
        /// The operation, in words.
        what: String,
    },
    /// `run_rust` names a function that is not registered.
    #[error("migration {migration} runs the function `{function}`, which is not registered; known are: {known}")]
    UnknownFunction {
        /// The migration.
        migration: NodeKey,
        /// The name in the file.
        function: String,
        /// The registered names.
        known: String,
    },
    /// A data migration's function failed.
    #[error("migration {migration}, function `{function}`: {reason}")]
    Function {
        /// The migration.
        migration: NodeKey,
        /// The name in the file.
        function: String,
        /// What it said.
        reason: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A statement of a migration failed.
    #[error(
        "migration {migration}, operation {number} ({what}): {}\nstatement: {statement}{}",
        Words(reason),
        Hint(reason)
    )]
    Statement {
        /// `module.name`.
        migration: String,
        /// The operation's number, from 1.
        number: usize,
        /// The operation, in words.
        what: String,
        /// The SQL that failed.
        statement: String,
        /// The database's reason.
        reason: Box<DbErr>,
    },
    /// The end of a migration failed: its record, or the commit (a constraint that is checked last).
    #[error(
        "migration {migration} could not be completed, and nothing of it was kept: {}{}",
        Words(reason),
        Hint(reason)
    )]
    Incomplete {
        /// The migration.
        migration: NodeKey,
        /// The database's reason.
        reason: Box<DbErr>,
    },
    /// The record of a migration that is not atomic failed, after all its operations were done.
    #[error(
        "migration {migration} was carried out but could not be recorded; run `migrate` again: {}{}",
        Words(reason),
        Hint(reason)
    )]
    Unrecorded {
        /// The migration.
        migration: NodeKey,
        /// The database's reason.
        reason: Box<DbErr>,
    },
    /// A migration that is not atomic was stopped in the middle, and then what it had done was edited.
    #[error(
        "migration {migration} was stopped after operation {done} of {total}, and its file no longer says what it had done; put \
         that back, or set the tables right by hand and say so: `migrate --fake`, or `--prune` when the file is gone for good"
    )]
    EditedUnfinished {
        /// The migration.
        migration: NodeKey,
        /// How many operations are in force.
        done: usize,
        /// How many there were.
        total: usize,
    },
    /// A migration was stopped inside SQL outside any transaction, and should turn round there.
    #[error(
        "migration {migration} was stopped inside operation {number} (Raw SQL operation) on its way {way}, and how much of \
         that was done is not known; finish it that way first, or set the tables right by hand and record that with \
         `migrate --fake`"
    )]
    HalfDone {
        /// The migration.
        migration: NodeKey,
        /// The operation's number, from 1.
        number: usize,
        /// The way it went: `forwards` or `backwards`.
        way: &'static str,
    },
    /// After a migration, rows point at rows that do not exist.
    #[error(
        "migration {migration} leaves rows of `{table}` (first rowid {rowid}) without the row of `{parent}` that they reference"
    )]
    ForeignKey {
        /// The migration.
        migration: NodeKey,
        /// The table that references.
        table: String,
        /// Its first offending row.
        rowid: i64,
        /// The table referenced.
        parent: String,
    },
    /// Tables are to be emptied, and rows of another one, which would stay, reference theirs.
    #[error(
        "rows of `{table}` (first rowid {rowid}) reference rows of `{parent}`, and no migration says what becomes of them"
    )]
    StillReferenced {
        /// The table that references.
        table: String,
        /// Its first offending row.
        rowid: i64,
        /// The table referenced.
        parent: String,
    },
    /// Another process could not be waited for.
    #[error("cannot lock {place} to run migrations alone: {reason}")]
    Lock {
        /// The lock file, or the server.
        place: String,
        /// The system's reason.
        reason: String,
    },
}
