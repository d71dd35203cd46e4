//! What is typed after `dev`, and the calls of the app that follow from it.

use std::ffi::{OsStr, OsString};

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, FromArgMatches as _};

use crate::app;
use crate::plan::{Role, Step};
use crate::project::Project;

/// Start the development server
///
/// Builds the app if its sources changed, applies the migrations when the database has no tables yet, and serves. A
/// database that has tables is left alone. Then it watches: what is saved is built beside the server that runs, which
/// goes on until the new one is ready; templates, style sheets, settings and migrations need no build. The page in the
/// browser shows errors of the compiler, and follows what is saved.
#[derive(Args, Clone, Debug)]
pub struct Dev {
    /// Load demo data into an empty database first
    #[arg(long)]
    pub demo: bool,
    /// Build and serve once: watch nothing, start nothing again, take no keys
    #[arg(long, alias = "no_reload", conflicts_with_all = ["no_browser", "open", "with", "poll"])]
    pub no_reload: bool,
    /// Leave the pages alone: no errors in them, no loading them again
    #[arg(long, alias = "no_browser")]
    pub no_browser: bool,
    /// Open the site in a browser as soon as it is served
    #[arg(long)]
    pub open: bool,
    /// Build and serve a release
    #[arg(long)]
    pub release: bool,
    /// Commands of the app to run beside the server, for as long as it runs
    #[arg(long, value_name = "COMMANDS", value_delimiter = ',')]
    pub with: Vec<String>,
    /// Look at all files twice a second, where the system does not tell what changed (network drives, some containers)
    #[arg(long)]
    pub poll: bool,
    /// What `runserver` takes itself.
    #[command(flatten)]
    pub runserver: cli::Runserver,
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

/// What was typed, sorted by whom it is for.
#[derive(Clone, Debug)]
pub struct Options {
    /// The task's own options, and those of `runserver`.
    pub dev: Dev,
    /// The base options.
    pub base: cli::BaseOptions,
    /// The base options that were typed, written out once more for the other commands.
    shared: Vec<OsString>,
    /// The arguments of `runserver`.
    runserver: Vec<OsString>,
    /// What is said besides to commands whose output people see.
    seen: Option<&'static str>,
}

impl Options {
    /// Reads the arguments after the task's name.
    ///
    /// # Errors
    /// When they are wrong, or help was asked for.
    pub fn parse(args: &[OsString]) -> Result<Self, clap::Error> {
        let matches = command().try_get_matches_from(args)?;
        let shared = shared(&matches);
        let raw = |id| matches.get_raw(id).into_iter().flatten().map(OsStr::to_owned);
        let port_file = raw("port_file").flat_map(|file| ["--port-file".into(), file]);
        Ok(Self {
            runserver: raw("addrport").chain(shared.iter().cloned()).chain(port_file).collect(),
            dev: Dev::from_arg_matches(&matches)?,
            base: cli::BaseOptions::from_arg_matches(&matches)?,
            shared,
            seen: None,
        })
    }

    /// The same, with colours from processes that cannot see the terminal behind their pipe.
    #[must_use]
    pub fn coloured(self) -> Self {
        let typed = self.base.no_color || self.base.force_color;
        Self { seen: (!typed).then_some("--force-color"), ..self }
    }

    /// What comes before the first start of the server.
    pub fn prepare(&self, project: &Project) -> Vec<Step> {
        let demo = self.dev.demo.then_some("load_demo");
        let commands = std::iter::once("migrate").chain(demo);
        commands.map(|command| self.run(project, Role::App, &[command, "--if-empty"])).collect()
    }

    /// The server.
    pub fn serve(&self, project: &Project) -> Step {
        let words = std::iter::once("runserver".into()).chain(self.runserver.iter().cloned());
        app::step(project, Role::Server, words.chain(self.seen.map(OsString::from)))
    }

    /// Any other command of the app, for people to see, with the base options that were typed.
    pub fn run(&self, project: &Project, role: Role, words: &[&str]) -> Step {
        let mut step = self.ask(project, role, words);
        step.args.extend(self.seen.map(OsString::from));
        step
    }

    /// The same for us to read.
    pub fn ask(&self, project: &Project, role: Role, words: &[&str]) -> Step {
        app::step(project, role, words.iter().map(OsString::from).chain(self.shared.iter().cloned()))
    }
}

/// What can be typed after the task's name.
pub fn command() -> clap::Command {
    cli::command("dev", "cargo xtask", Dev::augment_args)
}

/// The base options that were typed, written out once more.
pub(crate) fn shared(matches: &ArgMatches) -> Vec<OsString> {
    typed(matches, SHARED)
}

/// Those of these options (clap's id, and how it is written) that were typed, written out once more.
pub(crate) fn typed(matches: &ArgMatches, options: &[(&str, &str)]) -> Vec<OsString> {
    let mut words = Vec::new();
    for (id, option) in options {
        if matches.value_source(id) != Some(ValueSource::CommandLine) {
            continue;
        }
        let Some(values) = matches.get_raw(id) else { continue };
        let is_flag = matches.try_get_one::<bool>(id).is_ok();
        if is_flag {
            words.push(OsString::from(option));
            continue;
        }
        words.extend(values.flat_map(|value| [OsString::from(option), value.to_owned()]));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(args: &[&str]) -> Vec<OsString> {
        args.iter().map(OsString::from).collect()
    }

    #[test]
    fn base_options_go_to_every_command_and_the_rest_to_runserver_alone() {
        let args = ["8001", "-v2", "--demo", "--settings", "dev.toml", "--no-color", "--port-file", "p", "--open"];
        let options = Options::parse(&words(&args)).expect("valid arguments");
        assert_eq!(options.shared, words(&["--verbosity", "2", "--settings", "dev.toml", "--no-color"]));
        let served = ["8001", "--verbosity", "2", "--settings", "dev.toml", "--no-color", "--port-file", "p"];
        assert_eq!(options.runserver, words(&served));
        assert!(Options::parse(&[]).is_ok_and(|options| options.shared.is_empty() && options.runserver.is_empty()));
    }

    #[test]
    fn companions_are_named_in_one_word_or_in_several() {
        let options =
            Options::parse(&words(&["--with", "worker,beat", "--with=tail", "8001"])).expect("valid arguments");
        assert_eq!(options.dev.with, ["worker", "beat", "tail"]);
        assert!(options.dev.runserver.addrport.is_some());
    }

    #[test]
    fn what_cannot_be_is_an_error() {
        for args in [&["--nonsense"][..], &["80000"], &["--no-reload", "--poll"], &["--no-reload", "--with", "worker"]]
        {
            assert!(Options::parse(&words(args)).is_err(), "{args:?}");
        }
    }
}
