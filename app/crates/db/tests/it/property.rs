//! Random histories: forwards, step by step back to nothing, forwards again; rows survive.

use db::{
    Backend, ProjectState,
    inspect::drift,
    migrations::{
        AddConstraint, AddField, AddIndex, AlterField, Migration, ModelDefinition, Operation, RemoveConstraint,
        RemoveField, RemoveIndex, RenameField, RenameIndex, RenameModel, Target,
    },
    state::{Action, Constraint, DefaultValue, Field, FieldType, Index, ModelKey, ModelState, Reference},
};

use crate::{
    random::Random,
    support::{Fresh, applied, count, each, files, migrate, node, run, schema, tables},
};

const STEPS: usize = 14;

/// Types with a value that every row can have, and a type each can be widened to.
const KINDS: [(FieldType, &str, FieldType); 5] = [
    (FieldType::Integer, "5", FieldType::BigInteger),
    (FieldType::String(Some(20)), "'x'", FieldType::Text),
    (FieldType::Boolean, "TRUE", FieldType::Boolean),
    (FieldType::DateTime, "'2024-05-06 07:08:09+00:00'", FieldType::DateTime),
    (FieldType::Double, "1.5", FieldType::Double),
];

/// A value in TOML's terms for a column of that type.
fn value(kind: FieldType) -> DefaultValue {
    match kind {
        FieldType::Integer | FieldType::BigInteger => DefaultValue::Integer(5),
        FieldType::Boolean => DefaultValue::Boolean(true),
        FieldType::Double => DefaultValue::Double(1.5),
        FieldType::DateTime => DefaultValue::Text("2024-05-06 07:08:09+00:00".to_owned()),
        _ => DefaultValue::Text("it's".to_owned()),
    }
}

/// Writes operations that fit the state so far.
pub struct Author {
    pub random: Random,
    pub state: ProjectState,
    numbers: usize,
}

impl Author {
    pub fn new(random: Random) -> Self {
        Author { random, state: ProjectState::default(), numbers: 0 }
    }

    fn number(&mut self) -> usize {
        self.numbers += 1;
        self.numbers
    }

    fn field(&mut self) -> Field {
        let (kind, _, _) = *self.random.pick(&KINDS);
        let mut field = Field::new(format!("f{}", self.number()), kind);
        match self.random.below(4) {
            0 => field.default = Some(value(kind)),
            1 => {
                field.null = true;
                // Only NULLs at first, so uniqueness holds.
                field.unique = self.random.chance(50);
            }
            2 => {
                field = Field { null: true, kind: FieldType::BigInteger, ..field };
                let models: Vec<ModelKey> = self.state.models().map(|(key, _)| key.clone()).collect();
                let on_delete = *self.random.pick(&[Action::NoAction, Action::Cascade, Action::SetNull]);
                field.references = (!models.is_empty()).then(|| Reference {
                    model: self.random.pick(&models).to_string(),
                    column: "id".to_owned(),
                    on_delete,
                    on_update: Action::NoAction,
                });
            }
            _ => {}
        }
        field
    }

    fn create(&mut self) -> Operation {
        let number = self.number();
        let mut id = Field::new("id", FieldType::BigInteger);
        id.primary_key = true;
        id.auto_increment = true;
        let mut fields = vec![id];
        fields.extend((0..self.random.below(4)).map(|_| self.field()));
        Operation::CreateModel(ModelDefinition {
            model: format!("M{number}"),
            table: format!("x_m{number}"),
            comment: self.random.chance(30).then(|| "it's a comment".to_owned()),
            fields,
            indexes: Vec::new(),
            constraints: Vec::new(),
        })
    }

