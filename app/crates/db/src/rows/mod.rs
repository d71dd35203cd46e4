//! Rows of a model as a [`ProjectState`] describes it: for data migrations, which must see the tables as they were at
//! that point of the history, and for tools that know models only by name (`dumpdata`, `loaddata`).
//!
//! ```ignore
//! let users = state.table("users.User")?;
//! let mut batches = users.select().filter("country", "DE").batches(500);
//! while let Some(rows) = batches.next(tx).await? {
//!     for mut row in rows {
//!         let name: String = row.get("full_name")?;
//!         row.set("first_name", name.split(' ').next().unwrap_or_default());
//!         users.update(tx, &row).await?;
//!     }
//! }
//! users.insert(tx, [Row::new().with("email", "ada@example.org").with("is_active", true)]).await?;
//! ```

mod cell;
mod condition;
mod error;
mod numbers;
mod query;
mod row;
mod select;
mod write;

pub use condition::{Condition, Lookup};
pub use error::RowError;
pub use query::{Direction, Query};
pub use row::{FromCell, Row};
pub use select::{Batches, Select};
pub use write::OnConflict;

use crate::{
    Error, ProjectState,
    state::{Field, ModelKey, ModelState},
};

/// The table of a model, at some point of the history. Copying it is free.
#[derive(Clone, Copy, Debug)]
pub struct Table<'a> {
    key: &'a ModelKey,
    model: &'a ModelState,
}

impl ProjectState {
    /// The table of the model `module.Model`; the model's name in any case.
    ///
    /// # Errors
    /// [`RowError::NoModel`], with the names there are.
    pub fn table(&self, model: &str) -> Result<Table<'_>, Error> {
        let found = self.models().find(|(key, _)| is_called(key, model));
        let (key, model) = found.ok_or_else(|| RowError::NoModel {
            model: model.to_owned(),
            known: self.models().map(|(key, _)| key.to_string()).collect::<Vec<_>>().join(", "),
        })?;
        Ok(Table { key, model })
    }

    /// The tables of all models, in alphabetical order of the models.
    pub fn tables(&self) -> impl Iterator<Item = Table<'_>> {
        self.models().map(|(key, model)| Table { key, model })
    }
}

fn is_called(key: &ModelKey, name: &str) -> bool {
    let parts = name.split_once('.');
    parts.is_some_and(|(module, name)| key.module == module && key.name.to_lowercase() == name.to_lowercase())
}

impl<'a> Table<'a> {
    /// The model's full name.
    pub fn key(&self) -> &'a ModelKey {
        self.key
    }

    /// The table's name.
    pub fn name(&self) -> &'a str {
        &self.model.table
    }

    /// The columns, in order.
    pub fn fields(&self) -> &'a [Field] {
        &self.model.fields
    }

    /// The column of that name.
    ///
    /// # Errors
    /// [`RowError::NoField`], with the names there are.
    pub fn field(&self, name: &str) -> Result<&'a Field, Error> {
        let unknown = || RowError::NoField {
            model: self.key.to_string(),
            field: name.to_owned(),
            known: self.fields().iter().map(|field| field.name.as_str()).collect::<Vec<_>>().join(", "),
        };
        Ok(self.model.field(name).ok_or_else(unknown)?)
    }

    /// The columns of the primary key.
    pub fn primary_key(&self) -> Vec<&'a Field> {
        self.model.primary_key()
    }

    fn refuse(&self, field: &str, reason: impl Into<String>) -> Error {
        RowError::Cell { model: self.key.to_string(), field: field.to_owned(), reason: reason.into() }.into()
    }
}
