//! `COPY … FROM STDIN`: the fastest way into PostgreSQL for many rows.

use sea_orm::{
    Value,
    sqlx::{self, AssertSqlSafe, PgConnection},
};

use super::{
    DEFAULT_BATCH_SIZE,
    batches::{Batch, Batches},
    encode::{Form, append},
    insert::{arrays, insert_sql},
    table::{Rows, Table, driver},
};
use crate::{
    Backend, Error,
    backend::{quote, quote_list},
};

/// From this many rows on, `COPY` is used where it can be. It takes less of the server's time than `UNNEST`, but sqlx
/// leaves Nagle's algorithm on, and so the end of each `COPY` may wait 40 ms for an acknowledgement
/// (`cargo xtask bench bulk` shows both).
pub(super) const WORTH_IT: usize = 10_000;

/// Sends all rows on a connection that is in a transaction, `batch_size` at a time.
pub(super) async fn copy(
    connection: &mut PgConnection,
    table: &Table,
    rows: &mut dyn Rows,
    batch_size: Option<usize>,
) -> Result<u64, Error> {
    let step = batch_size.unwrap_or(DEFAULT_BATCH_SIZE).max(1);
    let mut batches = Batches::new(table, rows);
    let mut next = batches.next(WORTH_IT, usize::MAX);
    let mut copied = 0;
    while let Some(batch) = next {
        if batch.rows < WORTH_IT {
            // A few rows that set other columns than those around them, or all that is left.
            copied += insert(connection, table, &batch, step).await?;
            next = batches.next(WORTH_IT, usize::MAX);
            continue;
        }
        let columns = quote_list(table.names(&batch.columns));
        let sql = format!("COPY {} ({columns}) FROM STDIN", quote(&table.name));
        let mut copy = connection.copy_in_raw(&sql).await.map_err(driver)?;
        let mut current = Some(batch);
        next = None;
        while let Some(batch) = current.take() {
            for values in batch.values.chunks(step * batch.columns.len()) {
                match lines(table, &batch.columns, values) {
                    Ok(lines) => drop(copy.send(lines.as_bytes()).await.map_err(driver)?),
                    Err(error) => {
                        copy.abort("a value cannot be written").await.map_err(driver)?;
                        return Err(error);
                    }
                }
            }
            match batches.next(WORTH_IT, usize::MAX) {
                Some(more) if more.columns == batch.columns => current = Some(more),
                other => next = other,
            }
        }
        copied += copy.finish().await.map_err(driver)?;
    }
    Ok(copied)
}

async fn insert(connection: &mut PgConnection, table: &Table, batch: &Batch, step: usize) -> Result<u64, Error> {
    let sql = insert_sql(Backend::Postgres, table, &batch.columns, batch.rows);
    if batch.columns.is_empty() {
        let inserted = sqlx::query(AssertSqlSafe(sql)).execute(connection).await.map_err(driver)?;
        return Ok(inserted.rows_affected());
    }
    let mut inserted = 0;
    for values in batch.values.chunks(step * batch.columns.len()) {
        let mut query = sqlx::query(AssertSqlSafe(sql.as_str()));
        for array in arrays(table, &batch.columns, values)? {
            query = query.bind(array);
        }
        inserted += query.execute(&mut *connection).await.map_err(driver)?.rows_affected();
    }
    Ok(inserted)
}

fn lines(table: &Table, columns: &[usize], values: &[Value]) -> Result<String, Error> {
    let mut text = String::with_capacity(values.len() * 16);
    for row in values.chunks(columns.len()) {
        for (at, (value, &column)) in row.iter().zip(columns).enumerate() {
            if at > 0 {
                text.push('\t');
            }
            append(&mut text, value, Form::Copy)
                .map_err(|reason| table.refuse(format!("column {} {reason}", table.columns[column].name)))?;
        }
        text.push('\n');
    }
    Ok(text)
}