    /// A random operation; it may not fit the state, then another is asked for.
    fn operation(&mut self) -> Operation {
        let models: Vec<(ModelKey, ModelState)> =
            self.state.models().map(|(key, model)| (key.clone(), model.clone())).collect();
        if models.len() < 2 {
            return self.create();
        }
        let (key, state) = self.random.pick(&models).clone();
        let model = key.name.clone();
        let field = self.random.pick(&state.fields).clone();
        let number = self.number();
        match self.random.below(14) {
            0 => self.create(),
            1 => Operation::DeleteModel(ModelDefinition::from_state(&key.name, &state)),
            2 => Operation::RenameModel(RenameModel {
                from: model,
                to: format!("M{number}"),
                from_table: state.table,
                to_table: format!("x_m{number}"),
            }),
            3 | 4 => {
                let field = self.field();
                let fill = (!field.null && field.default.is_none()).then(|| value(field.kind));
                Operation::AddField(AddField { model, field, fill })
            }
            5 => {
                let fill = (!field.null).then(|| value(field.kind));
                Operation::RemoveField(RemoveField { model, field, fill })
            }
            6 | 7 => {
                let mut new = field.clone();
                if !field.primary_key && field.references.is_none() {
                    // Rows that are filled alike cannot be unique, now or after the way back: such a field stays so.
                    new.null = field.unique || self.random.chance(50);
                    new.kind = KINDS.iter().find(|(kind, ..)| *kind == field.kind).map_or(field.kind, |kind| kind.2);
                    new.default = (!field.unique && self.random.chance(50)).then(|| value(new.kind));
                } else if let Some(reference) = &mut new.references {
                    reference.on_delete = Action::SetNull;
                }
                let fill = (new.references.is_none() && !new.primary_key).then(|| value(new.kind));
                Operation::AlterField(AlterField { model, old: field, new, fill })
            }
            8 => Operation::RenameField(RenameField { model, from: field.name, to: format!("g{number}") }),
            9 => Operation::AddIndex(AddIndex {
                concurrently: false,
                model,
                index: Index {
                    name: format!("i{number}"),
                    condition: self.random.chance(30).then(|| format!("\"{}\" IS NOT NULL", field.name)),
                    fields: vec![field.name],
                },
            }),
            10 => match state.indexes.first() {
                Some(index) if self.random.chance(50) => {
                    Operation::RenameIndex(RenameIndex { model, from: index.name.clone(), to: format!("i{number}") })
                }
                Some(index) => Operation::RemoveIndex(RemoveIndex { model, index: index.clone(), concurrently: false }),
                None => self.create(),
            },
            11 | 12 => {
                let key_field = state.primary_key()[0].name.clone();
                let constraint = match self.random.chance(50) {
                    true => {
                        Constraint::Unique { name: format!("c{number}"), fields: vec!["id".to_owned(), field.name] }
                    }
                    false => Constraint::Check {
                        name: format!("c{number}"),
                        condition: format!("{} IS NULL OR {key_field} > 0", field.name),
                    },
                };
                Operation::AddConstraint(AddConstraint { model, constraint })
            }
            _ => match state.constraints.first() {
                Some(constraint) => {
                    Operation::RemoveConstraint(RemoveConstraint { model, constraint: constraint.clone() })
                }
                None => self.create(),
            },
        }
    }

    /// So many operations that fit.
    pub fn operations(&mut self, count: usize) -> Vec<Operation> {
        let mut operations = Vec::new();
        for _ in 0..count {
            loop {
                let operation = self.operation();
                let mut state = self.state.clone();
                let applies = operation.apply("x", &mut state).is_ok() && operation != unchanged(&operation);
                // One at a time may be without a key in between; a whole migration may not.
                if applies && state.models().all(|(_, model)| !model.primary_key().is_empty()) {
                    self.state = state;
                    operations.push(operation);
                    break;
                }
            }
        }
        operations
    }

    /// A migration of one to three operations that fit, and the state after it.
    fn migration(&mut self, number: usize) -> Migration {
        let count = 1 + self.random.below(3);
        let operations = self.operations(count);
        let dependencies = if number == 1 { Vec::new() } else { vec![format!("x.{:04}", number - 1).parse().unwrap()] };
        Migration {
            initial: number == 1,
            atomic: true,
            dependencies,
            operations,
            replaces: Vec::new(),
            checksum: String::new(),
        }
    }
}

