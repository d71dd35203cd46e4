//! Reading all modules' migrations.

use std::{collections::BTreeMap, fs, io, path::Path};

use super::{Applied, Graph, ModuleMigrations, NodeKey, Operation, Source, file::MigrationFile};
use crate::{Error, ProjectState};

/// One migration, as its file says.
#[derive(Clone, Debug, PartialEq)]
pub struct Migration {
    /// Whether it creates the module's first tables.
    pub initial: bool,
    /// Whether it runs in one transaction.
    pub atomic: bool,
    /// What must be applied before, `__first__` and `__latest__` already replaced.
    pub dependencies: Vec<NodeKey>,
    /// What it does.
    pub operations: Vec<Operation>,
    /// A hash of the file's text, recorded when it is applied; empty for one that was not read from a file.
    pub checksum: String,
}

impl Migration {
    /// Reads a migration's text; `file` is what errors call it. `__first__` and `__latest__` stay as they are.
    ///
    /// # Errors
    /// [`Error::File`] with line and column.
    pub fn parse(text: &str, file: &str) -> Result<Migration, Error> {
        let parsed = MigrationFile::parse(text, file)?;
        Ok(Migration {
            initial: parsed.initial,
            atomic: parsed.atomic,
            dependencies: parsed.dependencies,
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
        Ok(())
    }
}

/// All migrations of all modules, and their graph.
#[derive(Clone, Debug)]
pub struct Loader {
    labels: Vec<String>,
    migrations: BTreeMap<NodeKey, Migration>,
    graph: Graph,
}

impl Loader {
    /// Reads the migrations of `modules`. Files that begin with `_`, `~` or `.` and files that are not `.toml` are
    /// passed over.
    ///
    /// # Errors
    /// [`Error::DuplicateModule`], [`Error::Io`], [`Error::File`], [`Error::MissingDependency`],
    /// [`Error::CircularDependency`]. Several last migrations are no error here: see [`Loader::check_conflicts`].
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
        resolve_ends(&mut migrations, &labels)?;
        let edges = migrations.iter().map(|(key, migration)| (key.clone(), migration.dependencies.clone()));
        let graph = Graph::new(edges)?;
        Ok(Loader { labels, migrations, graph })
    }

    /// Which comes before which.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The labels of all modules, those without migrations too, in the order given.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// One migration.
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

    /// A module's migrations, in alphabetical order.
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

/// Replaces `module.__first__` and `module.__latest__` by the migrations that are meant. A module without migrations
/// has neither, and nothing to wait for.
fn resolve_ends(migrations: &mut BTreeMap<NodeKey, Migration>, labels: &[String]) -> Result<(), Error> {
    let mut own: BTreeMap<String, Graph> = BTreeMap::new();
    for label in labels {
        let of_module = migrations.iter().filter(|(key, _)| key.module == *label);
        // Inside the module only; a dependency on nothing is reported by the whole graph.
        let edges = of_module.map(|(key, migration)| {
            let within = |dependency: &&NodeKey| dependency.module == *label && migrations.contains_key(*dependency);
            (key.clone(), migration.dependencies.iter().filter(within).cloned().collect())
        });
        own.insert(label.clone(), Graph::new(edges)?);
    }
    for (key, migration) in migrations.iter_mut() {
        let mut resolved = Vec::new();
        for dependency in migration.dependencies.drain(..) {
            let ends = match dependency.name.as_str() {
                "__first__" => own.get(&dependency.module).map(|graph| graph.roots(&dependency.module)),
                "__latest__" => own.get(&dependency.module).map(|graph| graph.leaves(&dependency.module)),
                _ => {
                    resolved.push(dependency);
                    continue;
                }
            };
            match ends {
                Some(ends) => resolved.extend(ends),
                None => return Err(Error::MissingDependency { migration: key.clone(), dependency }),
            }
        }
        migration.dependencies = resolved;
    }
    Ok(())
}

/// FNV-1a over the text with Unix line ends: enough to notice an edit, stable for ever, and no dependency.
fn checksum(text: &str) -> String {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in text.bytes().filter(|byte| *byte != b'\r') {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!("{hash:016x}")
}
