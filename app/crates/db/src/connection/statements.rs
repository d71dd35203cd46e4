//! Statements on a database and on a transaction: passed through, and noted in a dry run.

use sea_orm::{
    ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, Statement, prelude::async_trait::async_trait,
};

use super::{Database, Inner, Transaction, Write, dry_run::Shared, writes};

/// Refuses what a dry run could not take back.
fn check(sql: &str) -> Result<(), DbErr> {
    if writes::is_refused(sql) {
        let start: String = sql.chars().take(60).collect();
        return Err(DbErr::Custom(format!(
            "`{start}` cannot run in a dry run: it could not be rolled back or counted"
        )));
    }
    Ok(())
}

impl Shared {
    fn note(&self, sql: &str, rows: u64) {
        if let Some((verb, table)) = writes::classify(sql) {
            self.record(Write { verb, table, rows });
        }
    }
}

#[async_trait]
impl ConnectionTrait for Database {
    fn get_database_backend(&self) -> DbBackend {
        self.backend.into()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        match &self.inner {
            Inner::Pool(pool) => pool.execute_raw(statement).await,
            Inner::Dry(shared) => {
                let sql = statement.sql.clone();
                check(&sql)?;
                let result = shared.read().await?.get()?.execute_raw(statement).await?;
                shared.note(&sql, result.rows_affected());
                Ok(result)
            }
        }
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        match &self.inner {
            Inner::Pool(pool) => pool.execute_unprepared(sql).await,
            Inner::Dry(shared) => {
                check(sql)?;
                let result = shared.read().await?.get()?.execute_unprepared(sql).await?;
                shared.note(sql, result.rows_affected());
                Ok(result)
            }
        }
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        match &self.inner {
            Inner::Pool(pool) => pool.query_one_raw(statement).await,
            Inner::Dry(shared) => {
                let sql = statement.sql.clone();
                check(&sql)?;
                let row = shared.read().await?.get()?.query_one_raw(statement).await?;
                // `INSERT … RETURNING`, as SeaORM writes it.
                shared.note(&sql, u64::from(row.is_some()));
                Ok(row)
            }
        }
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        match &self.inner {
            Inner::Pool(pool) => pool.query_all_raw(statement).await,
            Inner::Dry(shared) => {
                let sql = statement.sql.clone();
                check(&sql)?;
                let rows = shared.read().await?.get()?.query_all_raw(statement).await?;
                shared.note(&sql, rows.len() as u64);
                Ok(rows)
            }
        }
    }
}

#[async_trait]
impl ConnectionTrait for Transaction {
    fn get_database_backend(&self) -> DbBackend {
        self.inner.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        if !self.is_recorded() {
            return self.inner.execute_raw(statement).await;
        }
        let sql = statement.sql.clone();
        check(&sql)?;
        let result = self.inner.execute_raw(statement).await?;
        self.note(&sql, result.rows_affected());
        Ok(result)
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        if self.is_recorded() {
            check(sql)?;
        }
        let result = self.inner.execute_unprepared(sql).await?;
        self.note(sql, result.rows_affected());
        Ok(result)
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        if !self.is_recorded() {
            return self.inner.query_one_raw(statement).await;
        }
        let sql = statement.sql.clone();
        check(&sql)?;
        let row = self.inner.query_one_raw(statement).await?;
        self.note(&sql, u64::from(row.is_some()));
        Ok(row)
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        if !self.is_recorded() {
            return self.inner.query_all_raw(statement).await;
        }
        let sql = statement.sql.clone();
        check(&sql)?;
        let rows = self.inner.query_all_raw(statement).await?;
        self.note(&sql, rows.len() as u64);
        Ok(rows)
    }
}
