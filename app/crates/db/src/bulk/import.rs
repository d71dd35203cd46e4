//! Rows of several models in one transaction, in the order that their foreign keys ask for.

use std::collections::HashMap;

use sea_orm::{ActiveModelTrait, DbBackend, EntityTrait, Schema, Statement, Value, sea_query::TableRef};

use super::{
    Create, copy,
    create::Prepared,
    encode::NULL,
    insert::Insert,
    order::order,
    table::{Given, Rows, Table, driver},
    update::key_text,
};
use crate::{Backend, Connection, Error, backend::literal, backend::quote, connection::Handle};

/// Rows of several models, to be created together: all or nothing.
///
/// Models are written in topological order of their foreign keys, whatever the order they were added in; rows of a model
/// that references itself come after those that they point at, and when they point at each other in a circle, the check
/// waits until all are there.
#[derive(Default)]
#[must_use = "nothing is written before `exec`"]
pub struct Import {
    parts: Vec<Part>,
    batch_size: Option<usize>,
}

/// How many rows of one model an import created (or updated, where that was asked for).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Created {
    /// The model's table.
    pub table: String,
    /// The rows.
    pub rows: u64,
}

struct Part {
    prepared: Prepared,
    rows: Box<dyn Rows>,
    references: Vec<Foreign>,
}

/// A foreign key, by names.
struct Foreign {
    column: String,
    table: String,
    target: String,
}

impl Import {
    /// Nothing yet.
    pub fn new() -> Self {
        Import::default()
    }

    /// How many rows go in one step, for the models that do not say so themselves.
    pub fn batch_size(mut self, rows: impl Into<Option<usize>>) -> Self {
        self.batch_size = rows.into();
        self
    }

    /// Adds rows of one model.
    ///
    /// # Errors
    /// [`Error::Bulk`] for an entity that cannot be written so.
    pub fn with<A: ActiveModelTrait + Send + 'static>(mut self, create: Create<A>) -> Result<Self, Error> {
        let (prepared, rows) = create.prepare()?;
        self.parts.push(Part { prepared, rows: Box::new(rows), references: foreign_keys::<A::Entity>() });
        Ok(self)
    }

    /// Writes everything, and says what was created, in the order it was.
    ///
    /// # Errors
    /// [`Error::CircularModels`] when the models reference each other in a circle, [`Error::Database`].
    pub async fn exec(self, db: &impl Connection) -> Result<Vec<Created>, Error> {
        self.write(db.handle()).await
    }

    async fn write(mut self, db: Handle<'_>) -> Result<Vec<Created>, Error> {
        let needs: Vec<Vec<usize>> = self.parts.iter().map(|part| self.needs(part)).collect();
        let ordered = order(&needs).map_err(|circle| {
            let tables = circle.into_iter().map(|at| self.parts[at].prepared.table.name.clone());
            Error::CircularModels(tables.collect())
        })?;
        let mut parts: Vec<Option<Part>> = self.parts.drain(..).map(Some).collect();
        let mut sorted = Vec::with_capacity(parts.len());
        for at in ordered {
            let Some(mut part) = parts[at].take() else { continue };
            part.prepared.batch_size = part.prepared.batch_size.or(self.batch_size);
            let circular = part.sort()?;
            sorted.push((part, circular));
        }
        let plain = sorted.iter().all(|(part, circular)| !circular && part.prepared.is_plain());
        let many = sorted.iter().any(|(part, _)| part.rows.left() >= copy::WORTH_IT);
        if let Some(pool) = db.copy_pool().filter(|_| plain && many) {
            let mut transaction = pool.begin().await.map_err(driver)?;
            let mut created = Vec::new();
            for (Part { prepared, mut rows, .. }, _) in sorted {
                let rows = copy::copy(&mut transaction, &prepared.table, &mut *rows, prepared.batch_size).await?;
                created.push(Created { table: prepared.table.name, rows });
            }
            transaction.commit().await.map_err(driver)?;
            return Ok(created);
        }
        let own = db.begin().await?;
        let db = own.as_ref().map_or(db, Handle::Transaction);
        let mut created = Vec::new();
        for (mut part, circular) in sorted {
            let check = if circular { Check::AfterAll } else { Check::EachStep };
            created.push(part.write(db, check).await?);
        }
        if let Some(own) = own {
            own.commit().await?;
        }
        Ok(created)
    }

    /// The parts that must be there before `part`. Another part of the same table is no need: it comes as it was added.
    fn needs(&self, part: &Part) -> Vec<usize> {
        let table = &part.prepared.table.name;
        let targets = part.references.iter().map(|foreign| &foreign.table).filter(|target| *target != table);
        let mut needs: Vec<usize> = targets
            .flat_map(|target| (0..self.parts.len()).filter(|&at| self.parts[at].prepared.table.name == *target))
            .collect();
        needs.sort_unstable();
        needs.dedup();
        needs
    }
}

