//! Carrying out one migration, forwards or backwards, together with its record.

use std::future::Future;

use sea_orm::{ConnectionTrait, DbErr, Statement, TransactionTrait};

use super::{
    Direction, Functions, Loader, Migration, NodeKey, Operation, Recorder, Step, Work, references,
    unfinished::Unfinished,
};
use crate::{Backend, Database, Error, ProjectState, Transaction, schema::Change};

/// A migration ready to be carried out.
pub(super) struct Run<'a> {
    loader: &'a Loader,
    pub key: &'a NodeKey,
    pub migration: &'a Migration,
    pub direction: Direction,
    pub work: Vec<Work>,
    functions: &'a Functions,
    /// What an earlier run left.
    unfinished: Option<&'a Unfinished>,
}

impl<'a> Run<'a> {
    /// Works out every operation. `state` is how the tables are without the migration; afterwards it is how they are
    /// with it, whichever way it goes.
    pub(super) fn prepare(
        loader: &'a Loader,
        step: &'a Step,
        migration: &'a Migration,
        functions: &'a Functions,
        unfinished: Option<&'a Unfinished>,
        state: &mut ProjectState,
    ) -> Result<Self, Error> {
        let Step { key, direction } = step;
        // Where nothing is in force, nothing was done that an edit could contradict.
        if let Some(found) = unfinished.filter(|found| !found.is_untouched() && !found.fits(migration)) {
            return Err(found.contradicted(key));
        }
        let start = unfinished.map(|found| found.start(*direction));
        let open = match direction {
            Direction::Forwards => start.unwrap_or(0) + 1..usize::MAX,
            Direction::Backwards => 1..start.map_or(usize::MAX, |done| done + 1),
        };
        let work = migration.work(key, *direction, open, state)?;
        migration.check_keys(key, state)?;
        let run = Run { loader, key, migration, direction: *direction, work, functions, unfinished };
        run.check_unfinished()?;
        run.check_functions()?;
        Ok(run)
    }

    /// Whether an earlier run began it.
    pub(super) fn is_resumed(&self) -> bool {
        self.unfinished.is_some()
    }

    /// Whether an earlier run stopped in this operation.
    pub(super) fn was_under_way(&self, work: &Work) -> bool {
        self.unfinished.is_some_and(|found| found.under_way == Some(work.number))
    }

