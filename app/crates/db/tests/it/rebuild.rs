//! Altering tables with rows in them: what must survive survives.

use db::{Backend, migrations::Target};

use crate::support::{Files, count, each, files, migrate, node, run, says, schema, sqlite, texts};

const SHELVES: &str = r#"
initial = true
[[operations]]
op = "create_model"
model = "Shelf"
table = "x_shelf"
fields = [
  { name = "id", type = "big_integer", primary_key = true, auto_increment = true },
  { name = "label", type = "string(20)", null = true },
  { name = "size", type = "integer", default = 3 },
  { name = "parent_id", type = "big_integer", null = true, references = { model = "x.Shelf", column = "id", on_delete = "cascade" } },
]
indexes = [{ name = "x_shelf_label_idx", fields = ["label"] }]
constraints = [{ kind = "check", name = "x_shelf_size", condition = "size > 0" }]

[[operations]]
op = "create_model"
model = "Book"
table = "x_book"
fields = [
  { name = "id", type = "big_integer", primary_key = true, auto_increment = true },
  { name = "shelf_id", type = "big_integer", references = { model = "x.Shelf", column = "id", on_delete = "cascade" } },
]
"#;

fn shelves(operations: &str) -> Files {
    let second = format!("dependencies = [\"x.0001_initial\"]\n{operations}");
    files(&[("x", "0001_initial", SHELVES), ("x", "0002_change", &second)])
}

async fn fill(db: &db::Database) {
    run(db, "INSERT INTO x_shelf (label, parent_id) VALUES ('a', NULL), ('b', 1), (NULL, 1), ('d', NULL)").await;
    run(db, "INSERT INTO x_book (shelf_id) VALUES (1), (1), (2), (3)").await;
    run(db, "DELETE FROM x_shelf WHERE label = 'd'").await;
}

const ALTER: &str = r#"
[[operations]]
op = "alter_field"
model = "Shelf"
old = { name = "label", type = "string(20)", null = true }
new = { name = "label", type = "text", default = "none" }
fill = "filled"
[[operations]]
op = "add_field"
model = "Shelf"
field = { name = "code", type = "integer" }
fill = 7
[[operations]]
op = "add_field"
model = "Shelf"
field = { name = "made_at", type = "datetime", default = { sql = "CURRENT_TIMESTAMP" } }
[[operations]]
op = "add_constraint"
model = "Shelf"
constraint = { kind = "unique", name = "x_shelf_once", fields = ["label", "code"] }
[[operations]]
op = "rename_field"
model = "Shelf"
from = "size"
to = "width"
[[operations]]
op = "alter_constraint"
model = "Shelf"
old = { kind = "check", name = "x_shelf_size", condition = "width > 0" }
new = { kind = "check", name = "x_shelf_size", condition = "width > 1" }
[[operations]]
op = "rename_model"
from = "Shelf"
to = "Rack"
from_table = "x_shelf"
to_table = "x_rack"
[[operations]]
op = "rename_index"
model = "Rack"
from = "x_shelf_label_idx"
to = "x_rack_label_idx"
"#;

