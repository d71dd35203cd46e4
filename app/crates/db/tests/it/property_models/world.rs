//! A project whose models change at random, and what the person who changes them would answer.

use std::collections::{BTreeMap, BTreeSet};

use db::{
    Error, ProjectState,
    migrations::{NullRows, Questioner},
    state::{Action, Constraint, DefaultValue, Field, FieldType, Index, ModelKey, ModelState, Reference, RenamedFrom},
};

use crate::random::Random;

/// A value for a column of that type, the same in every row.
pub fn value(kind: FieldType) -> DefaultValue {
    match kind {
        FieldType::SmallInteger | FieldType::Integer | FieldType::BigInteger => DefaultValue::Integer(7),
        FieldType::Boolean => DefaultValue::Boolean(true),
        FieldType::Double => DefaultValue::Double(1.5),
        FieldType::DateTime => DefaultValue::Text("2024-05-06 07:08:09+00:00".to_owned()),
        FieldType::Date => DefaultValue::Text("2024-05-06".to_owned()),
        _ => DefaultValue::Text("it's".to_owned()),
    }
}

/// Models, relations without entity, and what happened to them since the last migration.
pub struct World {
    pub random: Random,
    pub models: BTreeMap<ModelKey, ModelState>,
    pub relations: Vec<(ModelKey, String, ModelKey)>,
    pub numbers: usize,
    /// New names to former ones, of models and of columns.
    pub renamed: BTreeMap<ModelKey, ModelKey>,
    pub hints: BTreeSet<ModelKey>,
    pub renamed_fields: BTreeSet<(ModelKey, String)>,
    /// What the person does to the rows before migrating, in SQL.
    pub before: Vec<String>,
    /// Models changed since: one change each, so that each can be undone in the head.
    pub touched: BTreeSet<ModelKey>,
    pub log: Vec<String>,
}

impl World {
    pub fn new(random: Random) -> Self {
        World {
            random,
            models: BTreeMap::new(),
            relations: Vec::new(),
            numbers: 0,
            renamed: BTreeMap::new(),
            hints: BTreeSet::new(),
            renamed_fields: BTreeSet::new(),
            before: Vec::new(),
            touched: BTreeSet::new(),
            log: Vec::new(),
        }
    }

    /// What reflection would say.
    pub fn state(&self) -> ProjectState {
        let mut state = ProjectState::default();
        for (key, model) in &self.models {
            state.insert(key.clone(), model.clone());
        }
        for (owner, name, target) in &self.relations {
            let link = self.link(owner, name, target);
            state.insert(ModelKey::new(&owner.module, format!("{}_{name}", owner.name)), link);
        }
        for key in &self.hints {
            state.set_renamed_from(key.clone(), self.renamed[key].name.clone());
        }
        state
    }

    /// As reflection makes it of a many-to-many relation.
    fn link(&self, owner: &ModelKey, name: &str, target: &ModelKey) -> ModelState {
        let table = format!("{}_{name}", self.models[owner].table);
        let (from, to) = (owner.name.to_lowercase(), target.name.to_lowercase());
        let same = from == to;
        let (from, to) = if same { (format!("from_{from}"), format!("to_{to}")) } else { (from, to) };
        let column = |name: String, target: &ModelKey| {
            let key = self.models[target].fields.iter().find(|field| field.primary_key).unwrap();
            let reference = reference(target, &key.name, Action::Cascade);
            Field { references: Some(reference), ..Field::new(format!("{name}_id"), key.kind) }
        };
        let (from, to) = (column(from, owner), column(to, target));
        let index = Index { name: format!("{table}_{}_idx", to.name), fields: vec![to.name.clone()], condition: None };
        let pair = vec![from.name.clone(), to.name.clone()];
        let unique = Constraint::Unique { name: format!("{table}_{}_{}_uniq", from.name, to.name), fields: pair };
        ModelState {
            table,
            comment: None,
            fields: vec![id(), from, to],
            indexes: vec![index],
            constraints: vec![unique],
        }
    }

    /// Forgets what happened since the last migration.
    pub fn migrated(&mut self) {
        self.renamed.clear();
        self.hints.clear();
        self.renamed_fields.clear();
        self.touched.clear();
        self.before.clear();
        for model in self.models.values_mut() {
            model.fields.iter_mut().for_each(|field| field.renamed_from = RenamedFrom(None));
        }
    }
}

pub fn id() -> Field {
    Field { primary_key: true, auto_increment: true, ..Field::new("id", FieldType::BigInteger) }
}

pub fn reference(target: &ModelKey, column: &str, on_delete: Action) -> Reference {
    Reference { model: target.to_string(), column: column.to_owned(), on_delete, on_update: Action::NoAction }
}

impl Questioner for World {
    fn renamed_model(&mut self, from: &str, to: &ModelKey) -> Result<bool, Error> {
        Ok(self.renamed.get(to).is_some_and(|former| former.name == from))
    }

    fn renamed_field(&mut self, model: &ModelKey, _: &str, to: &Field) -> Result<bool, Error> {
        Ok(self.renamed_fields.contains(&(model.clone(), to.name.clone())))
    }

    fn not_null_addition(&mut self, _: &ModelKey, field: &Field) -> Result<DefaultValue, Error> {
        Ok(value(field.kind))
    }

    fn moment_addition(&mut self, _: &ModelKey, field: &Field) -> Result<DefaultValue, Error> {
        Ok(value(field.kind))
    }

    fn not_null_alteration(&mut self, _: &ModelKey, field: &Field) -> Result<NullRows, Error> {
        Ok(NullRows::Fill(value(field.kind)))
    }
}
