//! Foreign keys on SQLite after tables were rebuilt or emptied, which happens while it does not watch them.

use std::collections::BTreeSet;

use sea_orm::{ConnectionTrait, DbErr, Statement};

use super::{Operation, Work};
use crate::{Backend, Transaction, backend::quote, schema::Change};

/// What must be looked at.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Touched {
    /// Anything may have been written.
    Everything,
    /// These tables were rebuilt or emptied, and the rest left alone.
    Tables(BTreeSet<String>),
}

/// What the operations rebuild, by the tables' last names.
pub(super) fn touched<'a>(work: &'a [Work], change: impl Fn(&'a Work) -> Change<'a>) -> Touched {
    let mut tables = BTreeSet::new();
    for work in work {
        if let Some(table) = change(work).rebuilt_table(Backend::Sqlite) {
            tables.insert(table.to_owned());
        }
        match &work.operation {
            Operation::RunSql(_) | Operation::RunRust(_) => return Touched::Everything,
            Operation::DeleteModel(op) => {
                tables.remove(&op.table);
            }
            Operation::RenameModel(op) if tables.remove(&op.from_table) => {
                tables.insert(op.to_table.clone());
            }
            Operation::AlterTable(op) if tables.remove(&op.old.table) => {
                tables.insert(op.new.table.clone());
            }
            _ => {}
        }
    }
    Touched::Tables(tables)
}

/// A row whose reference leads nowhere.
#[derive(Debug)]
pub(crate) struct Broken {
    pub table: String,
    pub rowid: i64,
    pub parent: String,
}

/// The first broken reference out of a touched table, or into one.
pub(crate) async fn broken(tx: &Transaction, touched: &Touched) -> Result<Option<Broken>, DbErr> {
    let Touched::Tables(tables) = touched else { return check(tx, "PRAGMA foreign_key_check").await };
    let mut look_at = tables.clone();
    for table in tables {
        look_at.extend(referencing(tx, table).await?);
    }
    for table in look_at {
        if let Some(found) = check(tx, &format!("PRAGMA foreign_key_check({})", quote(&table))).await? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

async fn check(tx: &Transaction, sql: &str) -> Result<Option<Broken>, DbErr> {
    let found = tx.query_one_raw(Statement::from_string(tx.get_database_backend(), sql)).await?;
    let Some(row) = found else { return Ok(None) };
    Ok(Some(Broken {
        table: row.try_get("", "table")?,
        rowid: row.try_get::<Option<i64>>("", "rowid")?.unwrap_or_default(),
        parent: row.try_get("", "parent")?,
    }))
}

/// The tables that reference `table`, those that no model says too.
async fn referencing(tx: &Transaction, table: &str) -> Result<Vec<String>, DbErr> {
    let sql = "SELECT DISTINCT m.name FROM sqlite_master m, pragma_foreign_key_list(m.name) f \
               WHERE m.type = 'table' AND f.\"table\" = $1 COLLATE NOCASE";
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, [table.into()]);
    tx.query_all_raw(statement).await?.iter().map(|row| row.try_get("", "name")).collect()
}
