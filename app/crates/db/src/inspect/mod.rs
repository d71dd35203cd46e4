//! Tables as the database has them, and where they differ from what the migrations say.

mod compare;
mod postgres;
mod scratch;
mod sql;
mod sqlite;

use std::fmt;

use sea_orm::{ConnectionTrait, TransactionTrait};

use crate::{
    Backend, Database, Error, ProjectState,
    migrations::{HISTORY_TABLE, PROGRESS_TABLE},
    state::ModelKey,
};

/// Tables that are neither a model's nor drift: the engine's own, and those of libraries that keep theirs beside ours.
/// A name that ends in `*` stands for all that begin so.
const FOREIGN_TABLES: &[&str] = &[
    HISTORY_TABLE,
    PROGRESS_TABLE,
    "sqlite_*",
    "Jobs",
    "Workers",
    "_sqlx_migrations",
    "apalis*",
    "spatial_ref_sys",
    "cache_entries",
];

/// A table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its comment, which only PostgreSQL stores.
    pub comment: Option<String>,
    /// Its columns, in order.
    pub columns: Vec<Column>,
    /// Its keys, constraints and indexes.
    pub parts: Vec<Part>,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type, as the database spells it.
    pub kind: String,
    /// Whether it may be NULL.
    pub null: bool,
    /// Its default as an SQL expression.
    pub default: Option<String>,
    /// Whether the database numbers new rows (`AUTOINCREMENT`, identity).
    pub numbered: bool,
    /// The expression of a generated column.
    pub generated: bool,
}

/// What a part of a table is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PartKind {
    /// The primary key.
    PrimaryKey,
    /// A unique constraint.
    Unique,
    /// A check constraint.
    Check,
    /// A foreign key, with its actions.
    ForeignKey,
    /// An index that belongs to no constraint, with its condition.
    Index,
    /// Any other constraint.
    Other,
}

/// A key, a constraint or an index.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Part {
    /// What it is.
    pub kind: PartKind,
    /// Its name; SQLite has none for most.
    pub name: Option<String>,
    /// Columns and conditions, in a spelling that is the same for equal things.
    pub definition: String,
}

/// On which side of a [`Difference`] something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// In the database only.
    Database,
    /// In the migrations only.
    Migrations,
    /// In both, but not alike.
    Both,
}

/// Something in which a database and the migrations differ.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// The model, when the migrations know one for the table.
    pub model: Option<ModelKey>,
    /// The table.
    pub table: String,
    /// The name of the table, column, index or constraint that differs; empty for what has no name.
    pub name: String,
    /// Which of the two has it.
    pub side: Side,
    /// What differs, in words.
    pub what: String,
}

/// `mailings.Message: column stray is in the database, but not in the migrations`.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.model {
            Some(model) => write!(f, "{model}: {}", self.what),
            None => f.write_str(&self.what),
        }
    }
}

impl fmt::Display for PartKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PartKind::PrimaryKey => "primary key",
            PartKind::Unique => "unique constraint",
            PartKind::Check => "check constraint",
            PartKind::ForeignKey => "foreign key",
            PartKind::Index => "index",
            PartKind::Other => "constraint",
        })
    }
}

/// All tables, in alphabetical order: on PostgreSQL those of the current schema that belong to no extension, on SQLite
/// all but its own.
///
/// # Errors
/// [`Error::Database`].
pub async fn tables<C: ConnectionTrait>(db: &C) -> Result<Vec<Table>, Error> {
    match Backend::of(db) {
        Backend::Sqlite => sqlite::tables(db).await,
        Backend::Postgres => postgres::tables(db, postgres::Schema::Current).await,
    }
}

/// Where the tables of `db` differ from `state`, in alphabetical order; empty when they do not. The order of columns
/// does not count, nor do tables of libraries that are known by name.
///
/// What `state` says is built as empty tables on the same database system (in memory; on PostgreSQL as temporary tables
/// in a transaction that is rolled back, which takes no more than the right to make such), so that the database itself
/// brings types, defaults and conditions into the form in which it shows its own.
///
/// # Errors
/// [`Error::Database`], [`Error::Model`] for a state that cannot be built.
pub async fn drift(db: &Database, state: &ProjectState) -> Result<Vec<Difference>, Error> {
    let (found, said) = match db.backend() {
        Backend::Sqlite => (sqlite::tables(db).await?, scratch::sqlite(state).await?),
        Backend::Postgres => {
            let tx = db.begin().await?;
            let both = async {
                // Before the temporary tables hide those of the same name.
                let found = postgres::tables(&tx, postgres::Schema::Current).await?;
                scratch::postgres(&tx, state).await?;
                Ok((found, postgres::tables(&tx, postgres::Schema::Temporary).await?))
            };
            let both: Result<_, Error> = both.await;
            tx.rollback().await?;
            both?
        }
    };
    Ok(compare::compare(&found, &said, state))
}

/// Whether a table is known to be somebody else's.
fn is_foreign(table: &str) -> bool {
    FOREIGN_TABLES.iter().any(|name| match name.strip_suffix('*') {
        Some(start) => table.starts_with(start),
        None => table == *name,
    })
}
