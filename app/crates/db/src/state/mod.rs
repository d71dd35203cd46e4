//! What the tables look like: said by the entities, or by a history of migrations.

mod diff;
mod field;

use std::{collections::BTreeMap, fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};

pub use field::{Action, DefaultValue, Field, FieldType, Reference, RenamedFrom, SqlExpression};

/// A model's full name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModelKey {
    /// The module's label.
    pub module: String,
    /// The model's name.
    pub name: String,
}

impl ModelKey {
    /// Puts the two together.
    pub fn new(module: impl Into<String>, name: impl Into<String>) -> Self {
        ModelKey { module: module.into(), name: name.into() }
    }
}

impl fmt::Display for ModelKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.module, self.name)
    }
}

impl FromStr for ModelKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('.') {
            Some((module, name)) if !module.is_empty() && !name.is_empty() => Ok(ModelKey::new(module, name)),
            _ => Err(format!("`{text}` names no model, write `module.Model`")),
        }
    }
}

/// A table: what a model says about it.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelState {
    /// The table's name.
    pub table: String,
    /// Its comment; only PostgreSQL stores it.
    pub comment: Option<String>,
    /// The columns, in order.
    pub fields: Vec<Field>,
    /// Its indexes, those of constraints and keys excepted.
    pub indexes: Vec<Index>,
    /// Its constraints, those of single fields excepted.
    pub constraints: Vec<Constraint>,
}

impl ModelState {
    /// The column of that name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The columns of the primary key, in order.
    pub fn primary_key(&self) -> Vec<&Field> {
        self.fields.iter().filter(|field| field.primary_key).collect()
    }
}

/// An index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Index {
    /// Its name, unique in the database.
    pub name: String,
    /// Its columns, in order.
    pub fields: Vec<String>,
    /// A condition in SQL that limits it to some rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
}

/// A constraint over a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Constraint {
    /// No two rows have the same values in these columns together.
    Unique {
        /// Its name, unique in the database.
        name: String,
        /// The columns, in order.
        fields: Vec<String>,
    },
    /// Every row meets a condition.
    Check {
        /// Its name, unique in the database.
        name: String,
        /// The condition in SQL.
        condition: String,
    },
}

impl Constraint {
    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Constraint::Unique { name, .. } | Constraint::Check { name, .. } => name,
        }
    }
}

/// All models, by full name. Cloning is cheap: the map, its names and its models are shared until they change.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProjectState {
    models: Arc<BTreeMap<Arc<ModelKey>, Arc<ModelState>>>,
    /// Whose table is called so.
    tables: Arc<BTreeMap<String, Arc<ModelKey>>>,
    former_names: FormerNames,
}

/// What models were called before, by what they are called now. All are equal: a hint, and no property of the tables.
#[derive(Clone, Debug, Default)]
struct FormerNames(BTreeMap<ModelKey, String>);

impl PartialEq for FormerNames {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl ProjectState {
    /// The models, in alphabetical order.
    pub fn models(&self) -> impl Iterator<Item = (&ModelKey, &ModelState)> {
        self.models.iter().map(|(key, model)| (key.as_ref(), model.as_ref()))
    }

    /// One model.
    pub fn model(&self, key: &ModelKey) -> Option<&ModelState> {
        self.models.get(key).map(Arc::as_ref)
    }

    /// The model whose table is called so.
    pub fn by_table(&self, table: &str) -> Option<(&ModelKey, &ModelState)> {
        let key = self.tables.get(table)?;
        self.models.get_key_value(key).map(|(key, model)| (key.as_ref(), model.as_ref()))
    }

    /// Puts a model in, or another in its place.
    pub fn insert(&mut self, key: ModelKey, model: ModelState) {
        self.remove(&key);
        let key = Arc::new(key);
        Arc::make_mut(&mut self.tables).insert(model.table.clone(), Arc::clone(&key));
        Arc::make_mut(&mut self.models).insert(key, Arc::new(model));
    }

    /// What the code says that a model was called before, without the module; a hint for the autodetector.
    pub fn renamed_from(&self, key: &ModelKey) -> Option<&str> {
        self.former_names.0.get(key).map(String::as_str)
    }

    /// Notes what a model was called before.
    pub fn set_renamed_from(&mut self, key: ModelKey, former: impl Into<String>) {
        self.former_names.0.insert(key, former.into());
    }

    pub(crate) fn remove(&mut self, key: &ModelKey) -> Option<Arc<ModelState>> {
        let model = Arc::make_mut(&mut self.models).remove(key)?;
        self.release_table(key, &model.table);
        Some(model)
    }

    fn release_table(&mut self, key: &ModelKey, table: &str) {
        if self.tables.get(table).is_some_and(|owner| **owner == *key) {
            Arc::make_mut(&mut self.tables).remove(table);
        }
    }

    /// Gives a model's table another name.
    pub(crate) fn set_table(&mut self, key: &ModelKey, table: &str) {
        let Some(model) = self.model_mut(key) else { return };
        let before = std::mem::replace(&mut model.table, table.to_owned());
        self.release_table(key, &before);
        Arc::make_mut(&mut self.tables).insert(table.to_owned(), Arc::new(key.clone()));
    }

    /// To change anything but its table's name: see [`ProjectState::set_table`].
    pub(crate) fn model_mut(&mut self, key: &ModelKey) -> Option<&mut ModelState> {
        Arc::make_mut(&mut self.models).get_mut(key).map(Arc::make_mut)
    }

    /// Every foreign key that points at `target`: the model that has it, and its field.
    pub fn references_to<'a>(&'a self, target: &ModelKey) -> impl Iterator<Item = (&'a ModelKey, &'a Field)> {
        let label: Arc<str> = target.to_string().into();
        self.models().flat_map(move |(key, model)| {
            let label = Arc::clone(&label);
            let points = move |field: &&Field| field.references.as_ref().is_some_and(|to| *to.model == *label);
            model.fields.iter().filter(points).map(move |field| (key, field))
        })
    }

    /// Rewrites foreign keys that point at `target`, in every model.
    pub(crate) fn update_references(&mut self, target: &ModelKey, change: impl Fn(&mut Reference)) {
        let pointing: Vec<ModelKey> = self.references_to(target).map(|(key, _)| key.clone()).collect();
        let label = target.to_string();
        for key in pointing {
            let Some(model) = self.model_mut(&key) else { continue };
            for field in &mut model.fields {
                if let Some(reference) = field.references.as_mut().filter(|reference| reference.model == label) {
                    change(reference);
                }
            }
        }
    }
}
