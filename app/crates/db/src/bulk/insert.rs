//! The statements of a bulk create, and the choice between them.

use sea_orm::{QueryResult, Statement, Value};

use super::{
    DEFAULT_BATCH_SIZE,
    batches::{Batch, Batches},
    copy,
    encode::{Form, append, array_type},
    table::{Rows, Table, driver},
};
use crate::{
    Backend, Error,
    backend::{quote, quote_list},
    connection::Handle,
};

/// What to do with a row that is there already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Conflict {
    Fail,
    Ignore,
    Update { unique: Vec<&'static str>, fields: Vec<&'static str> },
}

/// What is wanted back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Want {
    Count,
    Rows,
}

pub(super) struct Insert<'a> {
    pub(super) table: &'a Table,
    pub(super) conflict: Conflict,
    pub(super) batch_size: Option<usize>,
    pub(super) want: Want,
}

/// What came of it.
#[derive(Default)]
pub(super) struct Inserted {
    pub(super) count: u64,
    /// Only when they were wanted.
    pub(super) rows: Vec<QueryResult>,
}

impl<'a> Insert<'a> {
    pub(super) fn counting(table: &'a Table, conflict: Conflict, batch_size: Option<usize>) -> Self {
        Insert { table, conflict, batch_size, want: Want::Count }
    }

    pub(super) async fn run(&self, db: Handle<'_>, rows: &mut dyn Rows) -> Result<Inserted, Error> {
        if rows.left() == 0 {
            return Ok(Inserted::default());
        }
        let plain = self.conflict == Conflict::Fail && self.want == Want::Count;
        if let Some(pool) = db.copy_pool().filter(|_| plain && rows.left() >= copy::WORTH_IT) {
            let mut transaction = pool.begin().await.map_err(driver)?;
            let count = copy::copy(&mut transaction, self.table, rows, self.batch_size).await?;
            transaction.commit().await.map_err(driver)?;
            return Ok(Inserted { count, rows: Vec::new() });
        }
        let own = db.begin().await?;
        let inserted = self.statements(own.as_ref().map_or(db, Handle::Transaction), rows).await?;
        if let Some(own) = own {
            own.commit().await?;
        }
        Ok(inserted)
    }

    async fn statements(&self, db: Handle<'_>, rows: &mut dyn Rows) -> Result<Inserted, Error> {
        let backend = db.backend();
        let limit = match backend {
            Backend::Sqlite => backend.bind_limit(),
            // One parameter a column, however many rows.
            Backend::Postgres => usize::MAX,
        };
        let size = self.batch_size.unwrap_or(DEFAULT_BATCH_SIZE).max(1);
        let mut batches = Batches::new(self.table, rows);
        // The text is written once for all full batches, so that the database prepares it once too.
        let mut written = (Vec::new(), 0, String::new());
        let mut inserted = Inserted::default();
        while let Some(batch) = batches.next(size, limit) {
            if written.0 != batch.columns || written.1 != batch.rows || written.2.is_empty() {
                written = (batch.columns.clone(), batch.rows, self.sql(backend, &batch));
            }
            let values = match backend {
                Backend::Sqlite => batch.values,
                Backend::Postgres => texts(arrays(self.table, &batch.columns, &batch.values)?),
            };
            let statement = Statement::from_sql_and_values(backend.into(), &written.2, values);
            match self.want {
                Want::Count => inserted.count += db.execute(statement).await?.rows_affected(),
                Want::Rows => inserted.rows.extend(db.query(statement).await?),
            }
        }
        inserted.count += inserted.rows.len() as u64;
        Ok(inserted)
    }

    fn sql(&self, backend: Backend, batch: &Batch) -> String {
        let mut sql = insert_sql(backend, self.table, &batch.columns, batch.rows);
        match &self.conflict {
            Conflict::Fail => {}
            Conflict::Ignore => sql.push_str(" ON CONFLICT DO NOTHING"),
            Conflict::Update { unique, fields } => {
                let set: Vec<String> = fields.iter().map(|field| format!("{0} = excluded.{0}", quote(field))).collect();
                let unique = quote_list(unique);
                sql.push_str(&format!(" ON CONFLICT ({unique}) DO UPDATE SET {}", set.join(", ")));
            }
        }
        if self.want == Want::Rows {
            let all = quote_list(self.table.columns.iter().map(|column| column.name));
            sql.push_str(&format!(" RETURNING {all}"));
        }
        sql
    }
}

/// The statement that inserts a batch, without what comes after its values.
pub(super) fn insert_sql(backend: Backend, table: &Table, columns: &[usize], rows: usize) -> String {
    let name = quote(&table.name);
    if columns.is_empty() {
        return format!("INSERT INTO {name} DEFAULT VALUES");
    }
    let names = quote_list(table.names(columns));
    let source = match backend {
        Backend::Sqlite => format!("VALUES {}", placeholders(columns.len(), rows)),
        Backend::Postgres => format!("SELECT * FROM {}", unnest(table, columns)),
    };
    format!("INSERT INTO {name} ({names}) {source}")
}

/// `(?,?),(?,?)` …
pub(super) fn placeholders(columns: usize, rows: usize) -> String {
    let row = format!("({})", vec!["?"; columns].join(","));
    vec![row; rows].join(",")
}

/// `UNNEST($1::text::bigint[], …)`: one array a column, as text, because SeaORM binds none. The text of the statement is
/// the same for any number of rows, and the limit on parameters does not matter.
pub(super) fn unnest(table: &Table, columns: &[usize]) -> String {
    let arrays: Vec<String> = columns
        .iter()
        .enumerate()
        .map(|(at, &column)| format!("${}::text::{}", at + 1, array_type(table.columns[column].kind)))
        .collect();
    format!("UNNEST({})", arrays.join(", "))
}

/// The array literals for [`unnest`], of values that stand row after row.
pub(super) fn arrays(table: &Table, columns: &[usize], values: &[Value]) -> Result<Vec<String>, Error> {
    let mut arrays = Vec::with_capacity(columns.len());
    for (at, &column) in columns.iter().enumerate() {
        let mut text = String::with_capacity(values.len() / columns.len() * 16);
        text.push('{');
        for value in values.iter().skip(at).step_by(columns.len()) {
            if text.len() > 1 {
                text.push(',');
            }
            append(&mut text, value, Form::Array)
                .map_err(|reason| table.refuse(format!("column {} {reason}", table.columns[column].name)))?;
        }
        text.push('}');
        arrays.push(text);
    }
    Ok(arrays)
}

/// As SeaORM binds them.
pub(super) fn texts(texts: Vec<String>) -> Vec<Value> {
    texts.into_iter().map(|text| Value::String(Some(text))).collect()
}
