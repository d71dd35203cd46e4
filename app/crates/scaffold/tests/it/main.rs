//! The crate from the outside.

mod model;
mod templates;
