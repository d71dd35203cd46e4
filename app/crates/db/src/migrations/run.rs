//! Carrying out one migration, forwards or backwards, together with its record.

use sea_orm::{ConnectionTrait, DbErr, Statement, TransactionTrait};

use super::{Direction, Functions, Migration, NodeKey, Operation, Recorder};
use crate::{Backend, Database, Error, ProjectState, Transaction, schema::Change};

/// One operation in the direction it goes, between two states.
#[derive(Debug)]
struct Work {
    /// Its number in the file, from 1.
    number: usize,
    operation: Operation,
    before: ProjectState,
    after: ProjectState,
}

/// A migration ready to be carried out.
pub(super) struct Run<'a> {
    key: &'a NodeKey,
    migration: &'a Migration,
    direction: Direction,
    work: Vec<Work>,
    functions: &'a Functions,
}

impl<'a> Run<'a> {
    /// Works out every operation. `state` is how the tables are without the migration; afterwards it is how they are
    /// with it, whichever way it goes.
    pub(super) fn prepare(
        key: &'a NodeKey,
        migration: &'a Migration,
        direction: Direction,
        functions: &'a Functions,
        state: &mut ProjectState,
    ) -> Result<Self, Error> {
        let mut work = Vec::new();
        for (at, operation) in migration.operations.iter().enumerate() {
            let before = state.clone();
            operation.apply(&key.module, state).map_err(|reason| Error::Operation {
                migration: key.to_string(),
                number: at + 1,
                what: operation.describe(),
                reason,
            })?;
            work.push(match direction {
                Direction::Forwards => {
                    Work { number: at + 1, operation: operation.clone(), before, after: state.clone() }
                }
                Direction::Backwards => {
                    let irreversible = || Error::Irreversible { migration: key.clone(), what: operation.describe() };
                    let operation = operation.reversed().ok_or_else(irreversible)?;
                    Work { number: at + 1, operation, before: state.clone(), after: before }
                }
            });
        }
        if direction == Direction::Backwards {
            work.reverse();
        }
        let run = Run { key, migration, direction, work, functions };
        run.check_functions()?;
        Ok(run)
    }

    /// An unknown function is found before anything was done.
    fn check_functions(&self) -> Result<(), Error> {
        for work in &self.work {
            if let Operation::RunRust(op) = &work.operation
                && self.functions.get(&op.function).is_none()
            {
                return Err(Error::UnknownFunction {
                    migration: self.key.clone(),
                    function: op.function.clone(),
                    known: self.functions.names(),
                });
            }
        }
        Ok(())
    }

    /// Does it. With `atomic` (the default) everything and the record are one transaction; otherwise each operation is
    /// one by itself (`run_sql` is none at all) and the record comes last.
    pub(super) async fn execute(&self, session: &Database) -> Result<(), Error> {
        let backend = session.backend();
        let rebuilds = self.work.iter().any(|work| self.change(work).rebuilt_table(backend).is_some());
        if rebuilds {
            // Dropping the old table would delete, or cascade to, the rows that reference it. The pragma does nothing
            // inside a transaction, which is why a session of our own is needed.
            session.execute_unprepared("PRAGMA foreign_keys = OFF").await?;
        }
        let done = match self.migration.atomic {
            true => self.atomically(session, rebuilds).await,
            false => self.one_by_one(session, rebuilds).await,
        };
        if rebuilds {
            session.execute_unprepared("PRAGMA foreign_keys = ON").await?;
        }
        done
    }

    async fn atomically(&self, session: &Database, check: bool) -> Result<(), Error> {
        let tx = session.begin().await?;
        let done = async {
            for work in &self.work {
                self.one(&tx, work).await?;
            }
            self.finish(&tx, check).await
        };
        match done.await {
            Ok(()) => tx.commit().await.map_err(|reason| self.incomplete(reason)),
            Err(error) => {
                tx.rollback().await?;
                Err(error)
            }
        }
    }

