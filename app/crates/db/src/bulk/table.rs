//! What the bulk helpers know of a table, without type parameters.

use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, DbErr, EntityTrait, IdenStatic, Iterable, PrimaryKeyToColumn, Value,
    sea_query::Expr,
};

use crate::{Error, reflect, state::FieldType};

/// A table and its columns, in the entity's order.
#[derive(Clone, Debug)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) columns: Vec<Column>,
    /// Which columns are the primary key.
    pub(super) key: Vec<usize>,
}

#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) kind: FieldType,
    /// Whether leaving it out is the same as NULL.
    pub(super) defaults_to_null: bool,
}

impl Table {
    /// That of an entity.
    pub(super) fn of<E: EntityTrait>() -> Result<Self, Error> {
        let name = E::default().table_name().to_owned();
        let mut columns = Vec::new();
        for column in E::Column::iter() {
            columns.push(describe(column).map_err(|reason| Error::Bulk {
                table: name.clone(),
                reason: format!("column {} {reason}", column.as_str()),
            })?);
        }
        let key = E::PrimaryKey::iter().map(|key| position::<E>(key.into_column())).collect();
        Ok(Table { name, columns, key })
    }

    /// A complaint about it.
    pub(super) fn refuse(&self, reason: impl Into<String>) -> Error {
        Error::Bulk { table: self.name.clone(), reason: reason.into() }
    }

    pub(super) fn names(&self, columns: &[usize]) -> Vec<&'static str> {
        columns.iter().map(|&column| self.columns[column].name).collect()
    }
}

fn describe(column: impl ColumnTrait) -> Result<Column, String> {
    let def = column.def();
    // A cast that SeaORM would put around each value has no place in a statement that is written once for all rows.
    if !matches!(column.save_as(Expr::val(Value::Int(None))), Expr::Value(_)) {
        return Err(
            "is saved through a cast (`save_as`), which bulk helpers cannot do; use SeaORM's `insert`".to_owned()
        );
    }
    Ok(Column {
        name: column.as_str(),
        kind: reflect::field_type(def.get_column_type())?,
        defaults_to_null: def.is_null() && def.get_column_default().is_none(),
    })
}

/// A column's place in [`Table::columns`].
pub(super) fn position<E: EntityTrait>(column: E::Column) -> usize {
    let name = column.as_str();
    // Every column is among its entity's columns.
    E::Column::iter().position(|other| other.as_str() == name).unwrap_or_default()
}

/// Rows to write, taken one after another.
pub(super) trait Rows: Send {
    /// The next row: per column of the table its value, `None` where it is not set.
    fn next_row(&mut self) -> Option<Vec<Option<Value>>>;

    /// How many there are still.
    fn left(&self) -> usize;
}

/// Active models, taken apart without copying what they hold.
pub(super) struct Models<A>(std::vec::IntoIter<A>);

impl<A> Models<A> {
    pub(super) fn new(rows: Vec<A>) -> Self {
        Models(rows.into_iter())
    }
}

impl<A: ActiveModelTrait + Send> Rows for Models<A> {
    fn next_row(&mut self) -> Option<Vec<Option<Value>>> {
        let mut row = self.0.next()?;
        let columns = <A::Entity as EntityTrait>::Column::iter();
        Some(columns.map(|column| value(row.take(column))).collect())
    }

    fn left(&self) -> usize {
        self.0.len()
    }
}

/// Rows that were taken apart before.
pub(super) struct Given(std::vec::IntoIter<Vec<Option<Value>>>);

impl Given {
    pub(super) fn new(rows: Vec<Vec<Option<Value>>>) -> Self {
        Given(rows.into_iter())
    }
}

impl Rows for Given {
    fn next_row(&mut self) -> Option<Vec<Option<Value>>> {
        self.0.next()
    }

    fn left(&self) -> usize {
        self.0.len()
    }
}

pub(super) fn value(value: ActiveValue<Value>) -> Option<Value> {
    match value {
        ActiveValue::Set(value) | ActiveValue::Unchanged(value) => Some(value),
        ActiveValue::NotSet => None,
    }
}

/// An error of PostgreSQL's driver as SeaORM would report it.
pub(super) fn driver(error: sea_orm::sqlx::Error) -> Error {
    Error::Database(DbErr::Exec(sea_orm::RuntimeErr::SqlxError(error.into())))
}
