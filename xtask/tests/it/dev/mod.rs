//! The development server.

mod builder;
mod plain;
