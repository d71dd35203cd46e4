//! Creating rows of one model.

use sea_orm::{ActiveModelTrait, EntityTrait, FromQueryResult, IdenStatic};

use super::{
    insert::{Conflict, Insert, Inserted, Want},
    table::{Models, Table},
};
use crate::{Connection, Error};

/// Rows to create, and how; see [`create`].
#[derive(Debug)]
#[must_use = "nothing is written before `exec`"]
pub struct Create<A: ActiveModelTrait> {
    rows: Vec<A>,
    batch_size: Option<usize>,
    conflict: OnConflict<<A::Entity as EntityTrait>::Column>,
}

/// What happens to a row that would break a unique constraint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum OnConflict<C> {
    /// All of them fail.
    #[default]
    Fail,
    /// It is left out, whatever constraint it is.
    Ignore,
    /// The row that has the same values in `unique`, which is a key or has a unique constraint, gets the new values of
    /// `fields`.
    Update {
        /// The columns of the constraint.
        unique: Vec<C>,
        /// What is changed.
        fields: Vec<C>,
    },
}

/// Creates rows in steps. A column that a row leaves out gets its default. Rows that leave out different columns may be
/// mixed; their order is kept, and rows of one kind in a row go fastest.
pub fn create<A: ActiveModelTrait>(rows: Vec<A>) -> Create<A> {
    Create { rows, batch_size: None, conflict: OnConflict::Fail }
}

impl<A: ActiveModelTrait + Send> Create<A> {
    /// How many rows go in one step; fewer when the backend cannot bind so many values.
    pub fn batch_size(mut self, rows: impl Into<Option<usize>>) -> Self {
        self.batch_size = rows.into();
        self
    }

    /// What happens to rows that are there already.
    pub fn on_conflict(mut self, conflict: OnConflict<<A::Entity as EntityTrait>::Column>) -> Self {
        self.conflict = conflict;
        self
    }

    /// Writes them, all or nothing, and returns how many rows were created or updated. On a PostgreSQL database (in no
    /// transaction) many rows go through `COPY`.
    ///
    /// # Errors
    /// [`Error::Database`], and [`Error::Bulk`] for an entity that cannot be written so.
    pub async fn exec(self, db: &impl Connection) -> Result<u64, Error> {
        Ok(self.run(db, Want::Count).await?.count)
    }

    /// Writes them, all or nothing, and returns the rows as the database has them now, with keys and defaults: in the
    /// order given, without those that [`OnConflict::Ignore`] left out.
    ///
    /// # Errors
    /// Those of [`Create::exec`].
    pub async fn exec_with_models(self, db: &impl Connection) -> Result<Vec<<A::Entity as EntityTrait>::Model>, Error> {
        let inserted = self.run(db, Want::Rows).await?;
        let models = inserted.rows.iter().map(|row| FromQueryResult::from_query_result(row, ""));
        Ok(models.collect::<Result<_, _>>()?)
    }

    async fn run(self, db: &impl Connection, want: Want) -> Result<Inserted, Error> {
        let (Prepared { table, conflict, batch_size }, mut rows) = self.prepare()?;
        Insert { table: &table, conflict, batch_size, want }.run(db.handle(), &mut rows).await
    }

    /// The same without the entity's type.
    pub(super) fn prepare(self) -> Result<(Prepared, Models<A>), Error> {
        let table = Table::of::<A::Entity>()?;
        let names = |columns: Vec<<A::Entity as EntityTrait>::Column>| {
            columns.into_iter().map(|column| column.as_str()).collect::<Vec<_>>()
        };
        let conflict = match self.conflict {
            OnConflict::Fail => Conflict::Fail,
            OnConflict::Ignore => Conflict::Ignore,
            OnConflict::Update { unique, fields } => {
                if unique.is_empty() || fields.is_empty() {
                    let reason = "`OnConflict::Update` needs the columns of a constraint and fields to update";
                    return Err(table.refuse(reason));
                }
                Conflict::Update { unique: names(unique), fields: names(fields) }
            }
        };
        Ok((Prepared { table, conflict, batch_size: self.batch_size }, Models::new(self.rows)))
    }
}

/// All of a [`Create`] but its rows.
pub(super) struct Prepared {
    pub(super) table: Table,
    pub(super) conflict: Conflict,
    pub(super) batch_size: Option<usize>,
}

impl Prepared {
    /// Whether `COPY` can do it.
    pub(super) fn is_plain(&self) -> bool {
        self.conflict == Conflict::Fail
    }
}