/// An alteration that alters nothing, to compare with; another operation is never equal to it.
fn unchanged(operation: &Operation) -> Operation {
    match operation {
        Operation::AlterField(op) => Operation::AlterField(AlterField { new: op.old.clone(), ..op.clone() }),
        _ => Operation::RenameField(RenameField { model: String::new(), from: String::new(), to: String::new() }),
    }
}

/// Three rows in every table that has none.
pub async fn fill(fresh: &Fresh, state: &ProjectState) {
    for (_, model) in state.models() {
        if count(&fresh.db, &model.table).await > 0 {
            continue;
        }
        for _ in 0..3 {
            let needed = model.fields.iter().filter(|field| !field.auto_increment && !field.null);
            let (mut names, mut values) = (String::new(), String::new());
            for field in needed {
                let value = KINDS.iter().find(|(kind, _, wide)| *kind == field.kind || *wide == field.kind).unwrap().1;
                names.push_str(&format!(", \"{}\"", field.name));
                values.push_str(&format!(", {value}"));
            }
            let next = format!("(SELECT COALESCE(MAX(id), 0) + 1 FROM \"{}\")", model.table);
            let id = &model.fields.iter().find(|field| field.primary_key).unwrap().name;
            let next = next.replace("(id)", &format!("(\"{id}\")"));
            run(&fresh.db, &format!("INSERT INTO \"{}\" (\"{id}\"{names}) VALUES ({next}{values})", model.table)).await;
        }
    }
}

#[tokio::test]
async fn random_histories_go_back_the_way_they_came() {
    for _ in 0..3 {
        each(async |fresh| history(&fresh).await).await;
    }
}

async fn history(fresh: &Fresh) {
    let db = &fresh.db;
    let mut author = Author::new(Random::from_environment());
    let mut written = files(&[]);
    let mut schemas = vec![Vec::new()];
    let mut log = String::new();
    for number in 1..=STEPS {
        let migration = author.migration(number);
        let text = migration.to_toml();
        log.push_str(&format!("\n# {number:04}\n{text}"));
        written.add("x", &format!("{number:04}"), &text);
        let loader = written.load();
        let outcome = migrate(db, &loader, &[Target::Latest]).await.unwrap_or_else(|error| panic!("{error}\n{log}"));
        assert_eq!(outcome.state.diff(&author.state), Vec::<String>::new());
        let names: Vec<String> = author.state.models().map(|(_, model)| model.table.clone()).collect();
        let mut found = tables(db).await;
        found.sort();
        let mut names = names;
        names.sort();
        assert_eq!(found, names, "{log}");
        let drift: Vec<String> = drift(db, &author.state).await.unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(drift, Vec::<String>::new(), "after {number} on {}\n{log}", db.backend());
        fill(fresh, &author.state).await;
        schemas.push(schema(db).await);
    }
    let loader = written.load();
    let last = schemas.pop().unwrap();
    for number in (1..STEPS).rev() {
        let target = node(&format!("x.{number:04}"));
        migrate(db, &loader, &[target]).await.unwrap_or_else(|error| panic!("back to {number}: {error}\n{log}"));
        assert_eq!(schema(db).await, schemas.pop().unwrap(), "back to {number} on {}\n{log}", db.backend());
        for table in tables(db).await {
            // A table that was deleted and comes back is empty, every other has kept its rows.
            let rows = count(db, &table).await;
            assert!(rows == 3 || rows == 0, "{table} has {rows} rows, back at {number}\n{log}");
        }
    }
    migrate(db, &loader, &[Target::Zero("x".to_owned())]).await.unwrap_or_else(|error| panic!("{error}\n{log}"));
    assert_eq!((tables(db).await, applied(db).await), (Vec::new(), Vec::new()));
    migrate(db, &loader, &[Target::Latest]).await.unwrap_or_else(|error| panic!("{error}\n{log}"));
    assert_eq!(schema(db).await, last, "{log}");
    assert!(matches!(db.backend(), Backend::Sqlite | Backend::Postgres));
}
