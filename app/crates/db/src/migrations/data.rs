//! Functions of the program that data migrations call by name.

use std::{collections::BTreeMap, future::Future, pin::Pin};

use crate::{ProjectState, Transaction};

/// What a data migration's function returns; the error's text reaches the person who migrates.
pub type DataResult = Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// The future of a data migration's function.
pub type DataFuture<'a> = Pin<Box<dyn Future<Output = DataResult> + Send + 'a>>;

/// A data migration's function. It gets the migration's transaction and the tables as they are at that point of the
/// history: it must read and write by those names (see [`crate::rows`]), not through today's entities, which may have
/// other columns by the time somebody migrates from the beginning.
///
/// ```ignore
/// fn split_names<'a>(tx: &'a Transaction, state: &'a ProjectState) -> DataFuture<'a> {
///     Box::pin(async move {
///         let people = state.table("people.Person")?;
///         let mut batches = people.select().batches(500);
///         while let Some(rows) = batches.next(tx).await? {
///             for mut row in rows {
///                 let name: String = row.get("name")?;
///                 let (first, last) = name.split_once(' ').unwrap_or((&name, ""));
///                 row.set("first_name", first);
///                 row.set("last_name", last);
///                 people.update(tx, &row).await?;
///             }
///         }
///         Ok(())
///     })
/// }
/// ```
pub type DataFunction = for<'a> fn(&'a Transaction, &'a ProjectState) -> DataFuture<'a>;

/// The registered functions, by the name that `run_rust` uses.
#[derive(Clone, Debug, Default)]
pub struct Functions {
    functions: BTreeMap<String, DataFunction>,
}

impl Functions {
    /// Registers a function, in place of an earlier one of the same name.
    pub fn insert(&mut self, name: impl Into<String>, function: DataFunction) {
        self.functions.insert(name.into(), function);
    }

    /// The function of that name.
    pub fn get(&self, name: &str) -> Option<DataFunction> {
        self.functions.get(name).copied()
    }

    /// The registered names, for an error's text.
    pub(super) fn names(&self) -> String {
        if self.functions.is_empty() {
            return "none".to_owned();
        }
        self.functions.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
    }
}
