//! The rows that a foreign key may refer to, as a form offers them.

use std::collections::BTreeMap;

use db::{Backend, Database};
use sea_orm::sea_query::{Alias, Expr, ExprTrait as _, Query, SelectStatement};
use sea_orm::{ColumnTrait, ConnectionTrait as _, DbErr, QueryResult};

/// What a field may be set to: keys, and what people read.
#[derive(Clone, Debug, Default)]
pub struct Choices {
    pub(super) rows: Vec<(String, String)>,
    pub(super) scope: Scope,
}

/// Whether the rows are all there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Scope {
    /// Nothing else may be chosen.
    #[default]
    Complete,
    /// There are others, and the database says whether there is the one that was chosen.
    Partial,
}

impl Choices {
    /// How many rows a form lists. Where there are more, the key is typed.
    pub const LIMIT: usize = 500;

    /// A fixed list.
    pub fn fixed(rows: &[(&str, &str)]) -> Self {
        let rows = rows.iter().map(|(key, label)| ((*key).to_owned(), (*label).to_owned())).collect();
        Self { rows, scope: Scope::Complete }
    }

    /// None at all: the database says whether there is the row that was chosen. For JSON, where nobody looks at a list.
    pub fn unlisted() -> Self {
        Self { rows: Vec::new(), scope: Scope::Partial }
    }

    /// The rows of a table, in order of what people read. With more than [`Self::LIMIT`] of them the list is none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn load(db: &Database, key: impl ColumnTrait, label: impl ColumnTrait) -> Result<Self, DbErr> {
        Self::of_rows(db, &Named::of(key), &Named::of(label)).await
    }

    async fn of_rows(db: &Database, key: &Named, label: &Named) -> Result<Self, DbErr> {
        let query = pairs(db.backend(), key, label).limit(Self::LIMIT as u64 + 1).to_owned();
        let mut rows = read(db, &query).await?;
        if rows.len() > Self::LIMIT {
            return Ok(Self::unlisted());
        }
        // Not by the database, which would have an order of its own for letters and for nothing.
        rows.sort_by_cached_key(|(key, label)| (label.to_lowercase(), key.clone()));
        Ok(Self { rows, scope: Scope::Complete })
    }
}

/// What people read of the rows with these keys, by key.
///
/// # Errors
/// When the database fails.
pub async fn labels(
    db: &Database,
    key: impl ColumnTrait,
    label: impl ColumnTrait,
    keys: impl IntoIterator<Item = i64>,
) -> Result<BTreeMap<i64, String>, DbErr> {
    let keys: Vec<i64> = keys.into_iter().collect();
    of_keys(db, &Named::of(key), &Named::of(label), &keys).await
}

async fn of_keys(db: &Database, key: &Named, label: &Named, keys: &[i64]) -> Result<BTreeMap<i64, String>, DbErr> {
    let mut query = pairs(db.backend(), key, label);
    query.and_where(Expr::col(Alias::new(&key.column)).is_in(keys.iter().copied()));
    let rows = read(db, &query).await?;
    Ok(rows.into_iter().filter_map(|(key, label)| Some((key.parse().ok()?, label))).collect())
}

/// A column without its type, so that what follows is compiled once.
struct Named {
    table: String,
    column: String,
}

impl Named {
    fn of(column: impl ColumnTrait) -> Self {
        Self { table: column.entity_name().to_string(), column: column.as_str().to_owned() }
    }
}

/// Keys and labels as texts, whatever their types.
fn pairs(backend: Backend, key: &Named, label: &Named) -> SelectStatement {
    let text = match backend {
        Backend::Sqlite => "text",
        Backend::Postgres => "varchar",
    };
    let cast = |named: &Named| Expr::col(Alias::new(&named.column)).cast_as(Alias::new(text));
    Query::select()
        .expr_as(cast(key), Alias::new("key"))
        .expr_as(cast(label), Alias::new("label"))
        .from(Alias::new(&key.table))
        .to_owned()
}

async fn read(db: &Database, query: &SelectStatement) -> Result<Vec<(String, String)>, DbErr> {
    let pair = |row: &QueryResult| {
        let (key, label): (String, Option<String>) = (row.try_get("", "key")?, row.try_get("", "label")?);
        Ok((key.clone(), label.filter(|label| !label.is_empty()).unwrap_or(key)))
    };
    db.query_all(query).await?.iter().map(pair).collect()
}
