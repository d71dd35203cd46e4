//! From words to an answer: which argument the cursor is in, and what that argument takes.

use clap::{Arg, Command, ValueHint};

use super::candidates::{Answer, Candidate};
use super::commands::{Commands, Meaning};
use super::place::{Place, has_short, takes_value};
use super::words::Words;
use super::{fields, rows, sources};
use crate::options;
use crate::project::Project;

/// Answers for the words that were typed after `xtask`.
pub(super) fn answer(project: &Project, words: &Words) -> Answer {
    let own = options::command();
    let task = words.before.iter().position(|word| !word.starts_with('-'));
    let commands = || Commands::read(project);
    let Some(at) = task else {
        // After `--` there is no task any more.
        return match words.current.as_str() {
            _ if words.before.iter().any(|word| word == "--") => Answer::NOTHING,
            current if current.starts_with('-') => Answer::Words(own_flags(&Place::find(&own, &words.before), current)),
            current => Answer::Words(named(&commands(), current)),
        };
    };
    let commands = commands();
    match commands.find(&words.before[at]) {
        None => Answer::NOTHING,
        Some(Meaning::Script) => Answer::Files,
        Some(Meaning::Command { name, module, command }) => {
            let place = Place::find(&command, &words.before[at + 1..]);
            Asked { project, commands: &commands, name: &name, module: module.as_deref(), place }.answer(&words.current)
        }
    }
}

/// xtask's own options. `--json` says something only beside `--explain`.
fn own_flags(place: &Place<'_>, typed: &str) -> Vec<Candidate> {
    let explains = place.given.iter().any(|(arg, _)| arg.get_id() == "explain");
    let flags = flags(place, typed).into_iter();
    flags.filter(|flag| explains || flag.value != "--json").collect()
}

/// All names, in the spelling of what is typed.
fn named(commands: &Commands<'_>, typed: &str) -> Vec<Candidate> {
    let mut names = commands.names();
    if !typed.is_empty() {
        names.extend(commands.aliases());
    }
    spelled(names, typed)
}

/// The names as the person begins them: `-` and `_` are equal.
fn spelled(names: Vec<Candidate>, typed: &str) -> Vec<Candidate> {
    let as_typed = |mut name: Candidate| {
        if name.value.get(..typed.len()).is_some_and(|begin| cli::same_name(begin, typed)) {
            let rest = match (typed.contains('-'), typed.contains('_')) {
                (true, false) => name.value[typed.len()..].replace('_', "-"),
                (false, true) => name.value[typed.len()..].replace('-', "_"),
                _ => name.value[typed.len()..].to_owned(),
            };
            name.value = format!("{typed}{rest}");
        }
        name
    };
    names.into_iter().map(as_typed).collect()
}

/// The options that can still be given, by their long names; a single letter is offered where that was typed.
fn flags(place: &Place<'_>, typed: &str) -> Vec<Candidate> {
    let name = |arg: &Arg| {
        let letter = typed.strip_prefix('-').and_then(|rest| rest.chars().next().filter(|_| rest.chars().count() == 1));
        if let Some(letter) = letter.filter(|letter| has_short(arg, *letter)) {
            return Some(format!("-{letter}"));
        }
        let Some(long) = arg.get_long() else { return arg.get_short().map(|letter| format!("-{letter}")) };
        let begun = |name: &&str| typed.strip_prefix("--").is_none_or(|typed| name.starts_with(typed));
        let aliases = arg.get_all_aliases().unwrap_or_default();
        let name = std::iter::once(long).chain(aliases).find(begun).unwrap_or(long);
        Some(format!("--{name}"))
    };
    let option =
        |arg: &Arg| Some(Candidate::new(name(arg)?, arg.get_help().map(ToString::to_string).unwrap_or_default()));
    place.open_options().filter_map(option).collect()
}

/// A command at whose arguments the cursor is.
struct Asked<'a> {
    project: &'a Project,
    commands: &'a Commands<'a>,
    name: &'a str,
    module: Option<&'a str>,
    place: Place<'a>,
}

