//! `cargo xtask dev`: build if necessary, prepare the database, serve.

use std::ffi::{OsStr, OsString};

use clap::parser::ValueSource;
use clap::{ArgMatches, Args};

pub mod ansi;
pub mod browser;
pub mod builder;
mod calls;
pub mod channel;
pub mod child;
pub mod dashboard;
mod diagnostics;
mod group;
pub mod keys;
pub mod kinds;
pub mod lines;
pub mod listen;
pub mod machine;
pub mod model;
pub mod painter;
pub mod screen;
pub mod snapshot;
pub mod tty;
pub mod watch;

use crate::dispatch::Session;
use crate::plan::{Plan, Role, Step};
use crate::project::Project;
use crate::{app, output};

/// Start the development server
///
/// Builds the app if its sources changed, applies the migrations when the database has no tables yet, and serves. A
/// database that has tables is left alone. The other options are those of the app's `runserver`.
#[derive(Args, Debug)]
struct Dev {
    /// Load demo data into an empty database first
    #[arg(long)]
    demo: bool,
    #[command(flatten)]
    runserver: cli::Runserver,
}

/// The base options that make sense for every command that `dev` starts, with the long option of each.
const SHARED: &[(&str, &str)] = &[
    ("verbosity", "--verbosity"),
    ("settings", "--settings"),
    ("traceback", "--traceback"),
    ("no_color", "--no-color"),
    ("force_color", "--force-color"),
    ("skip_checks", "--skip-checks"),
];

/// Runs the task.
///
/// # Errors
/// When a program cannot be started at all.
pub fn run(session: &mut Session<'_>, args: &[OsString]) -> anyhow::Result<u8> {
    let matches = match command().try_get_matches_from(args) {
        Ok(matches) => matches,
        Err(error) => return output::clap_error(&error),
    };
    let build = session.build_if_stale();
    let steps = build.into_iter().chain(app_steps(session.project, &matches, args)).collect();
    session.carry_out(&Plan { task: "dev".to_owned(), steps })
}

fn command() -> clap::Command {
    cli::command("dev", "cargo xtask", Dev::augment_args)
}

fn app_steps(project: &Project, matches: &ArgMatches, args: &[OsString]) -> Vec<Step> {
    let step = |role, words: Vec<OsString>| app::step(project, role, words);
    let serve = step(Role::Server, std::iter::once("runserver".into()).chain(without_demo(args)).collect());
    if matches.get_flag("version") {
        return vec![serve];
    }
    let shared = shared_options(matches);
    let prepare = |command: &str| {
        let words = [command, "--if-empty"].map(OsString::from).into_iter();
        step(Role::App, words.chain(shared.iter().cloned()).collect())
    };
    let mut steps = vec![prepare("migrate")];
    if matches.get_flag("demo") {
        steps.push(prepare("load_demo"));
    }
    steps.push(serve);
    steps
}

/// The arguments of `runserver`: what was typed, without our own option. No other option takes a value that begins
/// with `-`, so the word cannot be anything else.
fn without_demo(args: &[OsString]) -> Vec<OsString> {
    let options = args.iter().take_while(|arg| *arg != "--").count();
    let (before, after) = args.split_at(options);
    before.iter().filter(|arg| *arg != OsStr::new("--demo")).chain(after).cloned().collect()
}

/// The base options that were typed, written out once more for the other commands.
fn shared_options(matches: &ArgMatches) -> Vec<OsString> {
    let mut words = Vec::new();
    for (id, option) in SHARED {
        if matches.value_source(id) != Some(ValueSource::CommandLine) {
            continue;
        }
        let Some(values) = matches.get_raw(id) else { continue };
        words.push(OsString::from(option));
        // A flag has the raw value "true", which was not typed.
        words.extend(values.filter(|value| *value != "true").map(OsStr::to_owned));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(args: &[&str]) -> Vec<OsString> {
        args.iter().map(OsString::from).collect()
    }

    fn shared(args: &[&str]) -> Vec<OsString> {
        shared_options(&command().try_get_matches_from(words(args)).expect("valid arguments"))
    }

    #[test]
    fn base_options_go_to_every_command_and_the_rest_to_runserver_alone() {
        let args = ["8001", "-v2", "--demo", "--settings", "dev.toml", "--no-color", "--port-file", "p"];
        assert_eq!(shared(&args), words(&["--verbosity", "2", "--settings", "dev.toml", "--no-color"]));
        let served = ["8001", "-v2", "--settings", "dev.toml", "--no-color", "--port-file", "p"];
        assert_eq!(without_demo(&words(&args)), words(&served));
        assert!(shared(&[]).is_empty());
    }

    #[test]
    fn what_runserver_does_not_know_is_an_error() {
        assert!(command().try_get_matches_from(["--nonsense"]).is_err());
        assert!(command().try_get_matches_from(["80000"]).is_err());
    }
}
