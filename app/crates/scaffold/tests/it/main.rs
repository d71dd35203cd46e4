//! The crate from the outside.

mod model;
mod register;
mod templates;
