//! Reading all modules' migrations.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::Path,
    sync::Arc,
};

use super::{
    Applied, Graph, ModuleMigrations, NewMigration, NodeKey, Operation, Source,
    file::MigrationFile,
    replacements::{Files, Replacements},
};
use crate::{Error, ProjectState};

/// One migration, as its file says.
#[derive(Clone, Debug, PartialEq)]
pub struct Migration {
    /// Whether it creates the module's first tables.
    pub initial: bool,
    /// Whether it runs in one transaction.
    pub atomic: bool,
    /// What must be applied before; `__first__` and `__latest__` stand for a module's ends, which the graph knows.
    pub dependencies: Vec<NodeKey>,
    /// The migrations that this one was squashed from and stands for; empty for an ordinary one.
    pub replaces: Vec<NodeKey>,
    /// What it does.
    pub operations: Vec<Operation>,
    /// A hash of the file's text, recorded when it is applied; empty for one that was not read from a file.
    pub checksum: String,
}

/// A migration that does nothing, in one transaction.
impl Default for Migration {
    fn default() -> Self {
        Migration {
            initial: false,
            atomic: true,
            replaces: Vec::new(),
            dependencies: Vec::new(),
            operations: Vec::new(),
            checksum: String::new(),
        }
    }
}

impl Migration {
    /// Reads a migration's text; `file` is what errors call it.
    ///
    /// # Errors
    /// [`Error::File`] with line and column.
    pub fn parse(text: &str, file: &str) -> Result<Migration, Error> {
        let parsed = MigrationFile::parse(text, file)?;
        Ok(Migration {
            initial: parsed.initial,
            atomic: parsed.atomic,
            dependencies: parsed.dependencies,
            replaces: parsed.replaces,
            operations: parsed.operations,
            checksum: checksum(text),
        })
    }

    /// Applies its operations to `state`.
    ///
    /// # Errors
    /// [`Error::Operation`] naming `key` and the operation that does not fit.
    pub fn apply(&self, key: &NodeKey, state: &mut ProjectState) -> Result<(), Error> {
        for (at, operation) in self.operations.iter().enumerate() {
            operation.apply(&key.module, state).map_err(|reason| Error::Operation {
                migration: key.to_string(),
                number: at + 1,
                what: operation.describe(),
                reason,
            })?;
        }
        self.check_keys(key, state)
    }
}

/// All migrations of all modules, and their graph. Cloning is cheap but for the graph: the migrations are shared.
#[derive(Clone, Debug)]
pub struct Loader {
    pub(super) labels: Vec<String>,
    pub(super) migrations: Arc<Files>,
    pub(super) graph: Graph,
    pub(super) replacements: Replacements,
}

impl Loader {
    /// Reads the migrations of `modules`. Files that begin with `_`, `~` or `.` and files that are not `.toml` are
    /// passed over. The graph is that of an empty database: squashed migrations stand for those they replace. For a
    /// database with a history, see [`Loader::for_applied`].
    ///
    /// # Errors
    /// [`Error::DuplicateModule`], [`Error::SimilarNames`], [`Error::Io`], [`Error::File`], [`Error::MissingDependency`],
    /// [`Error::CircularDependency`], [`ReplacementError::Circular`], [`ReplacementError::Twice`]. Several last
    /// migrations are no error here: see [`Loader::check_conflicts`].
    pub fn load(modules: &[ModuleMigrations]) -> Result<Loader, Error> {
        let mut labels: Vec<String> = Vec::new();
        let mut migrations = BTreeMap::new();
        for module in modules {
            if labels.contains(&module.label) {
                return Err(Error::DuplicateModule { label: module.label.clone() });
            }
            labels.push(module.label.clone());
            match &module.source {
                Source::Dir(directory) => {
                    for name in names(directory)? {
                        let path = directory.join(format!("{name}.toml"));
                        let text =
                            fs::read_to_string(&path).map_err(|reason| Error::Io { path: path.clone(), reason })?;
                        let migration = Migration::parse(&text, &path.display().to_string())?;
                        migrations.insert(NodeKey::new(&module.label, name), migration);
                    }
                }
                Source::Embedded(files) => {
                    for (name, text) in files.iter().filter(|(name, _)| !is_hidden(name)) {
                        let migration = Migration::parse(text, &format!("{}/{name}.toml", module.label))?;
                        migrations.insert(NodeKey::new(&module.label, *name), migration);
                    }
                }
            }
        }
        check_names(&migrations)?;
        Loader::build(labels, Arc::new(migrations), [].iter(), &BTreeSet::new())
    }

