//! Modules and commands that come and go: in a small project of its own, with somebody who answers.

mod addresses;
mod conflicts;
mod removing;
mod showing;
mod undoing;

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::path::{Path, PathBuf};

use cli::{AddCommand, AddModule, ChangeOptions, RemoveCommand, RemoveModule};
use scaffold::{Result, Talk};
use tempfile::TempDir;

/// The registry of a project with one module, as a person formatted it.
const REGISTRY: &str = "//! Registry.

pub mod mailings;

use framework::module::Module;

/// All.
pub const MODULES: &[fn() -> Module] = &[
    // Mine.
    mailings::module, // first
];
";

const MAILINGS: &str = "//! Mailings.

use framework::module::Module;

/// The module.
pub fn module() -> Module {
    let mut module = Module::new(\"mailings\");
    // It has nothing yet.
    module
}
";

/// A project on the disk.
struct Project {
    directory: TempDir,
}

/// All files but the journal's, with their texts.
type Files = BTreeMap<PathBuf, String>;

impl Project {
    fn new() -> Self {
        let project = Self { directory: tempfile::tempdir().expect("a directory") };
        project.write("app/src/modules/mod.rs", REGISTRY);
        project.write("app/src/modules/mailings/mod.rs", MAILINGS);
        project
    }

    fn root(&self) -> &Path {
        self.directory.path()
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.root().join(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        std::fs::write(path, text).expect("a file");
    }

    fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.root().join(path)).expect("a text")
    }

    fn files(&self) -> Files {
        let (mut files, mut directories) = (Files::new(), vec![PathBuf::new()]);
        while let Some(directory) = directories.pop() {
            for entry in std::fs::read_dir(self.root().join(&directory)).expect("a list") {
                let path = directory.join(entry.expect("an entry").file_name());
                if self.root().join(&path).is_dir() {
                    directories.push(path);
                } else if !path.starts_with("var") {
                    files.insert(path.clone(), std::fs::read_to_string(self.root().join(&path)).expect("a text"));
                }
            }
        }
        files
    }

    /// `add-module` with the words of a line and these options.
    fn add(&self, line: &str, change: ChangeOptions, person: &mut Person) -> Result<()> {
        let path = line.split_whitespace().map(str::to_owned).collect();
        scaffold::add_module(self.root(), &AddModule { path, change, ..AddModule::default() }, person)
    }

    fn remove(&self, line: &str, change: ChangeOptions, person: &mut Person) -> Result<()> {
        let path = line.split_whitespace().map(str::to_owned).collect();
        scaffold::remove_module(self.root(), &RemoveModule { path, change }, person)
    }

    fn undo(&self, change: ChangeOptions, person: &mut Person) -> Result<()> {
        scaffold::add_module(self.root(), &AddModule { undo: true, change, ..AddModule::default() }, person)
    }

    fn add_command(&self, name: &str, person: &mut Person) -> Result<()> {
        let args = AddCommand { module: "mailings".to_owned(), name: name.to_owned(), ..AddCommand::default() };
        scaffold::add_command(self.root(), &args, person)
    }

    fn remove_command(&self, name: &str, change: ChangeOptions, person: &mut Person) -> Result<()> {
        let args = RemoveCommand { module: "mailings".to_owned(), name: name.to_owned(), change };
        scaffold::remove_command(self.root(), &args, person)
    }
}

fn plain() -> ChangeOptions {
    ChangeOptions::default()
}

fn force() -> ChangeOptions {
    ChangeOptions { force: true, ..plain() }
}

/// Somebody who answers, or nobody, and all that was heard.
#[derive(Default)]
struct Person {
    answers: Option<VecDeque<String>>,
    said: Vec<String>,
    noted: Vec<String>,
    asked: Vec<String>,
}

impl Person {
    /// Nobody is there.
    fn absent() -> Self {
        Self::default()
    }

    /// Somebody who gives these answers, one for each letter, and then breaks off.
    fn who_types(letters: &str) -> Self {
        Self { answers: Some(letters.chars().map(String::from).collect()), ..Self::default() }
    }
}

impl Talk for Person {
    fn say(&mut self, line: &str) {
        self.said.push(line.to_owned());
    }

    fn note(&mut self, line: &str) {
        self.noted.push(line.to_owned());
    }

    fn ask(&mut self, question: &str) -> io::Result<Option<String>> {
        let Some(answers) = &mut self.answers else { return Ok(None) };
        self.asked.push(question.to_owned());
        answers.pop_front().map(Some).ok_or_else(|| io::ErrorKind::Interrupted.into())
    }
}
