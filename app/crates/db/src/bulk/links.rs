//! Join tables: which rows of one model belong to which of another.

use std::collections::BTreeSet;

use sea_orm::{DbBackend, Statement, Value};

use super::{
    DEFAULT_BATCH_SIZE, delete,
    insert::{Conflict, Insert},
    table::{Column, Given, Table},
};
use crate::{Backend, Connection, Error, backend::quote, connection::Handle, state::FieldType};

/// A join table of a many-to-many relation, seen from one side; for the other side swap the columns. Both columns hold keys
/// of type `i64`. Other columns of the table, such as a key of its own, must have defaults.
///
/// ```ignore
/// const RECIPIENTS: Links = Links::new("mailings_mailing_recipients", "mailing_id", "recipient_id");
/// RECIPIENTS.set(&db, mailing.id, [1, 2, 3]).await?;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Links {
    table: &'static str,
    from: &'static str,
    to: &'static str,
}

/// What [`Links::set`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Relinked {
    /// Links made.
    pub added: u64,
    /// Links undone.
    pub removed: u64,
}

impl Links {
    /// The links of `table` from the rows in the column `from` to those in the column `to`.
    pub const fn new(table: &'static str, from: &'static str, to: &'static str) -> Self {
        Links { table, from, to }
    }

    /// What `from` is linked to, in ascending order.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn ids(&self, db: &impl Connection, from: i64) -> Result<Vec<i64>, Error> {
        self.read(db.handle(), from).await
    }

    /// Links `from` to `ids`; links that are there stay as they are. Returns how many were made.
    ///
    /// # Errors
    /// [`Error::Database`], also when one of the rows does not exist; nothing is written then.
    pub async fn add(&self, db: &impl Connection, from: i64, ids: impl IntoIterator<Item = i64>) -> Result<u64, Error> {
        let ids = ids.into_iter().collect();
        Ok(self.change(db.handle(), from, ids, Others::Stay).await?.added)
    }

    /// Undoes the links of `from` to `ids`. Returns how many there were.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn remove(
        &self,
        db: &impl Connection,
        from: i64,
        ids: impl IntoIterator<Item = i64>,
    ) -> Result<u64, Error> {
        let ids: Vec<i64> = ids.into_iter().collect();
        self.undo(db.handle(), from, ids).await
    }

    /// Links `from` to `ids` and to nothing else. Links that are there already are not touched.
    ///
    /// # Errors
    /// Those of [`Links::add`].
    pub async fn set(
        &self,
        db: &impl Connection,
        from: i64,
        ids: impl IntoIterator<Item = i64>,
    ) -> Result<Relinked, Error> {
        let ids = ids.into_iter().collect();
        self.change(db.handle(), from, ids, Others::Go).await
    }

    async fn read(&self, db: Handle<'_>, from: i64) -> Result<Vec<i64>, Error> {
        let Links { table, from: column, to } = self;
        let (table, column, to) = (quote(table), quote(column), quote(to));
        let sql = match db.backend() {
            Backend::Sqlite => format!("SELECT {to} FROM {table} WHERE {column} = ? ORDER BY 1"),
            Backend::Postgres => format!("SELECT {to} FROM {table} WHERE {column} = $1 ORDER BY 1"),
        };
        let rows = db.query(Statement::from_sql_and_values(DbBackend::from(db.backend()), sql, [from.into()])).await?;
        let ids: Result<Vec<i64>, _> = rows.iter().map(|row| row.try_get_by_index(0)).collect();
        Ok(ids?)
    }

    async fn change(
        &self,
        db: Handle<'_>,
        from: i64,
        wanted: BTreeSet<i64>,
        others: Others,
    ) -> Result<Relinked, Error> {
        let own = db.begin().await?;
        let db = own.as_ref().map_or(db, Handle::Transaction);
        let there: BTreeSet<i64> = self.read(db, from).await?.into_iter().collect();
        let new = wanted.difference(&there).map(|&id| vec![Some(Value::from(from)), Some(Value::from(id))]);
        let mut rows = Given::new(new.collect());
        // Another process may have made the same link meanwhile.
        let table = self.table();
        let inserted = Insert::counting(&table, Conflict::Ignore, None).run(db, &mut rows).await?;
        let mut done = Relinked { added: inserted.count, removed: 0 };
        if others == Others::Go {
            done.removed = self.undo(db, from, there.difference(&wanted).copied().collect()).await?;
        }
        if let Some(own) = own {
            own.commit().await?;
        }
        Ok(done)
    }

    async fn undo(&self, db: Handle<'_>, from: i64, ids: Vec<i64>) -> Result<u64, Error> {
        let pairs = ids.into_iter().flat_map(|id| [Value::from(from), Value::from(id)]).collect();
        delete::by_keys(db, &self.table(), pairs, DEFAULT_BATCH_SIZE).await
    }

    /// As if the two columns were all there is, and the key.
    fn table(&self) -> Table {
        let column = |name| Column { name, kind: FieldType::BigInteger, defaults_to_null: false };
        Table { name: self.table.to_owned(), columns: vec![column(self.from), column(self.to)], key: vec![0, 1] }
    }
}

/// What becomes of the links that were not asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Others {
    Stay,
    Go,
}
