//! The crate from outside: one test program, a fresh database per test, SQLite and PostgreSQL by the same bodies.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::disallowed_methods,
    missing_docs,
    unreachable_pub,
    reason = "tests"
)]

mod autodetect;
mod broken;
mod bulk;
mod bulk_import;
mod bulk_types;
mod connection;
mod deletion;
mod dry_run;
mod entities;
mod executor;
mod files;
mod fixture;
mod flush;
mod graph;
mod initial;
mod inspect;
mod killed;
mod links;
mod optimized;
mod optimizer;
mod postgres;
mod processes;
mod property;
mod property_models;
mod random;
mod rebuild;
mod reflect;
mod relations;
mod rows;
mod schema;
mod script;
mod squash;
mod squashed;
mod stepwise;
mod support;
