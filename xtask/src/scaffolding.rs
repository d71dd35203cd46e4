//! The commands that change the project's sources, done by xtask itself while the app's binary is not built from them:
//! they have to work when the sources do not compile, and building what is about to change would be in vain.

use std::io::{self, IsTerminal as _};

use clap::error::ErrorKind;
use clap::{ArgMatches, FromArgMatches as _};
use cli::{AddCommand, AddModule, BaseOptions, Builtin, RemoveCommand, RemoveModule};
use scaffold::Talk;

use crate::app::{self, Freshness};
use crate::project::Project;
use crate::{commands, output};

/// The names of the commands.
const COMMANDS: [&str; 4] = ["add_module", "remove_module", "add_command", "remove_command"];

/// Whether xtask does this itself.
pub fn is_own(project: &Project, builtin: &Builtin, matches: &ArgMatches) -> bool {
    // The version that is asked for is the app's.
    COMMANDS.contains(&builtin.name) && !matches.get_flag("version") && app::freshness(project) == Freshness::Stale
}

/// Does it, and gives the exit code.
///
/// # Errors
/// What is wrong with the arguments or the tree; nothing is changed then.
pub fn run(project: &Project, builtin: &Builtin, matches: &ArgMatches) -> anyhow::Result<u8> {
    let verbosity = BaseOptions::from_arg_matches(matches)?.verbosity;
    let talk = &mut Person {
        verbosity,
        preface: Some("note: the app is not built from these sources; xtask does this itself"),
    };
    let root = &project.root;
    let done = match builtin.name {
        "remove_module" => scaffold::remove_module(root, &RemoveModule::from_arg_matches(matches)?, talk),
        "add_command" => scaffold::add_command(root, &AddCommand::from_arg_matches(matches)?, talk),
        "remove_command" => scaffold::remove_command(root, &RemoveCommand::from_arg_matches(matches)?, talk),
        _ => scaffold::add_module(root, &AddModule::from_arg_matches(matches)?, talk),
    };
    let Err(error) = done else { return Ok(0) };
    if error.code() == 2 {
        let hint = error.hint().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
        let usage = builtin.command("cargo xtask").error(ErrorKind::ValueValidation, format!("{error}{hint}"));
        return output::clap_error(&usage);
    }
    Err(commands::failure(&error).into())
}

/// The person who called xtask.
struct Person {
    verbosity: u8,
    /// A note that comes before all else that is said.
    preface: Option<&'static str>,
}

impl Talk for Person {
    fn say(&mut self, line: &str) {
        self.begin();
        if self.verbosity > 0 {
            // What is done is done, whether it can be told or not.
            let _ = output::data(&format!("{line}\n"));
        }
    }

    fn note(&mut self, line: &str) {
        self.begin();
        if self.verbosity > 0 {
            output::note(line);
        }
    }

    fn ask(&mut self, question: &str) -> io::Result<Option<String>> {
        // A question that nobody sees is none. What is said on stdout may go to a file.
        if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
            return Ok(None);
        }
        self.begin();
        output::prompt(question)?;
        let mut line = String::new();
        match io::stdin().read_line(&mut line)? {
            0 => {
                // The question's line is still open.
                output::note("");
                Err(io::ErrorKind::Interrupted.into())
            }
            _ => Ok(Some(line)),
        }
    }
}

impl Person {
    fn begin(&mut self) {
        if let Some(preface) = self.preface.take().filter(|_| self.verbosity > 0) {
            output::note(preface);
        }
    }
}
