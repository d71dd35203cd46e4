//! Which command a name stands for: an earlier module's comes before a later one's, and a module's before a built-in.

use std::collections::BTreeMap;

use super::command::CommandSpec;
use super::help::FRAMEWORK;
use crate::module::Module;

/// A command and the module that it comes from.
#[derive(Clone)]
pub struct Entry {
    /// The command.
    pub spec: CommandSpec,
    /// The label of its module; `framework` for a built-in.
    pub module: String,
}

impl Entry {
    /// Whether it is a built-in command.
    pub fn is_builtin(&self) -> bool {
        self.module == FRAMEWORK
    }
}

/// The commands of the installed modules and the built-in ones, by name.
pub struct Registry(BTreeMap<&'static str, Entry>);

impl Registry {
    /// The commands of these modules, in order of precedence, and the built-in ones.
    pub fn new(modules: &[Module]) -> Self {
        let mut commands: BTreeMap<&'static str, Entry> = BTreeMap::new();
        let builtin = crate::project::builtin_commands().into_iter().map(|spec| (spec, FRAMEWORK.to_owned()));
        let theirs = modules
            .iter()
            .rev()
            .flat_map(|module| module.commands.iter().map(|spec| (*spec, module.label().to_owned())));
        // Later insertions replace earlier ones, so the order is from the weakest to the strongest.
        for (spec, module) in builtin.chain(theirs) {
            let twin = commands.keys().copied().find(|name| cli::same_name(name, spec.name));
            if let Some(twin) = twin {
                commands.remove(twin);
            }
            commands.insert(spec.name, Entry { spec, module });
        }
        Self(commands)
    }

    /// The command of this name; `-` and `_` are equal.
    pub fn find(&self, name: &str) -> Option<&Entry> {
        self.0.get(name).or_else(|| self.0.values().find(|entry| cli::same_name(entry.spec.name, name)))
    }

    /// Every command, in order of their names.
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.0.values()
    }

    /// The known name that is nearest to an unknown one, if any is near enough.
    pub fn nearest(&self, name: &str) -> Option<&'static str> {
        cli::nearest(name, self.0.keys().copied()).first().copied()
    }
}
