//! The files of new modules and commands, made from templates (minijinja). Ours are below `templates/` in this crate; a
//! file of the same path below `app/scaffold/` of the project takes one's place.
//!
//! Their delimiters are `[[ … ]]`, `[% … %]` and `[# … #]`, so that `{{ … }}` stands for itself: what is made is often a
//! template too.

mod context;
mod options;

use std::io;
use std::path::{Path, PathBuf};

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, UndefinedBehavior, Value};

use crate::names::ModulePath;
use crate::{Edit, Error, Result, rustfmt};

pub use options::Options;

/// Where a project keeps its own.
const OVERRIDES: &str = "app/scaffold";

/// What the file of a command cannot be called beside keywords.
const TAKEN_COMMANDS: [&str; 6] = ["alloc", "clap", "core", "framework", "management", "std"];

macro_rules! files {
    ($($path:literal,)*) => {
        /// Ours, by their paths.
        const FILES: &[(&str, &str)] = &[$(($path, include_str!(concat!("../templates/", $path))),)*];
    };
}

files! {
    "command/command.rs",
    "command/mod.rs",
    "module/mod.rs",
    "module/models.rs",
    "module/tests.rs",
    "module/views.rs",
    "module/templates/index.html",
}

/// The templates, ours and the project's own.
pub struct Templates {
    root: PathBuf,
    environment: Environment<'static>,
}

impl Templates {
    /// Reads them.
    ///
    /// # Errors
    /// When one of the project's own cannot be read, or is no template.
    pub fn read(root: &Path) -> Result<Self> {
        let mut environment = Environment::new();
        environment.set_syntax(syntax());
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        for (path, text) in FILES {
            let file = Path::new(OVERRIDES).join(path);
            let text = match std::fs::read_to_string(root.join(&file)) {
                Ok(own) => own,
                Err(error) if error.kind() == io::ErrorKind::NotFound => (*text).to_owned(),
                Err(error) => return Err(Error::io("read", &file, error)),
            };
            environment.add_template_owned(*path, text).map_err(|error| wrong(path, &error))?;
        }
        Ok(Self { root: root.to_owned(), environment })
    }

    /// All files of a new module. Its `mod.rs` knows of no modules below it.
    ///
    /// # Errors
    /// When a template of the project's own is wrong.
    pub fn module(&self, path: &ModulePath, options: &Options) -> Result<Vec<Edit>> {
        let context = context::module(path, options);
        let folder = path.folder();
        let pages = folder.join("templates").join(path.segments().join("/"));
        let mut edits = Vec::new();
        let mut file = |template: &str, path: PathBuf| -> Result<()> {
            edits.push(self.file(template, path, &context)?);
            Ok(())
        };
        file("module/mod.rs", folder.join("mod.rs"))?;
        if options.model.is_some() {
            file("module/models.rs", folder.join("models.rs"))?;
        }
        file("module/views.rs", folder.join("views.rs"))?;
        file("module/tests.rs", folder.join("tests.rs"))?;
        file("module/templates/index.html", pages.join("index.html"))?;
        if let Some(model) = &options.model {
            edits.push(new_file(folder.join("migrations/0001_initial.toml"), model.migration()));
        }
        if let Some(command) = &options.command {
            edits.extend(self.command(path, command)?);
        }
        Ok(edits)
    }

    /// The files of a new command: its own, and `commands/mod.rs`, without entries, as it is in a module that has no
    /// commands yet.
    ///
    /// # Errors
    /// When the name means something else in `commands/mod.rs`; when a template of the project's own is wrong.
    pub fn command(&self, path: &ModulePath, name: &str) -> Result<Vec<Edit>> {
        if TAKEN_COMMANDS.contains(&name) {
            let message =
                format!("'{name}' conflicts with a name that `commands/mod.rs` uses. Please try another name.");
            return Err(Error::new(message));
        }
        let context = context::command(path, name);
        let folder = path.folder().join("commands");
        let files = [("command/mod.rs", "mod.rs".to_owned()), ("command/command.rs", format!("{name}.rs"))];
        files.into_iter().map(|(template, file)| self.file(template, folder.join(file), &context)).collect()
    }

    fn file(&self, template: &str, path: PathBuf, context: &Value) -> Result<Edit> {
        let render = || self.environment.get_template(template)?.render(context);
        let text = render().map_err(|error| wrong(template, &error))?;
        let text = match path.extension() {
            Some(extension) if extension == "rs" => rustfmt::format(&self.root, &path, text)?,
            _ => text,
        };
        Ok(new_file(path, text))
    }
}

fn new_file(path: PathBuf, text: String) -> Edit {
    Edit { path, before: None, after: Some(text) }
}

/// A tag on a line of its own leaves no empty line.
fn syntax() -> SyntaxConfig {
    let mut syntax = SyntaxConfig::builder();
    syntax.block_delimiters("[%", "%]").variable_delimiters("[[", "]]").comment_delimiters("[#", "#]");
    syntax.trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build().expect("delimiters that differ")
}

fn wrong(template: &str, error: &minijinja::Error) -> Error {
    let line = error.line().map(|line| format!(", line {line}")).unwrap_or_default();
    let reason = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    Error::new(format!("the template `{template}`{line} is wrong: {reason}"))
        .with_hint(format!("a template of that path below `{OVERRIDES}/` takes the place of the built-in one"))
}
