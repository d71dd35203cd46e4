//! The task runner behind `cargo xtask <task>`: everything but `main`, so that tests can call it.
//!
//! The way of a call: [`options`] splits xtask's own options from the task; [`dispatch`] finds out what the name
//! means and turns it into a [`plan`]; the plan is printed (`--explain`) or run by the [`runner`]. [`app`] is the
//! only place that knows how to build, find and start the app.

pub mod app;
pub mod artifacts;
pub mod bench;
pub mod catalog;
pub mod codegen;
pub mod commands;
pub mod complete;
#[cfg(unix)]
pub mod dev;
pub mod dispatch;
pub mod doctor;
pub mod environment;
pub mod failure;
pub mod fingerprint;
pub mod help;
pub mod man;
pub mod names;
pub mod options;
pub mod output;
pub mod plan;
pub mod process;
pub mod prod;
pub mod project;
pub mod runner;
pub mod scaffolding;
pub mod scripts;
pub mod serve;
pub mod system;
pub mod tasks;
pub mod tidy;

use std::ffi::OsString;
use std::time::Instant;

use crate::dispatch::Session;
use crate::options::{Options, Parsed};
use crate::project::Project;

/// Runs one call of xtask and gives its exit code. `args` begins with the program's name.
pub fn run(args: impl IntoIterator<Item = OsString>) -> u8 {
    let started = Instant::now();
    let options = match options::parse(args) {
        Parsed::Run(options) => options,
        Parsed::Exit(code) => return code,
    };
    execute(options, started).unwrap_or_else(|error| failure::report(&error))
}

fn execute(options: Options, started: Instant) -> anyhow::Result<u8> {
    if options.version {
        output::data(concat!("xtask ", env!("CARGO_PKG_VERSION"), "\n"))?;
        return Ok(0);
    }
    let project = Project::discover()?;
    let mut session = Session::new(&project, &options, started);
    let code = dispatch::dispatch(&mut session, &options)?;
    session.report();
    Ok(code)
}
