//! From operations to SQL. Nothing here touches a database, so `sqlmigrate` and the executor share every word.
//!
//! The SQL is written here and not by sea-query: its SQLite half panics on most `ALTER`s, and neither half names
//! constraints so that they can be found again. The type names are sea-query's, because SeaORM decodes by them.

mod columns;
mod postgres;
mod sqlite;

use crate::{
    Backend, ProjectState,
    backend::quote,
    backend::quote_list,
    migrations::Operation,
    state::{Index, ModelKey, ModelState},
};

pub(crate) use columns::default_sql;
pub use columns::type_name;

/// An operation about to be carried out, with the state on both sides of it.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    /// What to do.
    pub operation: &'a Operation,
    /// The module whose migration it is in.
    pub module: &'a str,
    /// The state before it.
    pub before: &'a ProjectState,
    /// The state after it.
    pub after: &'a ProjectState,
}

impl Change<'_> {
    /// The SQL that carries it out, one statement each (`run_sql` as its author wrote it); `None` for `run_rust`,
    /// which is no SQL. `extras` are statements that restore what a table rebuild drops and the state does not know:
    /// triggers, and indexes that `run_sql` made; see [`Change::rebuilt_table`].
    ///
    /// # Errors
    /// A reason in words when the two states do not belong to the operation.
    pub fn statements(&self, backend: Backend, extras: &[String]) -> Result<Option<Vec<String>>, String> {
        match (self.operation, backend) {
            (Operation::RunRust(_), _) => Ok(None),
            (Operation::RunSql(op), _) => {
                let sql = op.sql.text(backend).trim();
                Ok(Some(if sql.is_empty() { Vec::new() } else { vec![sql.to_owned()] }))
            }
            (_, Backend::Sqlite) => sqlite::statements(self, extras).map(Some),
            (_, Backend::Postgres) => postgres::statements(self).map(Some),
        }
    }

    /// The table that this must copy, drop and rename on `backend`; foreign keys must be off meanwhile.
    pub fn rebuilt_table(&self, backend: Backend) -> Option<&str> {
        match backend {
            Backend::Sqlite => sqlite::rebuilt_table(self),
            Backend::Postgres => None,
        }
    }

    /// The table of a model before.
    pub(crate) fn table_before(&self, model: &str) -> Result<&str, String> {
        self.model_before(model).map(|model| model.table.as_str())
    }

    /// The table of a model after.
    pub(crate) fn table_after(&self, model: &str) -> Result<&str, String> {
        self.model_after(model).map(|model| model.table.as_str())
    }

    fn model_before(&self, name: &str) -> Result<&ModelState, String> {
        find(self.before, self.module, name)
    }

    fn model_after(&self, name: &str) -> Result<&ModelState, String> {
        find(self.after, self.module, name)
    }
}

fn find<'a>(state: &'a ProjectState, module: &str, name: &str) -> Result<&'a ModelState, String> {
    let key = ModelKey::new(module, name);
    state.model(&key).ok_or_else(|| format!("there is no model {key}"))
}

/// The same on both backends.
fn create_index(table: &str, index: &Index) -> String {
    let condition = index.condition.as_ref().map_or_else(String::new, |sql| format!(" WHERE {sql}"));
    format!("CREATE INDEX {} ON {} ({}){condition}", quote(&index.name), quote(table), quote_list(&index.fields))
}

fn drop_index(name: &str) -> String {
    format!("DROP INDEX {}", quote(name))
}

fn rename_table(from: &str, to: &str) -> String {
    format!("ALTER TABLE {} RENAME TO {}", quote(from), quote(to))
}

fn rename_column(table: &str, from: &str, to: &str) -> String {
    format!("ALTER TABLE {} RENAME COLUMN {} TO {}", quote(table), quote(from), quote(to))
}
