//! Completion in shells. `cargo xtask completions <shell>` prints a script that looks for the xtask which the project
//! built last and asks it `xtask __complete <shell> -- words…`; a file like this one tells it that the project's xtask
//! understands the question. An answer comes from the same tables as the tasks themselves, from the catalogue and from
//! the project's files. It never builds, never starts cargo, and writes nothing into the project.

mod candidates;
mod commands;
mod engine;
mod fields;
mod place;
mod reply;
mod rows;
mod sources;
mod words;

use std::ffi::OsString;
use std::time::Duration;

use clap::{CommandFactory as _, Parser, ValueEnum};

pub(crate) use self::commands::{Commands, Meaning};
use self::words::Words;
use crate::output;
use crate::project::Project;

/// The name under which the scripts ask. It is listed nowhere.
pub const QUESTION: &str = "__complete";

/// How long an answer of the app may take: the shell stands still meanwhile.
const LIMIT: Duration = Duration::from_millis(300);

/// Print what makes a shell complete `cargo xtask`
///
/// The script asks the xtask that the project built last: it starts no cargo and builds nothing, and where there is no
/// such project, or none built, cargo's own completion goes on as before.
#[derive(Debug, Parser)]
#[command(name = "completions", bin_name = "cargo xtask completions", no_binary_name = true, after_help = INSTALL)]
struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

/// How a script is put in place, for the help.
const INSTALL: &str = "\
To install, once for all projects:
  cargo xtask completions bash > ~/.xtask.bash
      and in ~/.bashrc:  . ~/.xtask.bash
  cargo xtask completions zsh > ~/.xtask.zsh
      and in ~/.zshrc, below compinit:  . ~/.xtask.zsh
  cargo xtask completions fish > ~/.config/fish/conf.d/xtask.fish
  cargo xtask completions powershell >> $PROFILE
In bash and zsh the line belongs below the one for cargo's own completion, if there is one.";

/// A shell that there is a script for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
    Powershell,
}

impl Shell {
    fn script(self) -> &'static str {
        match self {
            Self::Bash => include_str!("scripts/xtask.bash"),
            Self::Zsh => include_str!("scripts/xtask.zsh"),
            Self::Fish => include_str!("scripts/xtask.fish"),
            Self::Powershell => include_str!("scripts/xtask.ps1"),
        }
    }
}

/// What can be typed after `completions`.
pub fn command() -> clap::Command {
    Completions::command()
}

/// The task: prints the script of a shell.
///
/// # Errors
/// When the script cannot be written.
pub fn run(args: &[OsString]) -> anyhow::Result<u8> {
    match Completions::try_parse_from(args) {
        Ok(completions) => output::data(completions.shell.script()).map(|()| 0),
        Err(error) => output::clap_error(&error),
    }
}

/// Answers the question of a script: what can the last of the words become?
///
/// # Errors
/// When the answer cannot be written.
pub fn answer(project: &Project, args: &[OsString]) -> anyhow::Result<u8> {
    let [shell, separator, words @ ..] = args else { return Ok(2) };
    let (Ok(shell), true) = (Shell::from_str(&shell.to_string_lossy(), false), separator == "--") else { return Ok(2) };
    let words = Words::read(shell, words);
    let answer = engine::answer(project, &words);
    output::data(&reply::text(shell, answer, &words)).map(|()| 0)
}
