//! The settings in the environment: `APP__DATABASE__URL` is the key `database.url`. `.env` stands in for what the
//! process's own environment does not set.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::rc::Rc;

use super::error::{Fault, listed, nearest};
use super::tree::{Node, Origin, Table, Value, branch, merge};
use super::{Env, Environment, Layout};

const PREFIX: &str = "APP__";
const ENVIRONMENT: &str = "APP__ENVIRONMENT";

/// Deeper keys than any setting has are left in one piece; they are unknown either way.
const DEEPEST: usize = 8;

/// The variables that set something, by name.
pub(super) struct Variables(BTreeMap<String, Variable>);

struct Variable {
    value: String,
    origin: Origin,
}

impl Variables {
    /// Reads `.env` and the environment, which wins. An empty variable counts as unset.
    pub(super) fn read(env: &Env, layout: &Layout, faults: &mut Vec<Fault>) -> Self {
        let own = from_env(env, faults);
        let in_test = own.get(ENVIRONMENT).is_some_and(|variable| variable.value.trim() == Environment::Test.name());
        let mut all = if in_test { BTreeMap::new() } else { from_dotenv(layout, faults) };
        let test = all.get(ENVIRONMENT).is_some_and(|variable| variable.value.trim() == Environment::Test.name());
        if test && !own.contains_key(ENVIRONMENT) {
            all.retain(|name, _| name == ENVIRONMENT);
        }
        all.extend(own);
        Self(all)
    }

    /// Which environment they name.
    pub(super) fn environment(&self, fallback: Environment) -> Result<Environment, Fault> {
        let Some(variable) = self.0.get(ENVIRONMENT) else { return Ok(fallback) };
        let name = variable.value.trim();
        Environment::ALL.into_iter().find(|known| known.name() == name).ok_or_else(|| {
            let known = || Environment::ALL.into_iter().map(Environment::name);
            let message = format!("unknown environment `{}` (known: {})", name.escape_debug(), listed(known()));
            let fault = Fault::new(variable.origin.to_string(), message);
            match nearest(name, known()) {
                Some(near) => fault.hint(format!("did you mean `{near}`?")),
                None => fault,
            }
        })
    }

    /// Them all as one layer of settings.
    pub(super) fn into_table(self) -> Table {
        let mut table = Table::new();
        for (name, Variable { value, origin }) in self.0 {
            if name != ENVIRONMENT {
                let key = name.strip_prefix(PREFIX).unwrap_or(&name).to_lowercase();
                let path: Vec<&str> = key.splitn(DEEPEST, "__").collect();
                merge(&mut table, branch(&path, Node { value: Value::Raw(value), origin }));
            }
        }
        table
    }
}

fn from_env(env: &Env, faults: &mut Vec<Fault>) -> BTreeMap<String, Variable> {
    let mut variables = BTreeMap::new();
    for (name, value) in env.iter().filter(|(_, value)| !value.is_empty()) {
        let name = name.to_string_lossy().into_owned();
        if !name.starts_with(PREFIX) {
            continue;
        }
        match OsString::from(value).into_string() {
            Ok(value) => {
                let origin = Origin::Variable { name: name.as_str().into(), file: None };
                variables.insert(name, Variable { value, origin });
            }
            Err(_) => faults.push(Fault::new(format!("`{}`", name.escape_debug()), "the value is not valid UTF-8")),
        }
    }
    variables
}

fn from_dotenv(layout: &Layout, faults: &mut Vec<Fault>) -> BTreeMap<String, Variable> {
    let text = match fs::read_to_string(layout.root.join(".env")) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return BTreeMap::new(),
        Err(error) => {
            faults.push(Fault::new(".env", format!("cannot be read: {error}")));
            return BTreeMap::new();
        }
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut variables = BTreeMap::new();
    for item in dotenvy::from_read_iter(text.as_bytes()) {
        match item {
            Ok((name, value)) if name.starts_with(PREFIX) && !value.is_empty() => {
                let file: Rc<str> = line_of(text, &name).map_or(".env".into(), |line| format!(".env:{line}").into());
                let origin = Origin::Variable { name: name.as_str().into(), file: Some(file) };
                variables.insert(name, Variable { value, origin });
            }
            Ok(_) => {}
            Err(error) => faults.push(unreadable_line(text, &error)),
        }
    }
    variables
}

/// The line that sets the variable; the last one, as its value is the one in force.
fn line_of(text: &str, name: &str) -> Option<usize> {
    let sets = |line: &str| {
        let line = line.trim_start();
        let line = line.strip_prefix("export ").map_or(line, str::trim_start);
        line.strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with('='))
    };
    text.lines().enumerate().filter(|(_, line)| sets(line)).map(|(index, _)| index + 1).last()
}

/// Names the line and its key, never its value: it may be a secret.
fn unreadable_line(text: &str, error: &dotenvy::Error) -> Fault {
    let dotenvy::Error::LineParse(line, _) = error else {
        return Fault::new(".env", format!("cannot be read: {error}"));
    };
    let number = text.find(line.as_str()).map_or(1, |offset| text[..offset].matches('\n').count() + 1);
    let key = line.split_once('=').map(|(key, _)| key.trim().escape_debug());
    let message = match key {
        Some(key) => format!("the value of `{key}` cannot be parsed"),
        None => "expected `KEY=value`".to_owned(),
    };
    Fault::new(format!(".env:{number}"), message).hint("put a value that holds spaces, `#` or `$` in single quotes")
}
