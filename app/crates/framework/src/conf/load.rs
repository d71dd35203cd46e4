//! Puts the layers together: defaults → `config/default.toml` → the environment's file → `.env` → environment.

use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

use serde::Deserialize as _;
use toml::de::DeTable;

use super::error::{Error, Fault};
use super::settings::{Environment, Settings};
use super::tree::{self, Node, Origin, Table, Value, merge};
use super::variables::Variables;
use super::{Env, Layout, de};

/// More faults than this help nobody.
const MOST_FAULTS: usize = 20;

/// What the command line says about the settings.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// `--settings`: a file, a directory of files, or the bare name of either in `config/`. Relative to where the
    /// person stands.
    pub explicit: Option<PathBuf>,
    /// The environment when nothing names one.
    pub fallback: Environment,
}

/// Where the settings in force come from.
#[derive(Clone, Debug, Default)]
pub struct Origins {
    /// The name of the settings: that of the environment, or of the file that took its place.
    pub name: String,
    keys: Vec<(String, String)>,
}

impl Origins {
    /// Where the value of a dotted key was set; `None` when it is the default.
    pub fn of(&self, key: &str) -> Option<&str> {
        self.keys.iter().find(|(known, _)| known == key).map(|(_, origin)| origin.as_str())
    }
}

/// Loads the settings.
///
/// # Errors
/// Everything that is wrong with them, each with its file, line and key, or its variable.
pub fn load(source: &Source, env: &Env, layout: &Layout) -> Result<Settings, Error> {
    let mut faults = Vec::new();
    let variables = Variables::read(env, layout, &mut faults);
    let environment = variables.environment(source.fallback)?;
    let explicit = source.explicit.clone().or_else(|| env.get("APP_SETTINGS").map(PathBuf::from));
    let (name, files) = match &explicit {
        Some(named) => (named.display().to_string(), named_files(named, env, layout)?),
        None => {
            let name = environment.name().to_owned();
            let file = layout.config().join(format!("{name}.toml"));
            (name, Vec::from_iter(file.exists().then_some(file)))
        }
    };
    let default = Some(layout.config().join("default.toml")).filter(|file| file.exists());
    let mut table = environment_defaults(environment);
    for file in default.into_iter().chain(files) {
        read(&file, layout, &mut table, &mut faults);
    }
    merge(&mut table, variables.into_table());
    let mut keys = Vec::new();
    tree::leaves(&table, "", &mut |key, origin| match origin {
        Origin::Code => {}
        _ => keys.push((key, origin.to_string())),
    });
    let settings = typed(table, faults)?;
    Ok(Settings { environment, origins: Origins { name, keys }, ..settings })
}

/// The settings that one file makes of the defaults, with no other layer. For `diffsettings --default`.
pub(super) fn load_alone(
    named: &Path,
    environment: Environment,
    env: &Env,
    layout: &Layout,
) -> Result<Settings, Error> {
    let (mut table, mut faults) = (environment_defaults(environment), Vec::new());
    for file in named_files(named, env, layout)? {
        read(&file, layout, &mut table, &mut faults);
    }
    typed(table, faults)
}

impl Settings {
    /// The defaults of an environment.
    pub fn defaults(environment: Environment) -> Self {
        let settings = typed(environment_defaults(environment), Vec::new());
        Self { environment, ..settings.expect("the defaults in code are valid") }
    }
}

/// Where the defaults of an environment differ from those of all.
fn environment_defaults(environment: Environment) -> Table {
    let values: &[(&[&str], &str)] = match environment {
        Environment::Development => {
            &[(&["debug"], "true"), (&["auth", "anonymous_read"], "true"), (&["server", "drain_seconds"], "5")]
        }
        Environment::Production => &[(&["auth", "secure_cookies"], "true")],
        // A test must never touch the development data by accident.
        Environment::Test => &[(&["database", "url"], "sqlite::memory:"), (&["cache", "url"], "memory:")],
    };
    let mut table = Table::new();
    for (path, value) in values {
        let leaf = Node { value: Value::Raw((*value).to_owned()), origin: Origin::Code };
        merge(&mut table, tree::branch(path, leaf));
    }
    table
}

