//! Connections, model state, schema changes and the migration engine, for SQLite and PostgreSQL.
//!
//! The crate knows no web, no settings and no terminal: everything it has to say leaves as a value (an [`Error`],
//! a [`migrations::Progress`] event, a list of [`Write`]s).
//!
//! * [`Database`] is the one handle that the rest of the program queries through, [`DryRun`] its recording twin;
//! * [`Model`] names an entity, [`ProjectState`] is what all entities together say the tables look like;
//! * [`migrations`] reads, orders, applies and writes migration files;
//! * [`rows`] reads and writes rows of models that are known by name only;
//! * [`inspect`] shows the tables as the database has them, and where they drifted from the migrations;
//! * [`schema`] turns one operation into SQL, without touching a database.

pub mod backend;
pub mod bulk;
pub mod connection;
pub mod error;
pub mod flush;
pub mod inspect;
pub mod migrations;
pub mod model;
mod reflect;
mod remedy;
pub mod rows;
pub mod schema;
pub mod state;
mod violation;

pub use backend::Backend;
pub use connection::{Access, Client, ConnectOptions, Connection, Database, DryRun, Transaction, Verb, Write};
pub use error::Error;
pub use model::{Check, ManyToMany, Model, ModelIndex, ModuleModels, model};
pub use remedy::remedy;
pub use state::ProjectState;
pub use violation::{Violation, violation};