    async fn one_by_one(&self, session: &Database, check: bool) -> Result<(), Error> {
        for work in &self.work {
            if let Operation::RunSql(_) = work.operation {
                self.run_statements(session, work, &[]).await?;
                continue;
            }
            let tx = session.begin().await?;
            match self.one(&tx, work).await {
                Ok(()) => tx.commit().await?,
                Err(error) => {
                    tx.rollback().await?;
                    return Err(error);
                }
            }
        }
        let tx = session.begin().await?;
        self.finish(&tx, check).await?;
        tx.commit().await.map_err(|reason| self.incomplete(reason))
    }

    async fn one(&self, tx: &Transaction, work: &Work) -> Result<(), Error> {
        if let Operation::RunRust(op) = &work.operation {
            let Some(function) = self.functions.get(&op.function) else { return Ok(()) };
            return function(tx, &work.before).await.map_err(|reason| Error::Function {
                migration: self.key.clone(),
                function: op.function.clone(),
                reason,
            });
        }
        let extras = match self.change(work).rebuilt_table(Backend::of(tx)) {
            Some(table) => extras(tx, table, work).await?,
            None => Vec::new(),
        };
        self.run_statements(tx, work, &extras).await
    }

    async fn run_statements<C: ConnectionTrait>(&self, db: &C, work: &Work, extras: &[String]) -> Result<(), Error> {
        let backend = Backend::of(db);
        let what = || work.operation.describe();
        let statements = self.change(work).statements(backend, extras).map_err(|reason| Error::Operation {
            migration: self.key.to_string(),
            number: work.number,
            what: what(),
            reason,
        })?;
        for statement in statements.unwrap_or_default() {
            if let Err(reason) = db.execute_unprepared(&statement).await {
                return Err(Error::Statement {
                    migration: self.key.to_string(),
                    number: work.number,
                    what: what(),
                    statement,
                    reason: Box::new(reason),
                });
            }
        }
        Ok(())
    }

    /// The checks at the end, and the record.
    async fn finish(&self, tx: &Transaction, check: bool) -> Result<(), Error> {
        if check {
            let sql = "PRAGMA foreign_key_check";
            if let Some(row) = tx.query_one_raw(Statement::from_string(tx.get_database_backend(), sql)).await? {
                return Err(Error::ForeignKey {
                    migration: self.key.clone(),
                    table: row.try_get("", "table")?,
                    rowid: row.try_get::<Option<i64>>("", "rowid")?.unwrap_or_default(),
                    parent: row.try_get("", "parent")?,
                });
            }
        }
        let recorded = record(tx, self.key, self.migration, self.direction).await;
        recorded.map_err(|reason| self.incomplete(reason))
    }

    fn incomplete(&self, reason: DbErr) -> Error {
        Error::Incomplete { migration: self.key.clone(), reason: Box::new(reason) }
    }

    fn change<'b>(&'b self, work: &'b Work) -> Change<'b> {
        Change { operation: &work.operation, module: &self.key.module, before: &work.before, after: &work.after }
    }
}

/// Notes that a migration was applied, or that it no longer is.
pub(super) async fn record(
    tx: &Transaction,
    key: &NodeKey,
    migration: &Migration,
    direction: Direction,
) -> Result<(), DbErr> {
    let recorder = Recorder::new(tx, Backend::of(tx));
    match direction {
        Direction::Forwards => recorder.record(key, &migration.checksum).await,
        Direction::Backwards => recorder.forget(key).await,
    }
}

/// What hangs on a table without the state knowing: triggers, and indexes that `run_sql` made.
async fn extras(tx: &Transaction, table: &str, work: &Work) -> Result<Vec<String>, Error> {
    let sql = "SELECT name, sql FROM sqlite_master WHERE tbl_name = $1 AND type IN ('index', 'trigger') \
               AND sql IS NOT NULL ORDER BY rowid";
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, [table.into()]);
    let known = work.before.by_table(table).map(|(_, model)| model.indexes.as_slice()).unwrap_or_default();
    let mut extras = Vec::new();
    for row in tx.query_all_raw(statement).await? {
        let name: String = row.try_get("", "name")?;
        if !known.iter().any(|index| index.name == name) {
            extras.push(row.try_get("", "sql")?);
        }
    }
    Ok(extras)
}