/// The files that a path or a bare name stands for.
fn named_files(named: &Path, env: &Env, layout: &Layout) -> Result<Vec<PathBuf>, Fault> {
    let path = env.current_dir.join(named);
    let is_bare = matches!(named.components().collect::<Vec<_>>()[..], [Component::Normal(_)]);
    let in_config = layout.config().join(named);
    let mut toml = in_config.clone().into_os_string();
    toml.push(".toml");
    let mut candidates = vec![path];
    if is_bare {
        candidates.extend([PathBuf::from(toml), in_config]);
    }
    if let Some(file) = candidates.iter().find(|path| path.exists() && !path.is_dir()) {
        return Ok(vec![file.clone()]);
    }
    for directory in candidates.iter().filter(|path| path.is_dir()) {
        let files = toml_files(directory).map_err(|error| {
            Fault::new(shown(directory, layout), format!("the settings directory cannot be read: {error}"))
        })?;
        if !files.is_empty() {
            return Ok(files);
        }
    }
    let looked: Vec<String> = candidates.iter().map(|path| format!("`{}`", shown(path, layout))).collect();
    let message = match candidates.iter().any(|path| path.is_dir()) {
        true => "the settings directory holds no `.toml` file",
        false => "the settings file does not exist",
    };
    Err(Fault::new(format!("`{}`", named.display()), message).hint(format!("looked for {}", looked.join(", "))))
}

fn toml_files(directory: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "toml") && !path.is_dir() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// A path as messages show it: from the project's root where it is below.
fn shown(path: &Path, layout: &Layout) -> String {
    path.strip_prefix(&layout.root).unwrap_or(path).display().to_string()
}

fn read(file: &Path, layout: &Layout, table: &mut Table, faults: &mut Vec<Fault>) {
    let path: Rc<str> = shown(file, layout).into();
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::InvalidData => {
            return faults.push(Fault::new(&*path, "the file is not valid UTF-8"));
        }
        Err(error) => return faults.push(Fault::new(&*path, format!("the file cannot be read: {error}"))),
    };
    match DeTable::parse(&text) {
        Ok(parsed) => merge(table, tree::from_toml(parsed.into_inner(), &path, &text)),
        Err(error) => faults.push(not_toml(&path, &text, &error)),
    }
}

/// Names file, line and the offending line, unless that may hold a secret.
fn not_toml(path: &str, text: &str, error: &toml::de::Error) -> Fault {
    let start = error.span().map_or(0, |span| span.start);
    let (line, column) = tree::position(text, start);
    let source = text.lines().nth(line - 1).unwrap_or_default().trim();
    // Inside a text of several lines there is no telling what key it belongs to.
    let in_long_text = text.get(..start).is_some_and(|before| before.contains("\"\"\"") || before.contains("'''"));
    let lower = source.to_lowercase();
    let may_be_secret = ["secret", "key", "pass", "token", "url", "://"].iter().any(|word| lower.contains(word));
    let fault = Fault::new(format!("{path}:{line}:{column}"), format!("not valid TOML: {}", error.message()));
    match (in_long_text, may_be_secret, source.split_once('=')) {
        (true, ..) | (false, true, None) => fault,
        (false, true, Some((key, _))) => fault.hint(format!("the line of `{}`", key.trim())),
        (false, false, _) if source.is_empty() => fault,
        (false, false, _) => fault.hint(format!("the line is `{}`", source.chars().take(100).collect::<String>())),
    }
}

/// Gives the tree its types. Each thing that does not fit is noted and taken out, until the rest fits: so all faults
/// are told at once.
fn typed(table: Table, mut faults: Vec<Fault>) -> Result<Settings, Error> {
    let mut root = Value::Table(table);
    loop {
        let failure = match Settings::deserialize(de::deserializer(&root)) {
            Ok(settings) if faults.is_empty() => return Ok(settings),
            Ok(_) => return Err(faults.into()),
            Err(failure) => failure,
        };
        faults.push(failure.fault());
        let removed = match &mut root {
            Value::Table(table) => tree::remove(table, &failure.path),
            _ => false,
        };
        if !removed || faults.len() >= MOST_FAULTS {
            return Err(faults.into());
        }
    }
}
