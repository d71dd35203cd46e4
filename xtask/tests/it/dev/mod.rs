//! The development server.

mod builder;
mod plain;
#[allow(dead_code, reason = "the tests of reloading follow")]
mod site;
