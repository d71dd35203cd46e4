//! A migration that is not atomic: after every operation it is written down how far it is, so that the next run can go
//! on, or go back.

use sea_orm::{DbErr, TransactionTrait};

use super::{
    Direction, Operation, Work,
    run::{Run, roll_back},
    unfinished::{self, Unfinished},
};
use crate::{Backend, Database, Error, connection};

impl Run<'_> {
    /// Each operation is a transaction by itself, in which its number is noted too. What cannot run in one (`run_sql`,
    /// an index built concurrently) is noted as under way before and as done after.
    pub(super) async fn one_by_one(&self, session: &Database) -> Result<(), Error> {
        unfinished::prepare(session).await?;
        for work in &self.work {
            if self.is_outside(work, session.backend()) {
                self.outside(session, work).await?;
            } else {
                self.inside(session, work).await?;
            }
        }
        let tx = session.begin().await?;
        let recorded = async {
            if self.is_resumed() && self.direction == Direction::Forwards {
                // One that was stopped on the way back is still recorded.
                self.record(&tx, Direction::Backwards).await?;
            }
            self.record(&tx, self.direction).await?;
            unfinished::clear(&tx, self.key).await
        };
        match recorded.await {
            Ok(()) => tx.commit().await.map_err(|reason| self.unrecorded(reason)),
            Err(reason) => {
                roll_back(tx).await;
                Err(self.unrecorded(reason))
            }
        }
    }

    fn unrecorded(&self, reason: DbErr) -> Error {
        Error::Unrecorded { migration: self.key.clone(), reason: Box::new(reason) }
    }

    fn is_outside(&self, work: &Work, backend: Backend) -> bool {
        matches!(work.operation, Operation::RunSql(_))
            || (backend == Backend::Postgres && work.operation.is_concurrent())
    }

    async fn inside(&self, session: &Database, work: &Work) -> Result<(), Error> {
        let alone = std::slice::from_ref(work);
        let doing = async {
            let tx = session.begin().await?;
            let done = async {
                self.one(&tx, work).await?;
                self.check_references(&tx, alone).await?;
                Ok(unfinished::save(&tx, self.key, &self.after(work)).await?)
            };
            match done.await {
                Ok(()) => Ok(tx.commit().await?),
                Err(error) => {
                    roll_back(tx).await;
                    Err(error)
                }
            }
        };
        self.watching(session, alone, doing).await
    }

    async fn outside(&self, session: &Database, work: &Work) -> Result<(), Error> {
        unfinished::save(session, self.key, &self.before(work)).await?;
        let (done, unchanged) = match &work.operation {
            Operation::AddIndex(op) => self.build(session, work, op).await?,
            Operation::RemoveIndex(op) => self.take_away(session, work, op).await?,
            Operation::RunSql(op) => {
                let done = self.run_statements(session, work, &[]).await;
                // One statement, and on PostgreSQL several sent together, are done wholly or not at all.
                let whole = session.backend() == Backend::Postgres
                    || connection::count_statements(op.sql.text(session.backend())) < 2;
                (done, whole && !self.was_under_way(work))
            }
            _ => (self.run_statements(session, work, &[]).await, false),
        };
        let now = match &done {
            Ok(()) => self.after(work),
            Err(_) if unchanged => self.standing(self.before(work).done, None),
            Err(_) => return done,
        };
        unfinished::save(session, self.key, &now).await?;
        done
    }

    /// How far it is while an operation outside any transaction is under way.
    fn before(&self, work: &Work) -> Unfinished {
        let done = match self.direction {
            Direction::Forwards => work.number - 1,
            Direction::Backwards => work.number,
        };
        self.standing(done, Some(work.number))
    }

    /// How far it is after an operation.
    fn after(&self, work: &Work) -> Unfinished {
        let done = match self.direction {
            Direction::Forwards => work.number,
            Direction::Backwards => work.number - 1,
        };
        self.standing(done, None)
    }

    fn standing(&self, done: usize, under_way: Option<usize>) -> Unfinished {
        Unfinished {
            direction: self.direction,
            done,
            total: self.migration.operations.len(),
            under_way,
            checksum: unfinished::checksum_of(self.migration, done, under_way),
        }
    }
}
