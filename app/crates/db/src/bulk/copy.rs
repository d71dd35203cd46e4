//! `COPY … FROM STDIN`: the fastest way into PostgreSQL.

use sea_orm::sqlx::{self, AssertSqlSafe, PgConnection};

use super::{
    batches::{Batch, Batches},
    encode::{Form, append},
    table::{Rows, Table, driver},
};
use crate::{
    Error,
    backend::{quote, quote_list},
};

/// From this many rows on, `COPY` is used where it can be. Below, its round trips cost more than it saves
/// (`cargo xtask bench bulk`).
pub(super) const WORTH_IT: usize = 500;

/// How many rows one `COPY` sends when nobody says otherwise: they are encoded in memory first.
const BATCH: usize = 10_000;

/// Sends all rows, `batch_size` at a time, on a connection that is in a transaction.
pub(super) async fn copy(
    connection: &mut PgConnection,
    table: &Table,
    rows: &mut dyn Rows,
    batch_size: Option<usize>,
) -> Result<u64, Error> {
    let size = batch_size.unwrap_or(BATCH).max(1);
    let mut batches = Batches::new(table, rows);
    let mut copied = 0;
    while let Some(batch) = batches.next(size, usize::MAX) {
        if batch.columns.is_empty() {
            // A line of no fields cannot be written: to `COPY` an empty one has one field.
            let sql = format!("INSERT INTO {} DEFAULT VALUES", quote(&table.name));
            sqlx::query(AssertSqlSafe(sql)).execute(&mut *connection).await.map_err(driver)?;
            copied += 1;
            continue;
        }
        // Everything is encoded before anything is sent: a value that cannot be must not leave a `COPY` open.
        let lines = lines(table, &batch)?;
        let columns = quote_list(table.names(&batch.columns));
        let sql = format!("COPY {} ({columns}) FROM STDIN", quote(&table.name));
        let mut copy = connection.copy_in_raw(&sql).await.map_err(driver)?;
        copy.send(lines.as_bytes()).await.map_err(driver)?;
        copied += copy.finish().await.map_err(driver)?;
    }
    Ok(copied)
}

fn lines(table: &Table, batch: &Batch) -> Result<String, Error> {
    let mut text = String::with_capacity(batch.values.len() * 16);
    for row in batch.values.chunks(batch.columns.len()) {
        for (at, (value, &column)) in row.iter().zip(&batch.columns).enumerate() {
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
