//! The development server.

mod plain;
