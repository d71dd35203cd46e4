//! Random edits of the models: what is detected, written, read back and applied leaves the tables that the models say,
//! and the rows.

mod edits;
mod parts;
mod world;

use std::collections::BTreeMap;

use db::{
    Backend, Database, ProjectState,
    inspect::drift,
    migrations::{DetectOptions, NonInteractive, Target, autodetect},
    state::{DefaultValue, Field, FieldType, ModelKey, ModelState},
};
use sea_orm::{ConnectionTrait, Statement};

use self::world::{World, value};
use crate::{
    random::Random,
    support::{Files, applied, count, files, migrate, postgres, run, sqlite, tables},
};

/// How many sequences SQLite gets in one run.
const ON_SQLITE: usize = 450;
/// With these it is 500; PostgreSQL takes ten times as long over one.
const ON_POSTGRES: usize = 50;
/// How many migrations a sequence has, for a module at most as many again.
const STEPS: usize = 4;

#[tokio::test]
async fn random_models_on_sqlite() {
    let fresh = sqlite().await;
    sequences(&fresh.db, ON_SQLITE).await;
    fresh.db.close().await.unwrap();
}

#[tokio::test]
async fn random_models_on_postgres() {
    let Some(fresh) = postgres().await else { return };
    sequences(&fresh.db, ON_POSTGRES).await;
    fresh.db.close().await.unwrap();
}

async fn sequences(db: &Database, count: usize) {
    for _ in 0..count {
        let mut story =
            Story { world: World::new(Random::from_environment()), written: files(&[]), texts: String::new(), rows: 0 };
        for module in ["a", "b", "c"] {
            story.written.add(module, "", "");
        }
        story.run(db).await;
    }
}

struct Story {
    world: World,
    written: Files,
    /// What was written and what happened, for the person who has to understand a failure.
    texts: String,
    rows: usize,
}

/// How many rows each model has.
type Counts = BTreeMap<ModelKey, i64>;

/// What each model holds: for every column its values as text, sorted.
type Held = BTreeMap<ModelKey, Vec<(Field, Vec<Option<String>>)>>;

impl Story {
    async fn run(&mut self, db: &Database) {
        for _ in 0..STEPS {
            for _ in 0..=self.world.random.below(4) {
                while !self.world.change() {}
            }
            let from = self.written.load().state().unwrap();
            let to = self.world.state();
            self.detect(&from, &to);
            for sql in std::mem::take(&mut self.world.before) {
                run(db, &sql).await;
            }
            let before = held(db, &from).await;
            self.forwards(db, &to).await;
            let after = held(db, &to).await;
            self.compare(&before, &after);
            self.world.migrated();
            self.fill(db, &to).await;
        }
        let to = self.world.state();
        empty(db).await;
        let loader = self.written.load();
        let zero: Vec<Target> = ["a", "b", "c"]
            .into_iter()
            .filter(|module| loader.of_module(module).next().is_some())
            .map(|module| Target::Zero(module.to_owned()))
            .collect();
        for again in [true, false] {
            migrate(db, &loader, &zero).await.unwrap_or_else(|error| panic!("back: {error}\n{}", self.texts));
            assert_eq!((tables(db).await, applied(db).await), (Vec::new(), Vec::new()), "{}", self.texts);
            if again {
                self.forwards(db, &to).await;
            }
        }
    }

    /// Writes what is new, and sees that it is read back as what the models say.
    fn detect(&mut self, from: &ProjectState, to: &ProjectState) {
        let loader = self.written.load();
        let options = DetectOptions::new("2024-05-06T07:08:09Z".parse().unwrap());
        for line in self.world.log.drain(..) {
            self.texts.push_str(&format!("\n## {line}"));
        }
        let new = autodetect(from, to, &loader, &mut self.world, &options)
            .unwrap_or_else(|error| panic!("{error}\n{}\n{:#?}", self.texts, from.diff(to)));
        for new in &new {
            let text = new.text().unwrap();
            self.texts.push_str(&format!("\n# {}\n{text}", new.key));
            self.written.add(&new.key.module, &new.key.name, &text);
        }
        let loader = self.written.load();
        let state = loader.state().unwrap_or_else(|error| panic!("{error}\n{}", self.texts));
        assert_eq!(state.diff(to), Vec::<String>::new(), "{}", self.texts);
        let again = autodetect(&state, to, &loader, &mut NonInteractive::default(), &options).unwrap();
        assert!(again.is_empty(), "{again:?}\n{}", self.texts);
    }

    async fn forwards(&self, db: &Database, to: &ProjectState) {
        let done = migrate(db, &self.written.load(), &[Target::Latest]).await;
        done.unwrap_or_else(|error| panic!("{}: {error}\n{}", db.backend(), self.texts));
        let drift: Vec<String> = drift(db, to).await.unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(drift, Vec::<String>::new(), "{}\n{}", db.backend(), self.texts);
    }

