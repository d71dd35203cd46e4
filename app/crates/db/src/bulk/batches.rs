//! Rows cut into steps, each of which sets the same columns.

use sea_orm::Value;

use super::table::{Rows, Table};

/// Consecutive rows that set the same columns.
#[derive(Debug)]
pub(super) struct Batch {
    /// Which columns of the table.
    pub(super) columns: Vec<usize>,
    /// Their values, row after row.
    pub(super) values: Vec<Value>,
    pub(super) rows: usize,
}

/// Cuts rows into batches and keeps their order. A row that leaves out a column with a default of its own begins a new
/// batch: SQLite has no way to ask for the default of a single value.
pub(super) struct Batches<'a> {
    table: &'a Table,
    rows: &'a mut dyn Rows,
    /// The row that did not fit into the batch before.
    next: Option<Vec<Option<Value>>>,
}

impl<'a> Batches<'a> {
    pub(super) fn new(table: &'a Table, rows: &'a mut dyn Rows) -> Self {
        Batches { table, rows, next: None }
    }

    /// The next batch: at most `size` rows, and at most `limit` values.
    pub(super) fn next(&mut self, size: usize, limit: usize) -> Option<Batch> {
        let first = self.next.take().or_else(|| self.rows.next_row())?;
        let columns: Vec<usize> = (0..first.len()).filter(|&column| first[column].is_some()).collect();
        // Without any column it is `DEFAULT VALUES`, one row a statement.
        let most = if columns.is_empty() { 1 } else { size.min(limit / columns.len()).max(1) };
        let mut batch = Batch { values: Vec::with_capacity(columns.len() * most), columns, rows: 0 };
        self.take(&mut batch, first);
        while batch.rows < most {
            let Some(row) = self.rows.next_row() else { break };
            if !self.fits(&batch, &row) {
                self.next = Some(row);
                break;
            }
            self.take(&mut batch, row);
        }
        Some(batch)
    }

    fn fits(&self, batch: &Batch, row: &[Option<Value>]) -> bool {
        let mut set = batch.columns.iter().copied().peekable();
        row.iter().enumerate().all(|(column, value)| match (set.next_if_eq(&column).is_some(), value) {
            (true, None) => self.table.columns[column].defaults_to_null,
            (in_batch, value) => in_batch == value.is_some(),
        })
    }

    fn take(&self, batch: &mut Batch, mut row: Vec<Option<Value>>) {
        // Both encoders and SQLite take this for a NULL of any type.
        let null = Value::String(None);
        batch.values.extend(batch.columns.iter().map(|&column| row[column].take().unwrap_or_else(|| null.clone())));
        batch.rows += 1;
    }
}