    pub(super) fn build<'a>(
        labels: Vec<String>,
        migrations: Arc<Files>,
        recorded: impl Iterator<Item = &'a NodeKey>,
        avoid: &BTreeSet<NodeKey>,
    ) -> Result<Loader, Error> {
        let replacements = Replacements::decide(&migrations, recorded.cloned(), avoid)?;
        let graph = replacements.graph(&migrations, &labels)?;
        Ok(Loader { labels, migrations, graph, replacements })
    }

    /// The same migrations, with the graph for a database where these are recorded as applied. A squashed migration
    /// stands for those it replaces when all or none of them are applied, dependencies on them lead to it, and theirs
    /// are its own; when only some are applied, it is left out and they stay.
    ///
    /// # Errors
    /// [`ReplacementError::Partly`] and [`Error::MissingDependency`] when the graph needs a file that is gone;
    /// [`Error::CircularDependency`], [`ReplacementError::Twice`].
    pub fn for_applied(&self, applied: &BTreeMap<NodeKey, Applied>) -> Result<Loader, Error> {
        Loader::build(self.labels.clone(), Arc::clone(&self.migrations), applied.keys(), &BTreeSet::new())
    }

    /// The same with one more migration.
    ///
    /// # Errors
    /// As [`Loader::load`], where the new one does not fit the others.
    pub fn with(&self, new: &NewMigration) -> Result<Loader, Error> {
        self.changed(&[], [new])
    }

    /// The same without some migrations and with others.
    pub(super) fn changed<'a>(
        &self,
        gone: &[NodeKey],
        new: impl IntoIterator<Item = &'a NewMigration>,
    ) -> Result<Loader, Error> {
        let mut migrations = Files::clone(&self.migrations);
        migrations.retain(|key, _| !gone.contains(key));
        migrations.extend(new.into_iter().map(|new| (new.key.clone(), new.migration.clone())));
        Loader::build(self.labels.clone(), Arc::new(migrations), [].iter(), &BTreeSet::new())
    }

    /// Which comes before which, replaced migrations left out.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The squashed migration that stands for this one in the graph.
    pub fn squashed_by(&self, key: &NodeKey) -> Option<&NodeKey> {
        self.replacements.stand_ins.get(key)
    }

    /// Whether a migration counts as applied on the database that [`Loader::for_applied`] was given: a squashed one
    /// does when all that it replaces is, even before `migrate` has recorded that.
    pub fn is_applied(&self, key: &NodeKey) -> bool {
        self.replacements.applied.contains(key)
    }

    /// The migrations of the graph that count as applied.
    pub fn applied(&self) -> BTreeSet<NodeKey> {
        self.graph.nodes().filter(|key| self.is_applied(key)).cloned().collect()
    }

    /// That nothing is applied before what it depends on.
    ///
    /// # Errors
    /// [`Error::InconsistentHistory`].
    pub fn check_history(&self) -> Result<(), Error> {
        for migration in self.graph.nodes().filter(|key| self.is_applied(key)) {
            if let Some(dependency) = self.graph.parents(migration).find(|parent| !self.is_applied(parent)) {
                let (migration, dependency) = (migration.clone(), dependency.clone());
                return Err(Error::InconsistentHistory { migration, dependency });
            }
        }
        Ok(())
    }

    /// The labels of all modules, those without migrations too, in the order given.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// One migration, whether it is in the graph, replaced or left out.
    pub fn migration(&self, key: &NodeKey) -> Option<&Migration> {
        self.migrations.get(key)
    }

    /// The applied migrations whose file is no longer the one that was applied: the database has what the old text
    /// said. Those without a file, or recorded without a checksum, are not among them.
    pub fn edited(&self, applied: &BTreeMap<NodeKey, Applied>) -> Vec<NodeKey> {
        let differs = |(key, record): &(&NodeKey, &Applied)| {
            let now = self.migrations.get(*key).map_or("", |migration| &migration.checksum);
            !now.is_empty() && !record.checksum.is_empty() && now != record.checksum
        };
        applied.iter().filter(differs).map(|(key, _)| key.clone()).collect()
    }

    /// All migrations, in alphabetical order of modules and names.
    pub fn migrations(&self) -> impl Iterator<Item = (&NodeKey, &Migration)> {
        self.migrations.iter()
    }

    /// A module's migrations, replaced ones too, in alphabetical order.
    pub fn of_module<'a>(&'a self, label: &'a str) -> impl Iterator<Item = (&'a NodeKey, &'a Migration)> {
        self.migrations.range(NodeKey::new(label, "")..).take_while(move |(key, _)| key.module == label)
    }

    /// That a module of this label exists and has migrations.
    ///
    /// # Errors
    /// [`Error::UnknownModule`], [`Error::NoMigrations`].
    pub fn check_module(&self, label: &str) -> Result<(), Error> {
        if !self.labels.iter().any(|known| known == label) {
            return Err(Error::UnknownModule { label: label.to_owned() });
        }
        match self.of_module(label).next() {
            Some(_) => Ok(()),
            None => Err(Error::NoMigrations { label: label.to_owned() }),
        }
    }

    /// The migration of `label` that is called `prefix` or, if none is, the only one that begins so.
    ///
    /// # Errors
    /// [`Error::UnknownModule`], [`Error::NoMigrations`], [`Error::NoMatch`], [`Error::Ambiguous`].
    pub fn find(&self, label: &str, prefix: &str) -> Result<NodeKey, Error> {
        self.check_module(label)?;
        let exact = NodeKey::new(label, prefix);
        if self.migrations.contains_key(&exact) {
            return Ok(exact);
        }
        let mut matching = self.of_module(label).map(|(key, _)| key).filter(|key| key.name.starts_with(prefix));
        match (matching.next(), matching.next()) {
            (Some(key), None) => Ok(key.clone()),
            (None, _) => Err(Error::NoMatch { label: label.to_owned(), prefix: prefix.to_owned() }),
            (Some(_), Some(_)) => Err(Error::Ambiguous { label: label.to_owned(), prefix: prefix.to_owned() }),
        }
    }

    /// That every module has one last migration.
    ///
    /// # Errors
    /// [`Error::Conflict`].
    pub fn check_conflicts(&self) -> Result<(), Error> {
        let conflicts = self.graph.conflicts();
        if conflicts.is_empty() { Ok(()) } else { Err(Error::Conflict { conflicts }) }
    }

    /// What the tables look like when everything is applied.
    ///
    /// # Errors
    /// [`Error::Operation`].
    pub fn state(&self) -> Result<ProjectState, Error> {
        self.state_after(&self.graph.full_plan())
    }

    /// What the tables look like after these migrations, which must be in an order that the graph allows.
    ///
    /// # Errors
    /// [`Error::Operation`], [`Error::UnknownNode`].
    pub fn state_after(&self, nodes: &[NodeKey]) -> Result<ProjectState, Error> {
        let mut state = ProjectState::default();
        for key in nodes {
            let migration = self.migration(key).ok_or_else(|| Error::UnknownNode(key.clone()))?;
            migration.apply(key, &mut state)?;
        }
        Ok(state)
    }
}

