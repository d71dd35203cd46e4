//! The model that `--model Name field:type…` asks for: the grammar, and what is wrong with what was typed.

mod field;
mod kind;
mod migration;

use std::collections::BTreeMap;
use std::fmt;

pub use field::NewField;
pub use kind::Kind;
pub(crate) use migration::on_delete;

use crate::{Error, Result, names};

/// How many bytes of a name PostgreSQL keeps.
const LONGEST_NAME: usize = 63;

/// A model to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewModel {
    /// The label of its module (`cms_adp_roles`).
    pub label: String,
    /// Its name (`Role`).
    pub name: String,
    /// Its table (`cms_adp_roles_role`).
    pub table: String,
    /// Its fields but for `id`.
    pub fields: Vec<NewField>,
}

/// A model that a field can point at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The label of its module (`users`).
    pub module: String,
    /// Its name (`User`).
    pub name: String,
    /// The Rust module of its entity (`crate::modules::users::models::user`); nothing when it is the new model itself.
    pub entity: Option<String>,
    /// Its primary key.
    pub key: String,
    /// That key's type.
    pub kind: Kind,
    /// The column that people know a row by; the key where there is none.
    pub shown: Option<String>,
    /// The last migration of its module, on which the new one depends.
    pub migration: Option<String>,
}

/// `users.User`
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.module, self.name)
    }
}

/// Names that the generated code uses for something else, as the model's Rust module has them.
const TAKEN: [&str; 22] = [
    "alloc",
    "anyhow",
    "api",
    "app",
    "chrono",
    "clap",
    "commands",
    "core",
    "forms",
    "framework",
    "http",
    "model",
    "models",
    "pages",
    "sample",
    "sea_orm",
    "serde",
    "serde_json",
    "service",
    "std",
    "testing",
    "tokio",
];

/// The tables of the migrations themselves, and what databases keep for theirs.
const TAKEN_TABLES: [&str; 2] = ["migration_history", "migration_progress"];
const TAKEN_PREFIXES: [&str; 3] = ["sqlite_", "pg_", "new__"];

impl NewModel {
    /// Reads what stands after `--model`: the name, and the fields. `find` looks up the model of a reference.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn parse(label: &str, words: &[String], find: &dyn Fn(&str) -> Result<Target>) -> Result<Self> {
        let [name, fields @ ..] = words else {
            return Err(Error::new("--model has no name").with_code(2).with_hint(EXAMPLE));
        };
        names::model(name)?;
        let module = names::snake_case(name);
        if TAKEN.contains(&module.as_str()) {
            return Err(Error::new(format!(
                "a model cannot be called `{name}`: `{module}` means something else in its module"
            )));
        }
        if fields.is_empty() {
            return Err(Error::new(format!("the model `{name}` has no fields")).with_code(2).with_hint(EXAMPLE));
        }
        let table = table(label, name)?;
        let own = format!("{label}.{name}");
        let find = |wanted: &str| {
            if wanted != own {
                return find(wanted);
            }
            Ok(Target {
                module: label.to_owned(),
                name: name.clone(),
                entity: None,
                key: "id".to_owned(),
                kind: Kind::BigInteger,
                shown: None,
                migration: None,
            })
        };
        let mut fields = fields.iter().map(|field| NewField::parse(field, &find)).collect::<Result<Vec<_>>>()?;
        check_columns(&fields)?;
        point_at_names(&mut fields);
        Ok(Self { label: label.to_owned(), name: name.clone(), table, fields })
    }

    /// The Rust module of its entity: `blog_post`.
    pub fn module(&self) -> String {
        names::snake_case(&self.name)
    }
}

const EXAMPLE: &str = "write `--model Post title:string body:text`";

/// The model's table, as Django calls it.
fn table(label: &str, name: &str) -> Result<String> {
    let table = format!("{label}_{}", names::snake_case(name));
    if table.len() > LONGEST_NAME {
        let message = format!("the table `{table}` of {label}.{name} would have a name of {} characters", table.len());
        let hint = format!("a table's name has at most {LONGEST_NAME}; choose a shorter name for the model");
        return Err(Error::new(message).with_hint(hint));
    }
    let reserved = TAKEN_PREFIXES.iter().any(|prefix| table.starts_with(prefix));
    if reserved || TAKEN_TABLES.contains(&table.as_str()) {
        let message =
            format!("the table `{table}` of {label}.{name} has a name that the database or the migrations use");
        return Err(Error::new(message).with_hint("choose another name for the model"));
    }
    Ok(table)
}

/// No two fields may have one column, or one name in Rust.
fn check_columns(fields: &[NewField]) -> Result<()> {
    let mut known: BTreeMap<String, &str> = BTreeMap::new();
    if let Some(field) = fields.iter().find(|field| field.target.is_some() && field.relation() == "self") {
        return Err(Error::new(format!("a reference cannot be called `{}`", field.column)));
    }
    for field in fields {
        match known.insert(names::camel_case(&field.column), &field.column) {
            Some(other) if other == field.column => {
                return Err(Error::new(format!("there are two fields `{other}`")));
            }
            Some(other) => {
                let message = format!("the fields `{other}` and `{}` have one name in Rust", field.column);
                return Err(Error::new(message).with_hint(format!("both are `Column::{}`", names::camel_case(other))));
            }
            None => {}
        }
    }
    Ok(())
}

/// A reference to the new model itself shows its first text that is nobody's secret.
fn point_at_names(fields: &mut [NewField]) {
    let texts =
        |field: &&NewField| matches!(field.kind, Kind::String(_) | Kind::Text) && !cli::sounds_secret(&field.column);
    let shown = fields.iter().find(texts).map(|field| field.column.clone());
    for target in fields.iter_mut().filter_map(|field| field.target.as_mut()).filter(|target| target.entity.is_none()) {
        target.shown.clone_from(&shown);
    }
}
