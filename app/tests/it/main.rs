//! Integration tests of the product: its commands through the real binary, its pages through the test client.

mod binary;
mod commands;
mod databases;
mod pages;
#[path = "../../crates/db/tests/it/postgres.rs"]
mod postgres;
mod project;
mod server;
