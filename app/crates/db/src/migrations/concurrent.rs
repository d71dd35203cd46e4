//! Indexes that PostgreSQL builds and drops while others go on writing. That is no transaction: one that is stopped or
//! fails leaves an index that is marked invalid and that nothing uses.

use sea_orm::{ConnectionTrait, DbErr, Statement};

use super::{AddIndex, RemoveIndex, Work, run::Run};
use crate::{Database, Error, backend::quote};

/// What an operation came to, and whether its failure left everything as it was before.
type Done = (Result<(), Error>, bool);

impl Run<'_> {
    pub(super) async fn build(&self, session: &Database, work: &Work, op: &AddIndex) -> Result<Done, Error> {
        let change = self.change(work);
        let table = change.table_after(&op.model).map_err(|reason| self.unfit(work, reason))?;
        match index(session, table, &op.index.name).await? {
            // Built before the last run died, which only had no time to say so.
            Some(Built::Valid) if self.was_under_way(work) => return Ok((Ok(()), false)),
            Some(Built::Invalid) => drop_leftover(session, &op.index.name).await?,
            _ => {}
        }
        let done = self.run_statements(session, work, &[]).await;
        if done.is_err() && matches!(index(session, table, &op.index.name).await?, Some(Built::Invalid)) {
            drop_leftover(session, &op.index.name).await?;
        }
        Ok((done, true))
    }

    pub(super) async fn take_away(&self, session: &Database, work: &Work, op: &RemoveIndex) -> Result<Done, Error> {
        let change = self.change(work);
        let table = change.table_before(&op.model).map_err(|reason| self.unfit(work, reason))?;
        if self.was_under_way(work) && index(session, table, &op.index.name).await?.is_none() {
            return Ok((Ok(()), false));
        }
        let done = self.run_statements(session, work, &[]).await;
        let half = done.is_err() && matches!(index(session, table, &op.index.name).await?, Some(Built::Invalid));
        Ok((done, !half))
    }
}

/// What PostgreSQL says about an index.
enum Built {
    Valid,
    Invalid,
}

async fn index(session: &Database, table: &str, name: &str) -> Result<Option<Built>, DbErr> {
    let sql = "SELECT i.indisvalid AS valid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
               JOIN pg_class t ON t.oid = i.indrelid \
               WHERE c.relnamespace = current_schema()::regnamespace AND c.relname = $1 AND t.relname = $2";
    let statement = Statement::from_sql_and_values(session.backend().into(), sql, [name.into(), table.into()]);
    let Some(row) = session.query_one_raw(statement).await? else { return Ok(None) };
    Ok(Some(if row.try_get("", "valid")? { Built::Valid } else { Built::Invalid }))
}

async fn drop_leftover(session: &Database, name: &str) -> Result<(), DbErr> {
    session.execute_unprepared(&format!("DROP INDEX CONCURRENTLY {}", quote(name))).await.map(drop)
}
