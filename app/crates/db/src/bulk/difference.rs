//! What must be created, updated and deleted to turn one set of rows into another.

use std::collections::HashMap;

use sea_orm::{
    ActiveModelTrait, EntityTrait, IdenStatic, IntoActiveModel, Iterable, ModelTrait, PrimaryKeyToColumn, Value,
};

use super::{
    create, delete,
    encode::NULL,
    table::value,
    update,
    update::{Updated, key_text},
};
use crate::{Connection, Error, connection::Handle};

type Model<A> = <<A as ActiveModelTrait>::Entity as EntityTrait>::Model;
type Column<A> = <<A as ActiveModelTrait>::Entity as EntityTrait>::Column;

/// The difference between the rows that are there and those that are wanted; see [`difference`].
#[derive(Clone, Debug)]
pub struct Difference<A: ActiveModelTrait> {
    /// Wanted, and not there.
    pub create: Vec<A>,
    /// There with other values in the fields compared. They have the primary key of the row that is there.
    pub update: Vec<A>,
    /// There, and not wanted.
    pub delete: Vec<Model<A>>,
    /// There as wanted.
    pub unchanged: Vec<Model<A>>,
    fields: Vec<Column<A>>,
}

/// What applying a difference did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Rows created.
    pub created: u64,
    /// Rows updated, and those that were gone meanwhile.
    pub updated: Updated,
    /// Rows deleted.
    pub deleted: u64,
}

/// Compares two sets of rows. Rows belong together when they have the same values in the columns `by`; they differ when
/// one of `fields` does that the wanted row sets (one it leaves out stays as it is).
///
/// # Errors
/// [`Error::Bulk`] when a wanted row leaves out a column of `by`, or when two rows of one set have the same values there.
pub fn difference<A>(
    existing: Vec<Model<A>>,
    wanted: Vec<A>,
    by: &[Column<A>],
    fields: &[Column<A>],
) -> Result<Difference<A>, Error>
where
    A: ActiveModelTrait,
    Model<A>: IntoActiveModel<A>,
{
    let refuse = |reason: String| Error::Bulk {
        table: sea_orm::EntityName::table_name(&A::Entity::default()).to_owned(),
        reason,
    };
    let names: Vec<&str> = by.iter().map(|column| column.as_str()).collect();
    let names = names.join(", ");
    let key = |values: Vec<Value>| key_text(&values).map_err(&refuse);
    let twice = |key: &str| {
        refuse(format!("two rows have the same {names}: {}", key.replace('\u{1f}', ", ").replace(NULL, "NULL")))
    };
    let mut there: HashMap<String, (usize, Model<A>)> = HashMap::with_capacity(existing.len());
    for (at, model) in existing.into_iter().enumerate() {
        let key = key(by.iter().map(|column| model.get(*column)).collect())?;
        if there.contains_key(&key) {
            return Err(twice(&key));
        }
        there.insert(key, (at, model));
    }
    let mut difference = Difference {
        create: Vec::new(),
        update: Vec::new(),
        delete: Vec::new(),
        unchanged: Vec::new(),
        fields: fields.to_vec(),
    };
    let mut seen = std::collections::HashSet::with_capacity(wanted.len());
    for (number, mut row) in (1..).zip(wanted) {
        let values: Option<Vec<Value>> = by.iter().map(|column| value(row.get(*column))).collect();
        let values = values.ok_or_else(|| refuse(format!("row {number} does not set all of {names}")))?;
        let key = key(values)?;
        if !seen.insert(key.clone()) {
            return Err(twice(&key));
        }
        let Some((_, model)) = there.remove(&key) else {
            difference.create.push(row);
            continue;
        };
        let differs = |column: &Column<A>| value(row.get(*column)).is_some_and(|wanted| wanted != model.get(*column));
        if !fields.iter().any(differs) {
            difference.unchanged.push(model);
            continue;
        }
        for key in <A::Entity as EntityTrait>::PrimaryKey::iter() {
            let column = key.into_column();
            row.set(column, model.get(column));
        }
        for column in fields {
            // An update sets the same fields in every row.
            if row.is_not_set(*column) {
                row.set(*column, model.get(*column));
            }
        }
        difference.update.push(row);
    }
    let mut gone: Vec<(usize, Model<A>)> = there.into_values().collect();
    gone.sort_unstable_by_key(|(at, _)| *at);
    difference.delete = gone.into_iter().map(|(_, model)| model).collect();
    Ok(difference)
}

impl<A> Difference<A>
where
    A: ActiveModelTrait + Send,
    Model<A>: IntoActiveModel<A>,
{
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.create.is_empty() && self.update.is_empty() && self.delete.is_empty()
    }

    /// Deletes, updates and creates (in this order, so that unique values are free again), all or nothing.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn apply(self, db: &impl Connection, batch_size: Option<usize>) -> Result<Applied, Error> {
        let own = db.handle().begin().await?;
        let applied = match (&own, db.handle()) {
            (Some(own), _) | (None, Handle::Transaction(own)) => self.write(own, batch_size).await?,
            (None, Handle::Database(database)) => self.write(database, batch_size).await?,
        };
        if let Some(own) = own {
            own.commit().await?;
        }
        Ok(applied)
    }

    async fn write(self, db: &impl Connection, batch_size: Option<usize>) -> Result<Applied, Error> {
        let mut applied = Applied::default();
        if !self.delete.is_empty() {
            let keys = self.delete.iter().map(ModelTrait::get_primary_key_value);
            applied.deleted = delete::by_values::<A::Entity>(keys).batch_size(batch_size).exec(db).await?;
        }
        if !self.update.is_empty() {
            applied.updated = update(self.update, self.fields).batch_size(batch_size).exec(db).await?;
        }
        applied.created = create(self.create).batch_size(batch_size).exec(db).await?;
        Ok(applied)
    }
}
