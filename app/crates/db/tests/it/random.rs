//! Random migrations, from a seed that is printed.

use db::{
    migrations::{
        AddConstraint, AddField, AddIndex, AlterConstraint, AlterField, AlterTable, BackendSql, EachSql, Migration,
        ModelDefinition, NodeKey, Operation, RemoveField, RenameField, RenameIndex, RenameModel, RunRust, RunSql,
        TableOptions,
    },
    state::{Action, Constraint, DefaultValue, Field, FieldType, Index, Reference, SqlExpression},
};

/// A small generator (xorshift), so that a seed gives the same sequence for ever.
pub struct Random(u64);

impl Random {
    /// From `DB_TEST_SEED`, else from the clock; says which on stderr, which the harness shows when the test fails.
    pub fn from_environment() -> Self {
        let seed = match std::env::var("DB_TEST_SEED") {
            Ok(seed) => seed.parse().expect("DB_TEST_SEED is a number"),
            Err(_) => std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos() as u64,
        };
        eprintln!("to repeat: DB_TEST_SEED={seed}");
        Random(seed | 1)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % limit
    }

    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.chance(50).then(|| make(self))
    }

    fn text(&mut self) -> String {
        const TEXTS: [&str; 11] = [
            "a",
            "",
            "it's",
            "\"quoted\"",
            "two\nlines",
            "a\u{7}\nb",
            "\nx\n'",
            "ünï ★",
            "tab\there",
            "'''\nend",
            "\r\n\\n\u{7}",
        ];
        (*self.pick(&TEXTS)).to_owned()
    }

    fn name(&mut self) -> String {
        format!("{}{}", self.pick(&["name", "odd name", "größe", "select", "a\"b"]), self.below(100))
    }

    pub fn kind(&mut self) -> FieldType {
        let length = self.below(200) as u32 + 1;
        *self.pick(&[
            FieldType::SmallInteger,
            FieldType::Integer,
            FieldType::BigInteger,
            FieldType::String(None),
            FieldType::String(Some(length)),
            FieldType::Char(length),
            FieldType::Text,
            FieldType::Boolean,
            FieldType::DateTime,
            FieldType::NaiveDateTime,
            FieldType::Date,
            FieldType::Time,
            FieldType::Decimal(None),
            FieldType::Decimal(Some((length, length / 2))),
            FieldType::Float,
            FieldType::Double,
            FieldType::Json,
            FieldType::JsonBinary,
            FieldType::Uuid,
            FieldType::Binary,
        ])
    }

    fn value(&mut self) -> DefaultValue {
        match self.below(5) {
            0 => DefaultValue::Boolean(self.chance(50)),
            1 => DefaultValue::Integer(self.below(1000) as i64 - 500),
            2 => DefaultValue::Double(self.below(1000) as f64 / 8.0),
            3 => DefaultValue::Text(self.text()),
            _ => DefaultValue::Sql(SqlExpression { sql: "CURRENT_TIMESTAMP".to_owned() }),
        }
    }

    fn field(&mut self) -> Field {
        const ACTIONS: [Action; 5] =
            [Action::NoAction, Action::Restrict, Action::Cascade, Action::SetNull, Action::SetDefault];
        Field {
            null: self.chance(50),
            unique: self.chance(20),
            primary_key: self.chance(20),
            auto_increment: self.chance(20),
            default: self.maybe(Self::value),
            references: self.maybe(|random| Reference {
                model: "users.User".to_owned(),
                column: random.name(),
                on_delete: *random.pick(&ACTIONS),
                on_update: *random.pick(&ACTIONS),
            }),
            ..Field::new(self.name(), self.kind())
        }
    }

    fn list<T>(&mut self, make: impl Fn(&mut Self) -> T) -> Vec<T> {
        (0..self.below(4)).map(|_| make(self)).collect()
    }

    fn index(&mut self) -> Index {
        Index { name: self.name(), fields: self.list(Self::name), condition: self.maybe(Self::text) }
    }

    fn constraint(&mut self) -> Constraint {
        match self.chance(50) {
            true => Constraint::Unique { name: self.name(), fields: self.list(Self::name) },
            false => Constraint::Check { name: self.name(), condition: self.text() },
        }
    }

    fn definition(&mut self) -> ModelDefinition {
        ModelDefinition {
            model: self.name(),
            table: self.name(),
            comment: self.maybe(Self::text),
            fields: self.list(Self::field),
            indexes: self.list(Self::index),
            constraints: self.list(Self::constraint),
        }
    }

    fn sql(&mut self) -> BackendSql {
        match self.chance(50) {
            true => BackendSql::Same(self.text()),
            false => BackendSql::Each(EachSql { sqlite: self.text(), postgres: self.text() }),
        }
    }

    fn operation(&mut self) -> Operation {
        let model = self.name();
        let (from, to) = (self.name(), self.name());
        match self.below(14) {
            0 => Operation::CreateModel(self.definition()),
            1 => Operation::DeleteModel(self.definition()),
            2 => Operation::RenameModel(RenameModel { from, to, from_table: self.name(), to_table: self.name() }),
            3 => Operation::AlterTable(AlterTable {
                model,
                old: TableOptions { table: self.name(), comment: self.maybe(Self::text) },
                new: TableOptions { table: self.name(), comment: self.maybe(Self::text) },
            }),
            4 => Operation::AddField(AddField { model, field: self.field(), fill: self.maybe(Self::value) }),
            5 => Operation::RemoveField(RemoveField { model, field: self.field(), fill: self.maybe(Self::value) }),
            6 => {
                let (old, new, fill) = (self.field(), self.field(), self.maybe(Self::value));
                Operation::AlterField(AlterField { model, old, new, fill })
            }
            7 => Operation::RenameField(RenameField { model, from, to }),
            8 => Operation::AddIndex(AddIndex { model, index: self.index(), concurrently: self.chance(20) }),
            9 => Operation::RenameIndex(RenameIndex { model, from, to }),
            10 => Operation::AddConstraint(AddConstraint { model, constraint: self.constraint() }),
            11 => Operation::AlterConstraint(AlterConstraint { model, old: self.constraint(), new: self.constraint() }),
            12 => {
                Operation::RunSql(RunSql { sql: self.sql(), reverse: self.maybe(Self::sql), elidable: self.chance(20) })
            }
            _ => Operation::RunRust(RunRust {
                function: self.name(),
                reverse: self.maybe(Self::name),
                elidable: self.chance(20),
            }),
        }
    }

    /// Anything that can be written, sensible or not.
    pub fn migration(&mut self) -> Migration {
        let operations = self.list(Self::operation);
        Migration {
            initial: self.chance(50),
            atomic: self.chance(80) && !operations.iter().any(Operation::is_concurrent),
            dependencies: self.list(|random| NodeKey::new("users", random.name())),
            replaces: self.list(|random| NodeKey::new("users", random.name())),
            operations,
            checksum: String::new(),
        }
    }
}
