//! The crate from the outside.

mod model;
mod names;
mod register;
mod sources;
mod templates;
