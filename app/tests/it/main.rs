//! Integration tests of the product: its commands through the real binary, its pages through the test client.

mod accounts;
mod binary;
mod carried;
mod collectstatic;
mod commands;
mod databases;
mod doctor;
mod dumps;
mod keys;
mod pages;
#[expect(dead_code, unreachable_pub, clippy::unwrap_used, reason = "it is the file of `db`'s tests")]
#[path = "../../crates/db/tests/it/postgres.rs"]
mod postgres;
mod project;
mod scaffolding;
mod serve;
mod server;
mod shell;
mod terminal;
mod testing;