    /// What may be half-done cannot be undone.
    fn check_unfinished(&self) -> Result<(), Error> {
        let Some(found) = self.unfinished else { return Ok(()) };
        let turned = |work: &&Work| found.direction != self.direction && self.was_under_way(work);
        match self.work.iter().find(turned) {
            Some(Work { operation: Operation::RunSql(_), number, .. }) => Err(Error::HalfDone {
                migration: self.key.clone(),
                number: *number,
                way: match found.direction {
                    Direction::Forwards => "forwards",
                    Direction::Backwards => "backwards",
                },
            }),
            _ => Ok(()),
        }
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

    /// Does it. With `atomic` (the default) everything and the record are one transaction.
    pub(super) async fn execute(&self, session: &Database) -> Result<(), Error> {
        if !self.migration.atomic {
            return self.one_by_one(session).await;
        }
        self.watching(session, &self.work, self.atomically(session)).await
    }

    /// Waits for `doing`, which does some of the work. Where that rebuilds a table, foreign keys are not watched:
    /// dropping the old table would delete, or cascade to, the rows that reference it.
    pub(super) async fn watching(
        &self,
        session: &Database,
        work: &[Work],
        doing: impl Future<Output = Result<(), Error>> + Send,
    ) -> Result<(), Error> {
        match self.rebuilds(work, session.backend()) {
            true => session.unwatched(doing).await,
            false => doing.await,
        }
    }

    fn rebuilds(&self, work: &[Work], backend: Backend) -> bool {
        work.iter().any(|work| self.change(work).rebuilt_table(backend).is_some())
    }

    async fn atomically(&self, session: &Database) -> Result<(), Error> {
        let tx = session.begin().await?;
        let done = async {
            for work in &self.work {
                self.one(&tx, work).await?;
            }
            self.check_references(&tx, &self.work).await?;
            let recorded = self.record(&tx, self.direction).await;
            recorded.map_err(|reason| self.incomplete(reason))
        };
        match done.await {
            Ok(()) => tx.commit().await.map_err(|reason| self.incomplete(reason)),
            Err(error) => {
                roll_back(tx).await;
                Err(error)
            }
        }
    }

    pub(super) async fn one(&self, tx: &Transaction, work: &Work) -> Result<(), Error> {
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

    pub(super) async fn run_statements<C: ConnectionTrait>(
        &self,
        db: &C,
        work: &Work,
        extras: &[String],
    ) -> Result<(), Error> {
        let backend = Backend::of(db);
        let statements = self.change(work).statements(backend, extras).map_err(|reason| self.unfit(work, reason))?;
        for statement in statements.unwrap_or_default() {
            if let Err(reason) = db.execute_unprepared(&statement).await {
                return Err(Error::Statement {
                    migration: self.key.to_string(),
                    number: work.number,
                    what: work.operation.describe(),
                    statement,
                    reason: Box::new(reason),
                });
            }
        }
        Ok(())
    }

    /// That no row was left without one that it references, where that was not watched.
    pub(super) async fn check_references(&self, tx: &Transaction, work: &[Work]) -> Result<(), Error> {
        if !self.rebuilds(work, Backend::of(tx)) {
            return Ok(());
        }
        match references::broken(tx, &references::touched(work, |work| self.change(work))).await? {
            None => Ok(()),
            Some(references::Broken { table, rowid, parent }) => {
                Err(Error::ForeignKey { migration: self.key.clone(), table, rowid, parent })
            }
        }
    }

    /// Notes that the migration was applied, or that it no longer is.
    pub(super) async fn record(&self, tx: &Transaction, direction: Direction) -> Result<(), DbErr> {
        record(tx, self.loader, self.key, direction).await
    }

    fn incomplete(&self, reason: DbErr) -> Error {
        Error::Incomplete { migration: self.key.clone(), reason: Box::new(reason) }
    }

    pub(super) fn unfit(&self, work: &Work, reason: String) -> Error {
        let (migration, number, what) = (self.key.to_string(), work.number, work.operation.describe());
        Error::Operation { migration, number, what, reason }
    }

    pub(super) fn change<'b>(&'b self, work: &'b Work) -> Change<'b> {
        work.change(&self.key.module)
    }
}

/// Notes that a migration, and what it replaces, was applied, or that it no longer is.
pub(super) async fn record(
    tx: &Transaction,
    loader: &Loader,
    key: &NodeKey,
    direction: Direction,
) -> Result<(), DbErr> {
    let recorder = Recorder::new(tx, Backend::of(tx));
    match direction {
        Direction::Forwards => {
            for (recorded, checksum) in loader.records(key) {
                // A record of something replaced may have been left over.
                if recorded != *key {
                    recorder.forget(&recorded).await?;
                }
                recorder.record(&recorded, &checksum).await?;
            }
        }
        Direction::Backwards => {
            for forgotten in loader.forgotten(key) {
                recorder.forget(&forgotten).await?;
            }
        }
    }
    Ok(())
}

/// Undoes a transaction whose reason to fail is what matters: the database may have ended it already (a full disk, a
/// lost connection), and one that is dropped is undone too.
pub(crate) async fn roll_back(tx: Transaction) {
    if let Err(error) = tx.rollback().await {
        tracing::debug!("rolling back failed: {error}");
    }
}

/// What hangs on a table without the state knowing: triggers, and indexes that `run_sql` made.
async fn extras(tx: &Transaction, table: &str, work: &Work) -> Result<Vec<String>, Error> {
    // Of a trigger it is known on which table it was made as that was typed.
    let sql = "SELECT name, sql FROM sqlite_master WHERE tbl_name = $1 COLLATE NOCASE \
               AND type IN ('index', 'trigger') AND sql IS NOT NULL ORDER BY rowid";
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
