//! The files of new modules and commands, made from templates (minijinja). Ours are below `templates/` in this crate; a
//! file of the same path below `app/scaffold/` of the project takes one's place.
//!
//! Their delimiters are `[[ … ]]`, `[% … %]` and `[# … #]`, so that `{{ … }}` stands for itself: what is made is often a
//! template too.

mod context;
mod options;
mod samples;

use std::io;
use std::path::{Path, PathBuf};

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};

use crate::model::NewModel;
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
    "module/api.rs",
    "module/forms.rs",
    "module/mod.rs",
    "module/models.rs",
    "module/pages.rs",
    "module/service.rs",
    "module/tests.rs",
    "module/tests/api.rs",
    "module/tests/pages.rs",
    "module/views.rs",
    "module/templates/cell.html",
    "module/templates/delete.html",
    "module/templates/detail.html",
    "module/templates/form.html",
    "module/templates/index.html",
    "module/templates/list.html",
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
        // What is made is source text, of whatever language.
        environment.set_auto_escape_callback(|_| AutoEscape::None);
        refuse_unknown(root)?;
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

    /// The files of a new module, those of its command excepted. Its `mod.rs` knows of no modules below it.
    ///
    /// # Errors
    /// When a template of the project's own is wrong.
    pub fn module(&self, path: &ModulePath, options: &Options) -> Result<Vec<Edit>> {
        let context = context::module(path, options);
        let folder = path.folder();
        let html = format!("templates/{}", path.segments().join("/"));
        let files = files(options);
        let render = |(template, file): &(&str, &str)| {
            let file = match file.strip_suffix(".html") {
                Some(_) => folder.join(&html).join(file),
                None => folder.join(file),
            };
            self.file(&format!("module/{template}"), file, &context)
        };
        let mut edits = files.iter().map(render).collect::<Result<Vec<_>>>()?;
        if let Some(model) = &options.model {
            edits.push(Edit::create(folder.join("migrations/0001_initial.toml"), model.migration()));
        }
        Ok(edits)
    }

    /// The files of a new command: its own, and `commands/mod.rs`, without entries, as it is in a module that has no
    /// commands yet. `model` is the one that a new module begins with.
    ///
    /// # Errors
    /// When the name means something else in `commands/mod.rs`; when a template of the project's own is wrong.
    pub fn command(&self, path: &ModulePath, name: &str, model: Option<&NewModel>) -> Result<Vec<Edit>> {
        if TAKEN_COMMANDS.contains(&name) {
            let message =
                format!("'{name}' conflicts with a name that `commands/mod.rs` uses. Please try another name.");
            return Err(Error::new(message));
        }
        let context = context::command(path, name, model);
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
        Ok(Edit::create(path, text))
    }
}

/// Which templates make which files.
fn files(options: &Options) -> Vec<(&'static str, &'static str)> {
    let mut files = vec![("mod.rs", "mod.rs"), ("tests.rs", "tests.rs")];
    if options.model.is_some() {
        files.extend([("models.rs", "models.rs"), ("service.rs", "service.rs")]);
    }
    if options.pages || options.api {
        files.push(("forms.rs", "forms.rs"));
    }
    if options.api {
        files.extend([("api.rs", "api.rs"), ("tests/api.rs", "tests/api.rs")]);
    }
    if options.pages {
        files.extend([("pages.rs", "views.rs"), ("tests/pages.rs", "tests/pages.rs")]);
        files.extend([("templates/list.html", "index.html"), ("templates/detail.html", "detail.html")]);
        files.extend([("templates/form.html", "form.html"), ("templates/delete.html", "delete.html")]);
    } else {
        files.extend([("views.rs", "views.rs"), ("templates/index.html", "index.html")]);
    }
    files
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

/// A file that takes no template's place would never be read.
fn refuse_unknown(root: &Path) -> Result<()> {
    let mut folders = vec![PathBuf::from(OVERRIDES)];
    while let Some(folder) = folders.pop() {
        let entries = match std::fs::read_dir(root.join(&folder)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(Error::io("read", &folder, error)),
        };
        for entry in entries {
            let entry = entry.map_err(|error| Error::io("read", &folder, error))?;
            let file = folder.join(entry.file_name());
            if entry.path().is_dir() {
                folders.push(file);
            } else if !is_template_or_hidden(&file) {
                let known: Vec<&str> = FILES.iter().map(|(path, _)| *path).collect();
                let message = format!("`{}` takes the place of no template", file.display());
                return Err(Error::new(message).with_hint(format!("those there are: {}", known.join(", "))));
            }
        }
    }
    Ok(())
}

/// Editors and systems leave hidden files behind.
fn is_template_or_hidden(file: &Path) -> bool {
    let name = file.file_name().unwrap_or_default().as_encoded_bytes();
    let hidden = name.starts_with(b".") || name.ends_with(b"~") || name.eq_ignore_ascii_case(b"README.md");
    hidden || FILES.iter().any(|(path, _)| Path::new(OVERRIDES).join(path) == file)
}
