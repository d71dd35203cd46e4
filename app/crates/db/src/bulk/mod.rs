//! Many rows at once: create, update, delete in steps, several models in the order of their foreign keys, what a
//! deletion would do, the difference between what is there and what is wanted, and the links of join tables.
//!
//! A step is [`DEFAULT_BATCH_SIZE`] rows unless another number is given, and never more than the backend can bind. What
//! takes several statements is one transaction: all or nothing. Everything works on a [`Database`](crate::Database), in a
//! [`Transaction`](crate::Transaction) and in a dry run, whose record counts the rows. SeaORM's hooks (`before_save`) are
//! not called, as SeaORM's own `insert_many` does not.

mod batches;
mod copy;
mod create;
mod delete;
mod difference;
mod encode;
mod import;
mod insert;
mod links;
mod order;
mod simulate;
mod table;
mod update;

pub use create::{Create, OnConflict, create};
pub use delete::{Delete, delete, delete_where};
pub use difference::{Applied, Difference, difference};
pub use import::{Created, Import};
pub use links::{Links, Relinked};
pub use simulate::{Deletion, Referencing, RowKey, simulate_delete};
pub use update::{Update, Updated, update};

/// How many rows go in one step when nobody says otherwise.
pub const DEFAULT_BATCH_SIZE: usize = 1000;