fn is_hidden(name: &str) -> bool {
    name.starts_with(['_', '~', '.'])
}

/// That no two names are one on a file system that does not tell upper from lower case, and that none depends on
/// itself.
fn check_names(migrations: &Files) -> Result<(), Error> {
    let mut seen: BTreeMap<(&str, String), &NodeKey> = BTreeMap::new();
    for (key, migration) in migrations {
        if migration.dependencies.contains(key) {
            return Err(Error::CircularDependency(vec![key.clone(), key.clone()]));
        }
        if let Some(other) = seen.insert((&key.module, key.name.to_lowercase()), key) {
            return Err(Error::SimilarNames { one: other.clone(), other: key.clone() });
        }
    }
    Ok(())
}

/// The migrations' names in a directory, in alphabetical order; none when there is no directory.
fn names(directory: &Path) -> Result<Vec<String>, Error> {
    let refuse = |reason| Error::Io { path: directory.to_owned(), reason };
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(refuse(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(refuse)?.file_name();
        let name = name.to_string_lossy();
        if let Some(stem) = name.strip_suffix(".toml").filter(|stem| !stem.is_empty() && !is_hidden(stem)) {
            names.push(stem.to_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// FNV-1a over the text with Unix line ends: enough to notice an edit, stable for ever, and no dependency.
pub(super) fn checksum(text: &str) -> String {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in text.bytes().filter(|byte| *byte != b'\r') {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!("{hash:016x}")
}
