//! The autodetector: models in a line or two, and what it makes of them.

mod applied;
mod fields;
mod models;
mod names;
mod parts;
mod relations;

use std::collections::BTreeSet;

use db::{
    ProjectState,
    migrations::{Answer, Loader, NewMigration, Scripted},
    state::{Action, Constraint, Field, FieldType, Index, ModelKey, ModelState, Reference},
};

use crate::support::{detect_after, files};

/// A numbered key.
pub fn id() -> Field {
    Field { primary_key: true, auto_increment: true, ..Field::new("id", FieldType::BigInteger) }
}

/// A required column.
pub fn text(name: &str) -> Field {
    Field::new(name, FieldType::String(Some(100)))
}

pub fn nullable(name: &str) -> Field {
    Field { null: true, ..text(name) }
}

pub fn number(name: &str) -> Field {
    Field::new(name, FieldType::Integer)
}

/// A required reference to a model's `id`.
pub fn to(name: &str, model: &str) -> Field {
    let reference = Reference {
        model: model.to_owned(),
        column: "id".to_owned(),
        on_delete: Action::Cascade,
        on_update: Action::NoAction,
    };
    Field { references: Some(reference), ..Field::new(name, FieldType::BigInteger) }
}

pub fn index(name: &str, fields: &[&str]) -> Index {
    Index { name: name.to_owned(), fields: fields.iter().map(|&field| field.to_owned()).collect(), condition: None }
}

pub fn check(name: &str, condition: &str) -> Constraint {
    Constraint::Check { name: name.to_owned(), condition: condition.to_owned() }
}

pub fn unique(name: &str, fields: &[&str]) -> Constraint {
    Constraint::Unique { name: name.to_owned(), fields: fields.iter().map(|&field| field.to_owned()).collect() }
}

/// `module.Model` with the table `module_model`, an `id` and these columns.
pub fn model(label: &str, fields: &[Field]) -> (ModelKey, ModelState) {
    let key: ModelKey = label.parse().unwrap();
    let table = format!("{}_{}", key.module, key.name.to_lowercase());
    let fields = std::iter::once(id()).chain(fields.iter().cloned()).collect();
    (key, ModelState { table, comment: None, fields, indexes: Vec::new(), constraints: Vec::new() })
}

/// The same model after an edit.
pub fn but(model: &(ModelKey, ModelState), edit: impl FnOnce(&mut ModelState)) -> (ModelKey, ModelState) {
    let mut model = model.clone();
    edit(&mut model.1);
    model
}

pub fn state(models: &[&(ModelKey, ModelState)]) -> ProjectState {
    let mut state = ProjectState::default();
    for (key, model) in models {
        state.insert(key.clone(), model.clone());
    }
    state
}

type Models<'a> = &'a [&'a (ModelKey, ModelState)];

/// A line per migration: `x.0001_initial <- y.0001_initial: + Create model A, …`; that a module's migrations follow
/// each other is not said.
pub fn lines(new: &[NewMigration]) -> Vec<String> {
    new.iter()
        .map(|new| {
            let others = new.migration.dependencies.iter().filter(|other| other.module != new.key.module);
            let after: Vec<String> = others.map(ToString::to_string).collect();
            let after = if after.is_empty() { String::new() } else { format!(" <- {}", after.join(", ")) };
            let operations = &new.migration.operations;
            let words: Vec<String> = operations.iter().map(|op| format!("{} {}", op.symbol(), op.describe())).collect();
            format!("{}{after}: {}", new.key, words.join(", "))
        })
        .collect()
}

/// The migrations from one state to another, after `history`, with these answers; every answer must be asked for.
pub fn answered(
    history: &Loader,
    from: &ProjectState,
    to: &ProjectState,
    answers: &[Answer],
) -> (Vec<NewMigration>, Vec<String>) {
    let mut scripted = Scripted::new(answers.iter().cloned());
    let new = detect_after(history, from, to, &mut scripted).unwrap_or_else(|error| panic!("{error}"));
    assert!(scripted.answers.is_empty(), "not asked for: {:?}", scripted.answers);
    check(&new, from, to);
    return (new, scripted.asked);

    fn check(new: &[NewMigration], from: &ProjectState, to: &ProjectState) {
        let mut state = from.clone();
        for new in new {
            new.migration.apply(&new.key, &mut state).unwrap();
        }
        assert_eq!(state.diff(to), Vec::<String>::new());
    }
}

/// The same after a history in which every module of `from` has its first migration.
pub fn detected(from: &ProjectState, to: &ProjectState, answers: &[Answer]) -> (Vec<NewMigration>, Vec<String>) {
    let modules: BTreeSet<&str> = from.models().map(|(key, _)| key.module.as_str()).collect();
    let first: Vec<_> = modules.into_iter().map(|module| (module, "0001_initial", "initial = true")).collect();
    answered(&files(&first).load(), from, to, answers)
}

/// The lines from some models to others, without questions.
pub fn changes(from: Models<'_>, to: Models<'_>) -> Vec<String> {
    lines(&detected(&state(from), &state(to), &[]).0)
}

/// The same with answers; also what was asked.
pub fn asked(from: Models<'_>, to: Models<'_>, answers: &[Answer]) -> (Vec<String>, Vec<String>) {
    let (made, asked) = detected(&state(from), &state(to), answers);
    (lines(&made), asked)
}
