//! The crate from the outside.

mod changes;
mod model;
mod names;
mod register;
mod sources;
mod templates;