impl Asked<'_> {
    fn answer(&self, current: &str) -> Answer {
        if let Some(option) = self.place.option(current) {
            return self.values(option, "", current);
        }
        if current.starts_with('-') && self.place.takes_options() {
            let joined =
                current.split_once('=').and_then(|(name, value)| Some((name.strip_prefix("--")?, name, value)));
            let Some((long, name, value)) = joined else { return Answer::Words(flags(&self.place, current)) };
            let named = |arg: &&Arg| {
                takes_value(arg)
                    && std::iter::once(arg.get_long())
                        .flatten()
                        .chain(arg.get_all_aliases().unwrap_or_default())
                        .any(|known| known == long)
            };
            let option = self.place.command.get_arguments().find(named);
            return option.map_or(Answer::NOTHING, |option| self.values(option, &format!("{name}="), value));
        }
        let positional = match self.place.positional() {
            Some(positional) => self.values(positional, "", current),
            None => Answer::Words(subcommands(self.place.command)),
        };
        // Where nothing is known, the options are at least what can be typed.
        if positional == Answer::NOTHING && current.is_empty() && self.place.takes_options() {
            return Answer::Words(flags(&self.place, "--"));
        }
        positional
    }

    /// The values that an argument takes; `prefix` is what stands before them in the word.
    fn values(&self, arg: &Arg, prefix: &str, typed: &str) -> Answer {
        // One word can hold several values.
        let (head, typed) = match arg.get_value_delimiter().and_then(|delimiter| typed.rfind(delimiter)) {
            Some(at) => typed.split_at(at + 1),
            None => ("", typed),
        };
        let mut answer = self.kind(arg, typed);
        if let Answer::Words(candidates) = &mut answer {
            let taken: Vec<&str> = self.place.values(arg.get_id().as_str()).chain(head.split(',')).collect();
            candidates.retain(|candidate| !taken.contains(&candidate.value.as_str()));
            candidates.iter_mut().for_each(|candidate| candidate.value.insert_str(0, &format!("{prefix}{head}")));
        }
        answer
    }

    fn kind(&self, arg: &Arg, typed: &str) -> Answer {
        let choices = arg.get_possible_values();
        let choices = choices.iter().filter(|choice| takes_value(arg) && !choice.is_hide_set());
        let choices: Vec<Candidate> = choices
            .map(|choice| {
                Candidate::new(choice.get_name(), choice.get_help().map(ToString::to_string).unwrap_or_default())
            })
            .collect();
        if !choices.is_empty() {
            return Answer::Words(choices);
        }
        let id = arg.get_id().as_str();
        let value_name = arg.get_value_names().and_then(|names| names.first()).map_or(id, |name| name.as_str());
        let plain = |names: Vec<String>| Answer::Words(names.into_iter().map(Candidate::plain).collect());
        match (self.name, value_name) {
            ("help", "COMMAND") => Answer::Words(named(self.commands, typed)),
            ("dev", "COMMANDS") => Answer::Words(spelled(self.commands.app_commands(), typed)),
            ("add_module" | "remove_module", "NAME") => {
                Answer::Words(sources::below(self.project, self.place.values(id)))
            }
            ("add_module", "MODEL") => Answer::Words(fields::parts(self.project, typed)),
            ("remove_command", "NAME") => {
                plain(self.module_typed().map_or(Vec::new(), |module| sources::commands(self.project, module)))
            }
            ("test", "PACKAGE") => plain(sources::packages(self.project)),
            (_, "MODULE[.MODEL]") if typed.contains('.') => plain(sources::models(self.project)),
            (_, "MODULE" | "MODULE[.MODEL]") => Answer::Words(self.modules()),
            (_, "MIGRATION" | "END") => Answer::Words(self.migrations()),
            (_, "ALIAS") => plain(sources::databases(self.project, self.place.values("settings").last())),
            (_, "FILE" | "PATH") => Answer::Files,
            (_, "DIR" | "DIRECTORY") => Answer::Directories,
            (_, name) => match (arg.get_value_hint(), name.strip_suffix("_ID"), self.module) {
                (ValueHint::DirPath, ..) => Answer::Directories,
                (ValueHint::AnyPath | ValueHint::FilePath | ValueHint::ExecutablePath, ..) => Answer::Files,
                (_, Some(model), Some(module)) => Answer::Words(rows::ask(self.project, module, model, &self.place)),
                _ => Answer::NOTHING,
            },
        }
    }

    /// The label that was typed for the argument called `MODULE`.
    fn module_typed(&self) -> Option<&str> {
        let is_module = |arg: &Arg| arg.get_value_names().is_some_and(|names| names[0] == "MODULE");
        self.place.given.iter().find(|(arg, _)| is_module(arg)).and_then(|(_, value)| value.as_deref())
    }

    /// The labels of modules.
    fn modules(&self) -> Vec<Candidate> {
        let modules = sources::modules(self.project).into_iter();
        modules.map(|module| Candidate::new(module.label, module.about)).collect()
    }

    /// The migrations of the module that was typed.
    fn migrations(&self) -> Vec<Candidate> {
        let Some(module) = self.module_typed() else { return Vec::new() };
        let migrations = sources::migrations(self.project, module).into_iter().map(Candidate::plain);
        let zero = (self.name == "migrate").then(|| Candidate::plain("zero"));
        migrations.chain(zero).collect()
    }
}

fn subcommands(command: &Command) -> Vec<Candidate> {
    let commands = command.get_subcommands().filter(|command| !command.is_hide_set());
    commands
        .map(|command| {
            Candidate::new(command.get_name(), command.get_about().map(ToString::to_string).unwrap_or_default())
        })
        .collect()
}