/// When foreign keys of a model's rows are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Check {
    EachStep,
    AfterAll,
}

impl Part {
    async fn write(&mut self, db: Handle<'_>, check: Check) -> Result<Created, Error> {
        let Prepared { table, conflict, batch_size } = &self.prepared;
        if check == Check::AfterAll {
            let defer = match db.backend() {
                Backend::Sqlite => "PRAGMA defer_foreign_keys = ON",
                Backend::Postgres => "SET CONSTRAINTS ALL DEFERRED",
            };
            db.execute(Statement::from_string(db.backend().into(), defer)).await?;
        }
        let insert = Insert::counting(table, conflict.clone(), *batch_size);
        let inserted = insert.run(db, &mut *self.rows).await?;
        if check == Check::AfterAll {
            check_all(db, &self.prepared.table).await?;
        }
        Ok(Created { table: self.prepared.table.name.clone(), rows: inserted.count })
    }

    /// Puts rows that reference others of the same model after them. True when some do so in a circle.
    fn sort(&mut self) -> Result<bool, Error> {
        let table = &self.prepared.table;
        let column = |name: &str| table.columns.iter().position(|column| column.name == name);
        let own: Vec<(usize, usize)> = self
            .references
            .iter()
            .filter(|foreign| foreign.table == table.name)
            .filter_map(|foreign| Some((column(&foreign.column)?, column(&foreign.target)?)))
            .collect();
        if own.is_empty() {
            return Ok(false);
        }
        let mut rows = Vec::with_capacity(self.rows.left());
        while let Some(row) = self.rows.next_row() {
            rows.push(row);
        }
        let mut needs = vec![Vec::new(); rows.len()];
        let text = |value: &Option<Value>| {
            value.as_ref().and_then(|value| key_text(std::slice::from_ref(value)).ok()).filter(|text| text != NULL)
        };
        for (from, to) in own {
            let targets: HashMap<String, usize> =
                rows.iter().enumerate().filter_map(|(at, row)| Some((text(&row[to])?, at))).collect();
            for (row, needs) in rows.iter().zip(&mut needs) {
                needs.extend(text(&row[from]).and_then(|text| targets.get(&text).copied()));
            }
        }
        let (ordered, circular) = match order(&needs) {
            Ok(ordered) => (ordered, false),
            Err(_) => ((0..rows.len()).collect(), true),
        };
        let mut rows: Vec<Option<Vec<Option<Value>>>> = rows.into_iter().map(Some).collect();
        let sorted: Vec<Vec<Option<Value>>> = ordered.into_iter().filter_map(|at| rows[at].take()).collect();
        self.rows = Box::new(Given::new(sorted));
        Ok(circular)
    }
}

/// What the end of the transaction would find: a dry run never comes to it.
async fn check_all(db: Handle<'_>, table: &Table) -> Result<(), Error> {
    if db.backend() == Backend::Postgres {
        db.execute(Statement::from_string(DbBackend::Postgres, "SET CONSTRAINTS ALL IMMEDIATE")).await?;
        return Ok(());
    }
    let sql = format!("SELECT parent FROM pragma_foreign_key_check({}) LIMIT 1", literal(&table.name));
    if let Some(row) = db.query(Statement::from_string(DbBackend::Sqlite, sql)).await?.first() {
        let parent: String = row.try_get_by_index(0)?;
        return Err(table.refuse(format!("a row references a row of {} that does not exist", quote(&parent))));
    }
    db.execute(Statement::from_string(DbBackend::Sqlite, "PRAGMA defer_foreign_keys = OFF")).await?;
    Ok(())
}

/// The foreign keys that an entity says it has; those over several columns are left out, as migrations refuse them.
fn foreign_keys<E: EntityTrait>() -> Vec<Foreign> {
    let create = Schema::new(DbBackend::Sqlite).create_table_from_entity(E::default());
    let keys = create.get_foreign_key_create_stmts().iter().map(|key| key.get_foreign_key());
    keys.filter_map(|key| {
        let Some(TableRef::Table(table, _)) = key.get_ref_table() else { return None };
        let (column, target) = (key.get_columns().first()?.clone(), key.get_ref_columns().first()?.clone());
        Some(Foreign { column, table: table.1.to_string(), target })
    })
    .collect()
}
