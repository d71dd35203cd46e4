//! `cargo xtask tidy`: the project's own rules, which no compiler checks. Every rule names file and line, and all
//! problems are shown at once.

mod layers;
mod licences;
mod manifests;
mod modules;
mod sources;
mod systems;
mod text;

use std::fmt;
use std::path::{Path, PathBuf};

use crate::project::Project;
use crate::{codegen, output};

pub use text::{Source, read_sources};

/// One broken rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file, from the workspace root.
    pub file: PathBuf,
    /// The line, from 1; 0 means the whole file.
    pub line: usize,
    /// What is wrong, and what to do.
    pub message: String,
}

impl Problem {
    fn new(file: impl Into<PathBuf>, line: usize, message: impl Into<String>) -> Self {
        Self { file: file.into(), line, message: message.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file.display(), self.message),
            line => write!(f, "{}:{line}: {}", self.file.display(), self.message),
        }
    }
}

/// Checks the rules about files, which need no cargo.
///
/// # Errors
/// When a source cannot be read.
pub fn check_files(root: &Path) -> anyhow::Result<Vec<Problem>> {
    let sources = read_sources(root)?;
    let mut problems = sources::check(&sources);
    problems.extend(layers::check(&sources));
    problems.extend(modules::check(&sources));
    problems.extend(systems::check(&sources));
    problems.extend(manifests::check_files(root)?);
    problems.extend(check_readme(root));
    problems.sort();
    Ok(problems)
}

/// Checks the rules about dependencies, which cargo knows.
///
/// # Errors
/// When cargo does not answer.
pub fn check_dependencies(project: &Project) -> anyhow::Result<Vec<Problem>> {
    let metadata = manifests::metadata(project)?;
    let mut problems = manifests::check_direction(&metadata);
    problems.extend(licences::check(&metadata));
    problems.sort();
    Ok(problems)
}

fn check_readme(root: &Path) -> Option<Problem> {
    let problem = |message: String| Some(Problem::new("README.md", 0, message));
    let Ok(readme) = std::fs::read_to_string(root.join("README.md")) else {
        return problem("is missing".to_owned());
    };
    match codegen::with_table(&readme) {
        Ok(expected) if expected == readme => None,
        Ok(_) => problem("the task table is not that of the tool; `cargo xtask codegen` writes it".to_owned()),
        Err(reason) => problem(reason),
    }
}

/// Runs the task: prints every problem on stdout; exit code 1 when there is one.
///
/// # Errors
/// When the rules cannot be checked.
pub fn run(project: &Project) -> anyhow::Result<u8> {
    let mut problems = check_files(&project.root)?;
    problems.extend(check_dependencies(project)?);
    output::data(&problems.iter().map(|problem| format!("{problem}\n")).collect::<String>())?;
    match problems.len() {
        0 => output::note("tidy: no problems"),
        1 => output::note("tidy: 1 problem"),
        count => output::note(format_args!("tidy: {count} problems")),
    }
    Ok(u8::from(!problems.is_empty()))
}
