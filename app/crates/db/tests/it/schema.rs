//! SQL as text: the types SeaORM expects, and statements that somebody reads in `sqlmigrate`.

use db::{
    Backend, ProjectState,
    migrations::Migration,
    schema::{Change, type_name},
    state::FieldType,
};
use sea_orm::sea_query::{ColumnDef, ColumnType, PostgresQueryBuilder, SqliteQueryBuilder, StringLen, Table};

#[test]
fn type_names_are_those_that_seaorm_reads_back() {
    for (kind, column) in [
        (FieldType::SmallInteger, ColumnType::SmallInteger),
        (FieldType::Integer, ColumnType::Integer),
        (FieldType::BigInteger, ColumnType::BigInteger),
        (FieldType::String(None), ColumnType::String(StringLen::None)),
        (FieldType::String(Some(9)), ColumnType::String(StringLen::N(9))),
        (FieldType::Char(3), ColumnType::Char(Some(3))),
        (FieldType::Text, ColumnType::Text),
        (FieldType::Boolean, ColumnType::Boolean),
        (FieldType::DateTime, ColumnType::TimestampWithTimeZone),
        (FieldType::NaiveDateTime, ColumnType::DateTime),
        (FieldType::Date, ColumnType::Date),
        (FieldType::Time, ColumnType::Time),
        (FieldType::Decimal(None), ColumnType::Decimal(None)),
        (FieldType::Decimal(Some((10, 2))), ColumnType::Decimal(Some((10, 2)))),
        (FieldType::Float, ColumnType::Float),
        (FieldType::Double, ColumnType::Double),
        (FieldType::Json, ColumnType::Json),
        (FieldType::JsonBinary, ColumnType::JsonBinary),
        (FieldType::Uuid, ColumnType::Uuid),
        (FieldType::Binary, ColumnType::Blob),
    ] {
        let table = Table::create().table("t").col(ColumnDef::new_with_type("c", column)).to_owned();
        for (backend, sql) in [
            (Backend::Sqlite, table.to_string(SqliteQueryBuilder)),
            (Backend::Postgres, table.to_string(PostgresQueryBuilder)),
        ] {
            let ours = format!("CREATE TABLE \"t\" ( \"c\" {} )", type_name(kind, backend));
            assert_eq!(ours, sql.replace("IF NOT EXISTS ", ""), "{kind} on {backend}");
        }
        assert_eq!(kind.to_string().parse(), Ok(kind));
    }
}

/// The statements of a migration's operations after the first.
fn statements(text: &str, backend: Backend) -> Vec<String> {
    let migration = Migration::parse(text, "x").unwrap();
    let mut state = ProjectState::default();
    let mut all = Vec::new();
    for operation in &migration.operations {
        let before = state.clone();
        operation.apply("x", &mut state).unwrap();
        let change = Change { operation, module: "x", before: &before, after: &state };
        all.push(change.statements(backend, &[]).unwrap().unwrap());
    }
    all.remove(0);
    all.concat()
}

const BASE: &str = r#"
[[operations]]
op = "create_model"
model = "Author"
table = "x_author"
fields = [
  { name = "id", type = "big_integer", primary_key = true, auto_increment = true },
  { name = "name", type = "string(10)", null = true, unique = true },
]
[[operations]]
"#;

#[test]
fn each_backend_gets_its_own_words() {
    let rename = format!(
        "{BASE}op = \"rename_model\"\nfrom = \"Author\"\nto = \"Writer\"\nfrom_table = \"x_author\"\nto_table = \"x_writer\""
    );
    assert_eq!(statements(&rename, Backend::Sqlite), ["ALTER TABLE \"x_author\" RENAME TO \"x_writer\""]);
    assert_eq!(
        statements(&rename, Backend::Postgres),
        [
            "ALTER TABLE \"x_author\" RENAME TO \"x_writer\"",
            "ALTER TABLE \"x_writer\" RENAME CONSTRAINT \"x_author_pkey\" TO \"x_writer_pkey\"",
            "ALTER TABLE \"x_writer\" RENAME CONSTRAINT \"x_author_name_key\" TO \"x_writer_name_key\"",
        ]
    );
    let alter = format!(
        "{BASE}op = \"alter_field\"\nmodel = \"Author\"\nfill = \"?\"\n\
         old = {{ name = \"name\", type = \"string(10)\", null = true, unique = true }}\n\
         new = {{ name = \"name\", type = \"text\", default = \"it's\" }}"
    );
    assert_eq!(
        statements(&alter, Backend::Postgres),
        [
            "ALTER TABLE \"x_author\" DROP CONSTRAINT \"x_author_name_key\"",
            "ALTER TABLE \"x_author\" ALTER COLUMN \"name\" TYPE text USING \"name\"::text",
            "ALTER TABLE \"x_author\" ALTER COLUMN \"name\" SET DEFAULT 'it''s'",
            "UPDATE \"x_author\" SET \"name\" = '?' WHERE \"name\" IS NULL",
            "ALTER TABLE \"x_author\" ALTER COLUMN \"name\" SET NOT NULL",
        ]
    );
    let rebuilt = statements(&alter, Backend::Sqlite);
    assert_eq!(
        rebuilt[..2],
        [
            "CREATE TABLE \"new__x_author\" (\"id\" integer NOT NULL PRIMARY KEY AUTOINCREMENT, \"name\" text NOT NULL DEFAULT 'it''s')",
            "INSERT INTO \"new__x_author\" (\"id\", \"name\") SELECT \"id\", COALESCE(\"name\", '?') FROM \"x_author\"",
        ]
    );
    let add = format!(
        "{BASE}op = \"add_field\"\nmodel = \"Author\"\nfield = {{ name = \"n\", type = \"integer\", default = 1 }}"
    );
    for backend in Backend::ALL {
        assert_eq!(statements(&add, backend), ["ALTER TABLE \"x_author\" ADD COLUMN \"n\" integer NOT NULL DEFAULT 1"]);
    }
}
