//! Which constraint a statement broke.

use sea_orm::DbErr;
use sea_orm::sqlx::{self, error::DatabaseError, postgres::PgDatabaseError};

use crate::remedy::inner;

/// A constraint that a statement broke, and that whoever sent the values can do something about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Violation {
    /// There is a row already with these values.
    Unique {
        /// The columns that together must differ; none when the database does not say.
        columns: Vec<String>,
    },
    /// A row refers to one that is not there: it was to be written, or that one was to go.
    ForeignKey {
        /// The columns of the key that was missing, or was in use; none when the database does not say (SQLite never
        /// does).
        columns: Vec<String>,
    },
}

/// The constraint that a statement broke, if that is why it failed.
pub fn violation(error: &DbErr) -> Option<Violation> {
    let Some(sqlx::Error::Database(database)) = inner(error) else { return None };
    match database.try_downcast_ref::<PgDatabaseError>() {
        Some(postgres) => of_postgres(postgres),
        None => of_sqlite(database.as_ref()),
    }
}

fn of_postgres(error: &PgDatabaseError) -> Option<Violation> {
    let columns = error.detail().map(key_columns).unwrap_or_default();
    match error.code() {
        "23505" => Some(Violation::Unique { columns }),
        // The second one is that of `ON DELETE RESTRICT` from PostgreSQL 18 on.
        "23503" | "23001" => Some(Violation::ForeignKey { columns }),
        _ => None,
    }
}

/// The columns of `Key (owner_id, email)=(1, a@b.example) already exists.`, whatever the server's language.
fn key_columns(detail: &str) -> Vec<String> {
    let key = detail.split_once('(').and_then(|(_, rest)| rest.split_once(")=("));
    let names = key.map(|(names, _)| names.split(", ").map(|name| name.trim_matches('"').to_owned()));
    names.into_iter().flatten().collect()
}

fn of_sqlite(error: &dyn DatabaseError) -> Option<Violation> {
    const UNIQUE: &str = "UNIQUE constraint failed: ";
    let message = error.message();
    if let Some(columns) = message.strip_prefix(UNIQUE) {
        let name = |column: &str| column.rsplit('.').next().unwrap_or(column).to_owned();
        return Some(Violation::Unique { columns: columns.split(", ").map(name).collect() });
    }
    // By the text: `ON DELETE RESTRICT` is a trigger inside, and has the code of one.
    (message == "FOREIGN KEY constraint failed").then(|| Violation::ForeignKey { columns: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::key_columns;

    #[test]
    fn columns_are_read_in_any_language() {
        assert_eq!(key_columns("Key (isbn)=(3 (b), x)=(y)) already exists."), ["isbn"]);
        assert_eq!(key_columns("Ключ \"(owner_id, \"order\")=(1, 2)\" уже существует."), ["owner_id", "order"]);
        assert_eq!(key_columns("Something else."), [""; 0]);
    }
}
