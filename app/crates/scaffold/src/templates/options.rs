//! What is wanted in a new module.

use cli::AddModule;

use crate::model::{Kind, NewModel, Target};
use crate::names::{self, ModulePath};
use crate::sources::{Model, Module, Sources};
use crate::{Error, Result};

/// What a new module has beside a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// A model, with its migration and its service.
    pub model: Option<NewModel>,
    /// Pages for the model's rows.
    pub pages: bool,
    /// JSON endpoints for the model's rows.
    pub api: bool,
    /// A command of this name.
    pub command: Option<String>,
}

impl Options {
    /// What was typed, checked against the sources.
    ///
    /// # Errors
    /// The first thing that is wrong with it: exit code 2 where it cannot be read, 1 where it cannot be done.
    pub fn new(sources: &Sources, path: &ModulePath, typed: &AddModule) -> Result<Self> {
        let (pages, api) = (typed.pages, typed.api);
        if let Some(name) = &typed.command {
            names::identifier("command", name)?;
        }
        let model = match typed.model.as_slice() {
            [] if pages || api => {
                let option = if pages { "--pages" } else { "--api" };
                return Err(Error::new(format!("`{option}` needs `--model`")).with_code(2));
            }
            [] => None,
            words => {
                let model = NewModel::parse(&path.label(), words, &|label| target(sources, label))?;
                check_table(sources, &model)?;
                Some(model)
            }
        };
        Ok(Self { model, pages, api, command: typed.command.clone() })
    }
}

/// The model of a reference.
fn target(sources: &Sources, label: &str) -> Result<Target> {
    let Some((module, model)) = sources.model(label) else { return Err(unknown(sources, label)) };
    let name = format!("{}.{}", module.label, model.name);
    let Some(key) = model.primary_key() else {
        return Err(Error::new(format!("{name} cannot be referenced: it has no primary key of one column")));
    };
    let kind = match key.rust_type.as_str() {
        "i64" => Kind::BigInteger,
        "i32" => Kind::Integer,
        other => {
            return Err(Error::new(format!("{name} cannot be referenced: its key is `{other}`, and not a number")));
        }
    };
    let Some(migration) = module.migrations.last() else {
        let hint = format!("write it first: `makemigrations {}`", module.label);
        return Err(Error::new(format!("{name} has no migration yet")).with_hint(hint));
    };
    Ok(Target {
        module: module.label.clone(),
        name: model.name.clone(),
        entity: Some(model.entity_path.clone()),
        key: key.name.clone(),
        kind,
        shown: model.first_text().map(|field| field.name.clone()),
        migration: Some(migration.clone()),
    })
}

fn unknown(sources: &Sources, label: &str) -> Error {
    let all = |module: &Module| {
        let label = module.label.clone();
        module.models.iter().map(move |Model { name, .. }| format!("{label}.{name}")).collect::<Vec<_>>()
    };
    let known: Vec<String> = sources.modules().iter().flat_map(all).collect();
    let hint = match cli::nearest(label, known.iter().map(String::as_str)).first() {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}", known.join(", ")),
    };
    Error::new(format!("there is no model `{label}` to reference")).with_hint(hint)
}

/// Two models cannot share a table.
fn check_table(sources: &Sources, model: &NewModel) -> Result<()> {
    let models = sources.modules().iter().flat_map(|module| module.models.iter().map(move |model| (module, model)));
    match models.into_iter().find(|(module, other)| other.table == model.table && module.label != model.label) {
        None => Ok(()),
        Some((module, other)) => {
            let message = format!("the table `{}` is already that of {}.{}", model.table, module.label, other.name);
            Err(Error::new(message).with_hint("choose another name for the model"))
        }
    }
}