#[tokio::test]
async fn rows_references_indexes_and_numbers_survive_both_ways() {
    each(async |fresh| {
        let db = &fresh.db;
        let loader = shelves(ALTER).load();
        migrate(db, &loader, &[node("x.0001_initial")]).await.unwrap();
        fill(db).await;
        let before = schema(db).await;
        migrate(db, &loader, &[Target::Latest]).await.unwrap();
        assert_eq!(texts(db, "SELECT label || code FROM x_rack ORDER BY id").await, ["a7", "b7", "filled7"]);
        let made = "SELECT CAST(COUNT(*) AS text) FROM x_rack WHERE made_at IS NOT NULL AND width = 3";
        assert_eq!(texts(db, made).await, ["3"]);
        if db.backend() == Backend::Sqlite {
            let form = "SELECT DISTINCT CAST(made_at LIKE '____-__-__T%+00:00' AS text) FROM x_rack";
            assert_eq!(texts(db, form).await, ["1"], "in SeaORM's form, or moments of one day do not compare");
        }
        assert_eq!(count(db, "x_book").await, 4, "the rows that reference the rebuilt table are still there");
        run(db, "INSERT INTO x_rack (code) VALUES (8)").await;
        assert_eq!(
            texts(db, "SELECT CAST(max(id) AS text) FROM x_rack").await,
            ["5"],
            "a deleted number is not used again"
        );
        for bad in [
            "INSERT INTO x_rack (code, width) VALUES (1, 1)",
            "INSERT INTO x_rack (label, code) VALUES ('a', 7)",
            "INSERT INTO x_book (shelf_id) VALUES (99)",
        ] {
            assert!(sea_orm::ConnectionTrait::execute_unprepared(db, bad).await.is_err(), "{bad}");
        }
        run(db, "DELETE FROM x_rack WHERE id = 2").await;
        assert_eq!(count(db, "x_book").await, 3, "the reference followed the new name, and cascades");

        migrate(db, &loader, &[node("x.0001_initial")]).await.unwrap();
        assert_eq!(schema(db).await, before);
        assert_eq!(texts(db, "SELECT label FROM x_shelf ORDER BY id").await, ["a", "filled", "none"]);
        migrate(db, &loader, &[Target::Latest]).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn every_other_operation_goes_both_ways() {
    each(async |fresh| {
        let db = &fresh.db;
        for (at, operation) in OTHERS.iter().enumerate() {
            let loader = shelves(&format!("[[operations]]\n{operation}")).load();
            migrate(db, &loader, &[node("x.0001_initial")]).await.unwrap();
            if at == 0 {
                fill(db).await;
            }
            let before = schema(db).await;
            migrate(db, &loader, &[Target::Latest]).await.unwrap_or_else(|error| panic!("{operation}: {error}"));
            let after = schema(db).await;
            if !(operation.contains("comment") && db.backend() == Backend::Sqlite) {
                assert_ne!(before, after, "{operation}");
            }
            migrate(db, &loader, &[node("x.0001_initial")])
                .await
                .unwrap_or_else(|error| panic!("{operation}: {error}"));
            assert_eq!(schema(db).await, before, "{operation}");
            assert_eq!((count(db, "x_shelf").await, count(db, "x_book").await), (3, 4), "{operation}");
        }
    })
    .await;
}

const OTHERS: &[&str] = &[
    "op = \"alter_field\"\nmodel = \"Shelf\"\nold = { name = \"label\", type = \"string(20)\", null = true }\nnew = { name = \"label\", type = \"string(30)\", null = true, unique = true }",
    "op = \"alter_field\"\nmodel = \"Shelf\"\nold = { name = \"size\", type = \"integer\", default = 3 }\nnew = { name = \"size\", type = \"double\", default = 4.5 }",
    "op = \"add_index\"\nmodel = \"Shelf\"\nindex = { name = \"part\", fields = [\"label\"], condition = \"size > 5\" }\n[[operations]]\nop = \"alter_field\"\nmodel = \"Shelf\"\nold = { name = \"size\", type = \"integer\", default = 3 }\nnew = { name = \"size\", type = \"big_integer\", null = true }\nfill = 3",
    "op = \"alter_table\"\nmodel = \"Shelf\"\nold = { table = \"x_shelf\" }\nnew = { table = \"shelves\", comment = \"it's\" }",
    "op = \"alter_table\"\nmodel = \"Shelf\"\nold = { table = \"x_shelf\" }\nnew = { table = \"x_shelf\", comment = \"comment\" }",
    "op = \"remove_field\"\nmodel = \"Shelf\"\nfill = 1\nfield = { name = \"parent_id\", type = \"big_integer\", null = true, references = { model = \"x.Shelf\", column = \"id\", on_delete = \"cascade\" } }",
    "op = \"remove_constraint\"\nmodel = \"Shelf\"\nconstraint = { kind = \"check\", name = \"x_shelf_size\", condition = \"size > 0\" }",
    "op = \"remove_index\"\nmodel = \"Shelf\"\nindex = { name = \"x_shelf_label_idx\", fields = [\"label\"] }",
    "op = \"add_index\"\nmodel = \"Shelf\"\nindex = { name = \"part\", fields = [\"size\", \"label\"], condition = \"size > 5\" }",
    "op = \"add_field\"\nmodel = \"Shelf\"\nfield = { name = \"code\", type = \"uuid\", null = true, unique = true }",
    "op = \"add_field\"\nmodel = \"Shelf\"\nfield = { name = \"next_id\", type = \"big_integer\", null = true, references = { model = \"x.Book\", column = \"id\", on_delete = \"set_null\", on_update = \"cascade\" } }",
    "op = \"add_field\"\nmodel = \"Shelf\"\nfield = { name = \"price\", type = \"decimal(10,2)\", default = 1.5 }",
    "op = \"rename_field\"\nmodel = \"Shelf\"\nfrom = \"parent_id\"\nto = \"above_id\"",
    "op = \"rename_field\"\nmodel = \"Shelf\"\nfrom = \"id\"\nto = \"number\"",
    "op = \"alter_field\"\nmodel = \"Book\"\nold = { name = \"shelf_id\", type = \"big_integer\", references = { model = \"x.Shelf\", column = \"id\", on_delete = \"cascade\" } }\nnew = { name = \"shelf_id\", type = \"big_integer\", null = true, references = { model = \"x.Shelf\", column = \"id\", on_delete = \"set_null\" } }",
    "op = \"alter_field\"\nmodel = \"Shelf\"\nold = { name = \"id\", type = \"big_integer\", primary_key = true, auto_increment = true }\nnew = { name = \"id\", type = \"big_integer\", primary_key = true }",
    "op = \"alter_field\"\nmodel = \"Shelf\"\nold = { name = \"size\", type = \"integer\", default = 3 }\nnew = { name = \"size\", type = \"small_integer\", default = 4 }",
];

#[tokio::test]
async fn triggers_views_and_foreign_indexes_outlive_a_rebuild() {
    let fresh = sqlite().await;
    let db = &fresh.db;
    let loader = shelves(ALTER).load();
    migrate(db, &loader, &[node("x.0001_initial")]).await.unwrap();
    fill(db).await;
    run(db, "CREATE TABLE log (id integer)").await;
    run(db, "CREATE TRIGGER watch AFTER UPDATE ON x_shelf BEGIN INSERT INTO log VALUES (new.id); END").await;
    run(db, "CREATE TRIGGER loud AFTER UPDATE ON X_SHELF BEGIN INSERT INTO log VALUES (-new.id); END").await;
    run(db, "CREATE INDEX by_hand ON x_shelf (parent_id)").await;
    run(db, "CREATE VIEW big AS SELECT id FROM x_shelf WHERE label IS NOT NULL").await;
    let change = "[[operations]]\nop = \"alter_field\"\nmodel = \"Shelf\"\n\
        old = { name = \"label\", type = \"string(20)\", null = true }\nnew = { name = \"label\", type = \"text\", null = true }";
    migrate(db, &shelves(change).load(), &[Target::Latest]).await.unwrap();
    run(db, "UPDATE x_shelf SET label = 'z' WHERE id = 1").await;
    assert_eq!(count(db, "log").await, 2);
    assert_eq!(count(db, "big").await, 2);
    assert_eq!(texts(db, "SELECT name FROM sqlite_master WHERE name = 'by_hand'").await, ["by_hand"]);
}

/// The bench `rebuild` does the same with 1,000,000 rows, which takes too long for a test.
#[tokio::test]
async fn a_large_table_is_rebuilt_without_losing_a_bit() {
    const ROWS: i64 = 100_000;
    let fresh = sqlite().await;
    let db = &fresh.db;
    let change = "[[operations]]\nop = \"alter_field\"\nmodel = \"Shelf\"\n\
        old = { name = \"label\", type = \"string(20)\", null = true }\nnew = { name = \"label\", type = \"string(40)\", null = true }";
    let loader = shelves(change).load();
    migrate(db, &loader, &[node("x.0001_initial")]).await.unwrap();
    let numbers = format!("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS})");
    run(db, &format!("INSERT INTO x_shelf (label, size, parent_id) {numbers} SELECT nullif('label ' || i * 7919 % 1009, 'label 0'), i, nullif(i / 3, 0) FROM n")).await;
    run(db, &format!("INSERT INTO x_book (shelf_id) {numbers} SELECT 1 + i * 31 % {ROWS} FROM n")).await;
    run(db, "DELETE FROM x_book WHERE shelf_id > 99990").await;
    run(db, "DELETE FROM x_shelf WHERE id > 99990").await;
    let sums = "SELECT count(*) || ' ' || count(label) || ' ' || total(id * size + coalesce(parent_id, 0)) || ' ' || total(length(label)) || ' ' || max(label) FROM x_shelf";
    let (before, books) = (texts(db, sums).await, count(db, "x_book").await);
    migrate(db, &loader, &[Target::Latest]).await.unwrap();
    assert_eq!(texts(db, sums).await, before);
    assert_eq!(count(db, "x_book").await, books);
    assert_eq!(texts(db, "SELECT CAST(seq AS text) FROM sqlite_sequence WHERE name = 'x_shelf'").await, ["100000"]);
    assert_eq!(texts(db, "SELECT name FROM pragma_index_list('x_shelf')").await, ["x_shelf_label_idx"]);
    assert_eq!(texts(db, "PRAGMA foreign_key_check").await, Vec::<String>::new());
    assert_eq!(texts(db, "PRAGMA integrity_check").await, ["ok"]);
    assert_eq!(texts(db, "SELECT type FROM pragma_table_info('x_shelf') WHERE name = 'label'").await, ["varchar(40)"]);
}

#[tokio::test]
async fn rows_that_would_dangle_stop_the_migration() {
    let fresh = sqlite().await;
    let db = &fresh.db;
    let change = "[[operations]]\nop = \"run_sql\"\nsql = \"DELETE FROM x_shelf WHERE id = 1\"\n\
        [[operations]]\nop = \"alter_field\"\nmodel = \"Shelf\"\n\
        old = { name = \"label\", type = \"string(20)\", null = true }\nnew = { name = \"label\", type = \"text\", null = true }";
    let loader = shelves(change).load();
    migrate(db, &loader, &[node("x.0001_initial")]).await.unwrap();
    fill(db).await;
    let error = migrate(db, &loader, &[Target::Latest]).await.unwrap_err();
    says(&error, &["x.0002_change", "without the row of `x_shelf`"]);
    assert_eq!(count(db, "x_shelf").await, 3);
    assert_eq!(texts(db, "SELECT type FROM pragma_table_info('x_shelf') WHERE name = 'label'").await, ["varchar(20)"]);
}

#[tokio::test]
async fn a_required_field_without_value_is_refused_only_when_there_are_rows() {
    each(async |fresh| {
        let db = &fresh.db;
        let change =
            "[[operations]]\nop = \"add_field\"\nmodel = \"Shelf\"\nfield = { name = \"code\", type = \"text\" }";
        let loader = shelves(change).load();
        migrate(db, &loader, &[Target::Latest]).await.unwrap();
        migrate(db, &loader, &[node("x.0001_initial")]).await.unwrap();
        fill(db).await;
        let error = migrate(db, &loader, &[Target::Latest]).await.unwrap_err();
        says(&error, &["Add field code to shelf", "code"]);
        assert_eq!(count(db, "x_shelf").await, 3);
    })
    .await;
}
