//! xtask's own options. They stand before the task's name; everything after the name belongs to the task and is
//! kept byte for byte.

use std::ffi::OsString;

use clap::{ArgAction, CommandFactory as _, Parser, Subcommand};

use crate::{failure, output};

/// What was typed, split at the task's name.
#[derive(Debug, Parser)]
#[command(
    name = "xtask",
    bin_name = "cargo xtask",
    allow_external_subcommands = true,
    disable_help_flag = true,
    disable_help_subcommand = true,
    disable_version_flag = true,
    override_usage = "cargo xtask [OPTIONS] [TASK] [ARGUMENTS OF THE TASK]..."
)]
pub struct Options {
    /// Print what the task would run, and run nothing
    #[arg(long)]
    pub explain: bool,
    /// With --explain: print the plan as JSON
    #[arg(long, requires = "explain")]
    pub json: bool,
    /// Say at the end where the time went
    #[arg(long)]
    pub timings: bool,
    /// Print the version of xtask
    #[arg(short = 'V', long)]
    pub version: bool,
    /// List the tasks, or show the help of one
    #[arg(short, long, action = ArgAction::SetTrue)]
    pub help: bool,
    #[command(subcommand)]
    task: Option<Typed>,
}

#[derive(Debug, Subcommand)]
enum Typed {
    #[command(external_subcommand)]
    Task(Vec<OsString>),
}

impl Options {
    /// The task's name and its arguments, when one was typed.
    pub fn task(&self) -> Option<(&OsString, &[OsString])> {
        match &self.task {
            Some(Typed::Task(words)) => words.split_first(),
            None => None,
        }
    }
}

/// What can be typed before the task.
pub fn command() -> clap::Command {
    let mut command = Options::command();
    command.build();
    command
}

/// What to do after reading the command line.
#[derive(Debug)]
pub enum Parsed {
    /// Go on with these options.
    Run(Options),
    /// Leave with this code; what there was to say has been said.
    Exit(u8),
}

/// Reads the command line.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Parsed {
    match Options::try_parse_from(args) {
        Ok(options) => Parsed::Run(options),
        Err(error) => Parsed::Exit(output::clap_error(&error).unwrap_or_else(|error| failure::report(&error))),
    }
}
