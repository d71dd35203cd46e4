//! The crate from the outside.

mod changes;
mod model;
mod names;
mod register;
mod sets;
mod sources;
mod templates;
