//! Where the cursor stands among the arguments of a command: what was given before it, and what may follow.

use clap::{Arg, ArgAction, Command};

/// The arguments before the cursor.
pub(super) struct Place<'a> {
    /// The command, or the subcommand that was named.
    pub(super) command: &'a Command,
    /// Everything given, with its value if it has one, in the order in which it was typed.
    pub(super) given: Vec<(&'a Arg, Option<String>)>,
    /// The option whose values come now, and how many it has.
    option: Option<(&'a Arg, usize)>,
    /// How many positional arguments there were.
    positionals: usize,
    /// True after `--`.
    only_positionals: bool,
}

impl<'a> Place<'a> {
    /// Goes through the words before the cursor. The command must be built.
    pub(super) fn find(command: &'a Command, words: &[String]) -> Self {
        let mut place = Self::start(command);
        words.iter().for_each(|word| place.step(word));
        place
    }

    fn start(command: &'a Command) -> Self {
        Self { command, given: Vec::new(), option: None, positionals: 0, only_positionals: false }
    }

    /// The option whose value is at the cursor. `word` is the word there.
    pub(super) fn option(&self, word: &str) -> Option<&'a Arg> {
        self.option.filter(|(arg, count)| *count < least(arg) || !word.starts_with('-')).map(|(arg, _)| arg)
    }

    /// The positional argument at the cursor.
    pub(super) fn positional(&self) -> Option<&'a Arg> {
        let last = self.command.get_positionals().find(|arg| arg.is_last_set()).filter(|_| self.only_positionals);
        last.or_else(|| {
            let mut all = self.command.get_positionals().filter(|arg| !arg.is_last_set());
            let several = self.command.get_positionals().find(|arg| takes_several(arg) && !arg.is_last_set());
            all.nth(self.positionals).or(several)
        })
    }

    /// True where a word that begins with `-` is an option.
    pub(super) fn takes_options(&self) -> bool {
        let trailing = self.positional().is_some_and(Arg::is_trailing_var_arg_set) && self.positionals > 0;
        !self.only_positionals && !trailing
    }

    /// The options that can still be given: neither given already nor excluded by one that was.
    pub(super) fn open_options(&self) -> impl Iterator<Item = &'a Arg> {
        let given = |arg: &Arg| self.given.iter().any(|(given, _)| given.get_id() == arg.get_id());
        let excluded = |arg: &Arg| {
            let against = |one: &Arg, other: &Arg| {
                self.command.get_arg_conflicts_with(one).iter().any(|found| found.get_id() == other.get_id())
            };
            self.given.iter().any(|(given, _)| against(given, arg) || against(arg, given))
        };
        let options = self.command.get_arguments().filter(|arg| !arg.is_positional() && !arg.is_hide_set());
        options.filter(move |arg| (is_repeatable(arg) || !given(arg)) && !excluded(arg))
    }

    /// The values that an argument was given.
    pub(super) fn values(&self, id: &str) -> impl Iterator<Item = &str> {
        self.given.iter().filter(move |(arg, _)| arg.get_id() == id).filter_map(|(_, value)| value.as_deref())
    }

    fn step(&mut self, word: &str) {
        if let Some(option) = self.option(word) {
            return self.take(option, word);
        }
        self.option = None;
        if !self.takes_options() {
            return self.take_positional(word);
        }
        match word.strip_prefix("--") {
            Some("") => self.only_positionals = true,
            Some(long) => self.long(long),
            None if word.len() > 1 && word.starts_with('-') => self.short(&word[1..]),
            None => match self.command.find_subcommand(word) {
                Some(command) => *self = Self::start(command),
                None => self.take_positional(word),
            },
        }
    }

    fn long(&mut self, text: &str) {
        let (name, value) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)));
        let Some(option) = self.command.get_arguments().find(|arg| is_called(arg, name)) else { return };
        match value {
            Some(value) => self.given.push((option, Some(value.to_owned()))),
            None => self.give(option),
        }
    }

    /// A group of short options (`-v2`, `-av 2`).
    fn short(&mut self, group: &str) {
        for (at, letter) in group.char_indices() {
            let Some(option) = self.command.get_arguments().find(|arg| has_short(arg, letter)) else { return };
            let rest = &group[at + letter.len_utf8()..];
            if takes_value(option) && !rest.is_empty() {
                return self.given.push((option, Some(rest.trim_start_matches('=').to_owned())));
            }
            self.give(option);
        }
    }

    fn give(&mut self, option: &'a Arg) {
        if takes_value(option) {
            self.option = Some((option, 0));
        } else {
            self.given.push((option, None));
        }
    }

    fn take(&mut self, option: &'a Arg, value: &str) {
        let count = self.option.map_or(0, |(_, count)| count) + 1;
        self.given.push((option, Some(value.to_owned())));
        self.option = (count < most(option)).then_some((option, count));
    }

    fn take_positional(&mut self, word: &str) {
        if let Some(arg) = self.positional() {
            self.given.push((arg, Some(word.to_owned())));
        }
        self.positionals += 1;
    }
}

/// True for an option with values of its own.
pub(super) fn takes_value(arg: &Arg) -> bool {
    arg.get_action().takes_values()
}

fn least(arg: &Arg) -> usize {
    arg.get_num_args().map_or(1, |range| range.min_values())
}

fn most(arg: &Arg) -> usize {
    arg.get_num_args().map_or(1, |range| range.max_values())
}

fn takes_several(arg: &Arg) -> bool {
    most(arg) > 1 || matches!(arg.get_action(), ArgAction::Append)
}

fn is_repeatable(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::Append | ArgAction::Count)
}

fn is_called(arg: &Arg, name: &str) -> bool {
    arg.get_long() == Some(name) || arg.get_all_aliases().is_some_and(|aliases| aliases.contains(&name))
}

/// True when the option has this letter.
pub(super) fn has_short(arg: &Arg, letter: char) -> bool {
    arg.get_short() == Some(letter) || arg.get_all_short_aliases().is_some_and(|letters| letters.contains(&letter))
}