    /// Every model that is still there, under whatever name, has the rows that it had, and in the columns that were not
    /// touched the same values.
    fn compare(&self, before: &Held, after: &Held) {
        for (key, columns) in after {
            let former = self.world.renamed.get(key).cloned().unwrap_or_else(|| {
                let (owner, relation) = key.name.split_once('_').unwrap_or((&key.name, ""));
                match self.world.renamed.get(&ModelKey::new(&key.module, owner)) {
                    Some(owner) => ModelKey::new(&key.module, format!("{}_{relation}", owner.name)),
                    None => key.clone(),
                }
            });
            let former = before.get(&former).map_or(&[][..], Vec::as_slice);
            let rows = |columns: &[(Field, Vec<Option<String>>)]| columns.first().map_or(0, |(_, values)| values.len());
            assert_eq!(rows(columns), rows(former), "rows of {key}\n{}", self.texts);
            for (field, values) in columns {
                if let Some((_, old)) = former.iter().find(|(old, _)| old == field) {
                    assert_eq!(values, old, "{}.{}\n{}", key, field.name, self.texts);
                }
            }
        }
    }

    /// Two rows in every table that has none and can have some.
    async fn fill(&mut self, db: &Database, state: &ProjectState) {
        let mut counts = counts(db, state).await;
        // What is referenced first: as many rounds as a chain of references can be long.
        for _ in 0..3 {
            for (key, model) in state.models() {
                let lacking = model.fields.iter().filter_map(|field| Some((field.null, field.references.as_ref()?)));
                let mut lacking = lacking.filter(|(_, to)| counts[&to.model.parse().unwrap()] == 0);
                if counts[key] > 0 || lacking.any(|(null, _)| !null) {
                    continue;
                }
                let rows = if key.name.contains('_') { 1 } else { 2 };
                for _ in 0..rows {
                    self.insert(db, state, model).await;
                }
                counts.insert(key.clone(), rows);
            }
        }
    }

    async fn insert(&mut self, db: &Database, state: &ProjectState, model: &ModelState) {
        self.rows += 1;
        let number = self.rows;
        let (mut names, mut values) = (Vec::new(), Vec::new());
        for field in &model.fields {
            let value = match &field.references {
                Some(to) => {
                    let target = state.model(&to.model.parse().unwrap()).unwrap();
                    if field.null && number.is_multiple_of(2) {
                        continue;
                    }
                    format!("(SELECT MIN(\"{}\") FROM \"{}\")", to.column, target.table)
                }
                None if field.null || field.auto_increment => continue,
                None => match field.kind {
                    FieldType::SmallInteger | FieldType::Integer | FieldType::BigInteger => number.to_string(),
                    FieldType::String(_) | FieldType::Text => format!("'x{number}'"),
                    kind => match value(kind) {
                        DefaultValue::Boolean(value) => value.to_string().to_uppercase(),
                        DefaultValue::Double(value) => value.to_string(),
                        DefaultValue::Text(value) => format!("'{value}'"),
                        other => panic!("{other:?}"),
                    },
                },
            };
            names.push(format!("\"{}\"", field.name));
            values.push(value);
        }
        let sql = match names.is_empty() {
            true => format!("INSERT INTO \"{}\" DEFAULT VALUES", model.table),
            false => format!("INSERT INTO \"{}\" ({}) VALUES ({})", model.table, names.join(", "), values.join(", ")),
        };
        run(db, &sql).await;
    }
}

async fn held(db: &Database, state: &ProjectState) -> Held {
    let mut held = Held::new();
    for (key, model) in state.models() {
        let columns: Vec<String> =
            model.fields.iter().map(|field| format!("CAST(\"{}\" AS text)", field.name)).collect();
        let sql = format!("SELECT {} FROM \"{}\"", columns.join(", "), model.table);
        let rows = db.query_all_raw(Statement::from_string(db.backend().into(), sql)).await.unwrap();
        let columns = model.fields.iter().enumerate().map(|(at, field)| {
            let mut values: Vec<Option<String>> = rows.iter().map(|row| row.try_get_by_index(at).unwrap()).collect();
            values.sort();
            (field.clone(), values)
        });
        held.insert(key.clone(), columns.collect());
    }
    held
}

async fn counts(db: &Database, state: &ProjectState) -> Counts {
    let mut counts = Counts::new();
    for (key, model) in state.models() {
        counts.insert(key.clone(), count(db, &model.table).await);
    }
    counts
}

/// Takes all rows away: on the way back some columns come again that no value is known for.
async fn empty(db: &Database) {
    let tables: Vec<String> = tables(db).await.iter().map(|table| format!("\"{table}\"")).collect();
    if tables.is_empty() {
        return;
    }
    match db.backend() {
        Backend::Sqlite => {
            let deletes: String = tables.iter().map(|table| format!("DELETE FROM {table};")).collect();
            run(db, &format!("BEGIN; PRAGMA defer_foreign_keys = ON; {deletes} COMMIT")).await;
        }
        Backend::Postgres => {
            run(db, &format!("TRUNCATE {} CASCADE", tables.join(", "))).await;
        }
    }
}
