//! Rows of models that are known by name only, and the data migrations that use them.

use chrono::{NaiveDate, NaiveTime};
use db::{
    Backend, ProjectState, Transaction,
    migrations::{DataFuture, Executor, Functions, Loader, Mode, Target},
    rows::{OnConflict, Row},
};
use sea_orm::{JsonValue, TransactionTrait, Value};

use crate::support::{Fresh, count, each, files, migrate, node, says, texts};

const EVERY_TYPE: &str = r#"
initial = true

[[operations]]
op = "create_model"
model = "Thing"
table = "x_thing"
fields = [
  { name = "id", type = "big_integer", primary_key = true, auto_increment = true },
  { name = "small", type = "small_integer", null = true },
  { name = "medium", type = "integer", null = true },
  { name = "big", type = "big_integer", null = true },
  { name = "short", type = "string(20)", default = "it's" },
  { name = "fixed", type = "char(3)", null = true },
  { name = "long", type = "text", null = true },
  { name = "flag", type = "boolean", default = true },
  { name = "at", type = "datetime", null = true },
  { name = "naive", type = "naive_datetime", null = true },
  { name = "day", type = "date", null = true },
  { name = "time", type = "time", null = true },
  { name = "price", type = "decimal(10,2)", null = true },
  { name = "exact", type = "decimal", null = true },
  { name = "single", type = "float", null = true },
  { name = "double", type = "double", null = true },
  { name = "json", type = "json", null = true },
  { name = "jsonb", type = "json_binary", null = true },
  { name = "uuid", type = "uuid", null = true },
  { name = "bytes", type = "binary", null = true },
]

[[operations]]
op = "create_model"
model = "Pair"
table = "x_pair"
fields = [
  { name = "left", type = "uuid", primary_key = true },
  { name = "right", type = "integer", primary_key = true },
  { name = "note", type = "text", null = true },
]

[[operations]]
op = "create_model"
model = "Weight"
table = "x_weight"
fields = [{ name = "grams", type = "decimal(10,2)", primary_key = true }]
"#;

async fn things(fresh: &Fresh) -> ProjectState {
    let written = files(&[("x", "0001_initial", EVERY_TYPE)]);
    migrate(&fresh.db, &written.load(), &[Target::Latest]).await.unwrap().state
}

/// A row with something in every column that a backend might get wrong.
fn full() -> Row {
    Row::new()
        .with("id", 7_i64)
        .with("small", i16::MIN)
        .with("medium", i32::MAX)
        .with("big", i64::MIN)
        .with("short", "a'b\"c\\ %_ 日本語")
        .with("fixed", "äb")
        .with("long", "line\nbreak\ttab 🦀 $1 ? :x")
        .with("flag", false)
        .with("at", "2024-02-29T23:59:59.123456Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap())
        .with("naive", NaiveDate::from_ymd_opt(1969, 12, 31).unwrap().and_hms_micro_opt(1, 2, 3, 4).unwrap())
        .with("day", NaiveDate::from_ymd_opt(1, 1, 1).unwrap())
        .with("time", NaiveTime::from_hms_micro_opt(23, 59, 59, 999_999).unwrap())
        .with("price", "-12345678.90")
        .with("exact", "0.000012345")
        .with("single", 0.1_f32)
        .with("double", 0.1_f64 + 0.2)
        .with("json", "[null, {\"b\": 1.5, \"a\": \"it's\"}]".parse::<JsonValue>().unwrap())
        .with("jsonb", "{\"k\": 9007199254740993}".parse::<JsonValue>().unwrap())
        .with("uuid", "6ba7b810-9dad-11d1-80b4-00c04fd430c8")
        .with("bytes", vec![0_u8, 255, 39, 10])
}

#[tokio::test]
async fn every_type_comes_back_as_it_went() {
    each(async |fresh| {
        let (db, state) = (&fresh.db, things(&fresh).await);
        let table = state.table("x.thing").unwrap();
        assert_eq!((table.name(), table.key().to_string().as_str()), ("x_thing", "x.Thing"));
        assert_eq!(table.insert(db, [full()]).await.unwrap(), 1);
        let back = table.select().all(db).await.unwrap();
        assert_eq!(back, [full()]);
        // Copied through its own values, defaults and NULLs.
        let made = table.create(db, Row::new().with("small", 1)).await.unwrap();
        assert_eq!((made.get::<i64>("id").unwrap() > 0, made.get::<i16>("small").unwrap()), (true, 1));
        assert_eq!(made.get::<String>("short").unwrap(), "it's");
        assert!(made.get::<bool>("flag").unwrap());
        for column in ["medium", "at", "price", "jsonb", "uuid", "bytes"] {
            assert_eq!(made.get::<Option<Value>>(column).unwrap(), None, "{column}");
        }
        table.delete(db, &made).await.unwrap();
        assert_eq!(table.insert(db, [made.clone()]).await.unwrap(), 1);
        assert_eq!(table.select().filter("id", made.get::<i64>("id").unwrap()).first(db).await.unwrap(), Some(made));
        for (column, value) in [("uuid", full()), ("price", full()), ("bytes", full()), ("at", full()), ("day", full())]
        {
            let value = value.value(column).cloned().unwrap();
            assert_eq!(table.select().filter(column, value).count(db).await.unwrap(), 1, "{column}");
        }
        for infinite in [f64::INFINITY, f64::NEG_INFINITY] {
            let row = table.create(db, Row::new().with("double", infinite)).await.unwrap();
            assert_eq!(row.get::<f64>("double").unwrap(), infinite);
        }
    })
    .await;
}

#[tokio::test]
async fn rows_are_found_counted_changed_and_deleted() {
    each(async |fresh| {
        let (db, state) = (&fresh.db, things(&fresh).await);
        let table = state.table("x.Thing").unwrap();
        // More than one statement may bind on PostgreSQL with 20 columns, and rows that do not have the same cells.
        let rows = (1..=2500_i64).map(|id| {
            let row = Row::new().with("id", id).with("medium", id % 10);
            if id % 7 == 0 { row.with("long", "seven") } else { row }
        });
        assert_eq!(table.insert(db, rows).await.unwrap(), 2500);
        assert_eq!(table.select().count(db).await.unwrap(), 2500);
        assert_eq!(table.select().filter("medium", 3).filter("long", "seven").count(db).await.unwrap(), 35);
        assert_eq!(table.select().filter("long", Option::<String>::None).count(db).await.unwrap(), 2500 - 357);
        let either = [Value::from(1), Value::Int(None), Value::from(2)];
        assert_eq!(table.select().filter_in("medium", either).count(db).await.unwrap(), 500);
        assert_eq!(table.select().filter_in("medium", []).count(db).await.unwrap(), 0);
        let (mut batches, mut ids) = (table.select().filter("medium", 4).batches(100), Vec::new());
        while let Some(rows) = batches.next(db).await.unwrap() {
            for mut row in rows {
                ids.push(row.get::<i64>("id").unwrap());
                row.set("short", "changed");
                assert_eq!(table.update(db, &row).await.unwrap(), 1);
            }
        }
        assert_eq!(ids, (0..250).map(|n| n * 10 + 4).collect::<Vec<i64>>());
        assert!(batches.next(db).await.unwrap().is_none());
        assert_eq!(table.select().filter("short", "changed").count(db).await.unwrap(), 250);
        assert_eq!(table.update(db, &Row::new().with("id", 9999).with("small", 1)).await.unwrap(), 0);
        assert_eq!(table.select().filter("medium", 4).delete(db).await.unwrap(), 250);
        assert_eq!(table.delete(db, &Row::new().with("id", 1)).await.unwrap(), 1);
        let change = [Row::new().with("id", 2).with("small", 9), Row::new().with("id", 4).with("small", 9)];
        table.insert_or(db, &change, OnConflict::Update).await.unwrap();
        let small: Vec<i64> = ids_of(&table.select().filter("small", 9).all(db).await.unwrap());
        assert_eq!(small, [2, 4], "one was changed, one was new");
        assert_eq!(table.select().filter("id", 2).first(db).await.unwrap().unwrap().get::<i32>("medium").unwrap(), 2);
    })
    .await;
}

fn ids_of(rows: &[Row]) -> Vec<i64> {
    rows.iter().map(|row| row.get("id").unwrap()).collect()
}

#[tokio::test]
async fn composite_keys_are_gone_through_in_order() {
    each(async |fresh| {
        let (db, state) = (&fresh.db, things(&fresh).await);
        let pairs = state.table("x.Pair").unwrap();
        let left = |n: i32| format!("00000000-0000-0000-0000-00000000000{n}");
        let rows = (0..25).rev().map(|n| Row::new().with("left", left(n / 10)).with("right", n));
        pairs.insert(db, rows).await.unwrap();
        let (mut batches, mut found) = (pairs.select().batches(4), Vec::new());
        while let Some(rows) = batches.next(db).await.unwrap() {
            assert!(rows.len() <= 4);
            found.extend(rows.iter().map(|row| row.get::<i32>("right").unwrap()));
        }
        assert_eq!(found, (0..25).collect::<Vec<i32>>());
        let one = Row::new().with("left", left(1)).with("right", 12).with("note", "n");
        assert_eq!(pairs.update(db, &one).await.unwrap(), 1);
        assert_eq!(pairs.select().filter("note", "n").all(db).await.unwrap(), std::slice::from_ref(&one));
        assert_eq!(pairs.delete(db, &one).await.unwrap(), 1);
        assert_eq!(pairs.select().count(db).await.unwrap(), 24);
        let lacking = pairs.delete(db, &Row::new().with("right", 1)).await.unwrap_err();
        says(&lacking, &["field left of x.Pair", "no such cell", "key"]);
    })
    .await;
}

#[tokio::test]
async fn what_does_not_fit_is_named() {
    each(async |fresh| {
        let (db, state) = (&fresh.db, things(&fresh).await);
        says(&state.table("x.Nope").unwrap_err(), &["no model `x.Nope`", "x.Pair, x.Thing"]);
        let table = state.table("x.Thing").unwrap();
        for (column, value, parts) in [
            ("nope", Value::from(1), &["x.Thing", "`nope`", "it has: id, small"][..]),
            ("small", Value::from(40_000), &["field small of x.Thing", "40000", "small_integer"]),
            ("medium", Value::from("5"), &["field medium", "`5`"]),
            ("short", Value::from("123456789012345678901"), &["longer than 20 characters"]),
            ("short", Value::String(None), &["field short", "may not be NULL"]),
            ("long", Value::from("a\0b"), &["NUL"]),
            ("at", Value::from("2024-01-01"), &["no value for the type datetime"]),
            ("price", Value::from("1.234"), &["digits"]),
            ("uuid", Value::from("x"), &["no value for the type uuid"]),
        ] {
            says(&table.insert(db, [Row::new().with(column, value)]).await.unwrap_err(), parts);
        }
        if db.backend() == Backend::Sqlite {
            let nan = table.insert(db, [Row::new().with("double", f64::NAN)]).await.unwrap_err();
            says(&nan, &["field double", "SQLite cannot store NaN"]);
            crate::support::run(db, "INSERT INTO x_thing (day) VALUES ('not a day')").await;
            says(&table.select().all(db).await.unwrap_err(), &["field day of x.Thing"]);
            return;
        }
        assert_eq!(table.select().count(db).await.unwrap(), 0);
        let row = table.create(db, Row::new().with("double", f64::NAN).with("exact", "NaN")).await.unwrap();
        assert!(row.get::<f64>("double").unwrap().is_nan());
        says(&row.get::<i64>("double").unwrap_err(), &["cell `double`", "not a whole number"]);
        says(&row.get::<i64>("nope").unwrap_err(), &["cell `nope`", "no such cell", "id, small"]);
    })
    .await;
}

#[tokio::test]
async fn numbering_goes_on_after_the_highest_number() {
    each(async |fresh| {
        let (db, state) = (&fresh.db, things(&fresh).await);
        let table = state.table("x.Thing").unwrap();
        assert_eq!(table.last_number(db).await.unwrap(), 0);
        table.advance_numbers(db).await.unwrap();
        table.insert(db, [Row::new().with("id", 41)]).await.unwrap();
        table.advance_numbers(db).await.unwrap();
        assert_eq!(table.last_number(db).await.unwrap(), 41);
        let row = table.create(db, Row::new()).await.unwrap();
        assert_eq!(row.get::<i64>("id").unwrap(), 42);
        table.delete(db, &row).await.unwrap();
        table.advance_numbers(db).await.unwrap();
        assert_eq!(table.last_number(db).await.unwrap(), 42, "numbers of deleted rows are not given out again");
        assert_eq!(state.table("x.Pair").unwrap().last_number(db).await.unwrap(), 0);
    })
    .await;
}

const PEOPLE: &str = r#"
initial = true
[[operations]]
op = "create_model"
model = "Person"
table = "people_person"
fields = [
  { name = "id", type = "big_integer", primary_key = true, auto_increment = true },
  { name = "name", type = "string(100)" },
]
"#;

const SPLIT: &str = r#"
dependencies = ["people.0001_initial"]
[[operations]]
op = "add_field"
model = "Person"
field = { name = "first_name", type = "string(100)", default = "" }
[[operations]]
op = "add_field"
model = "Person"
field = { name = "last_name", type = "string(100)", default = "" }
[[operations]]
op = "run_rust"
function = "people.split_names"
reverse = "people.join_names"
[[operations]]
op = "remove_field"
model = "Person"
field = { name = "name", type = "string(100)" }
fill = ""
"#;

const RENAMED: &str = r#"
dependencies = ["people.0002_split"]
[[operations]]
op = "rename_model"
from = "Person"
to = "Human"
from_table = "people_person"
to_table = "people_human"
[[operations]]
op = "rename_field"
model = "Human"
from = "first_name"
to = "given_name"
"#;

fn split_names<'a>(tx: &'a Transaction, state: &'a ProjectState) -> DataFuture<'a> {
    Box::pin(async move {
        let people = state.table("people.Person")?;
        let mut batches = people.select().batches(2);
        while let Some(rows) = batches.next(tx).await? {
            for mut row in rows {
                let name: String = row.get("name")?;
                let (first, last) = name.split_once(' ').unwrap_or((&name, ""));
                row.set("first_name", first);
                row.set("last_name", last);
                people.update(tx, &row).await?;
            }
        }
        Ok(())
    })
}

fn join_names<'a>(tx: &'a Transaction, state: &'a ProjectState) -> DataFuture<'a> {
    Box::pin(async move {
        let people = state.table("people.Person")?;
        for mut row in people.select().all(tx).await? {
            let name = format!("{} {}", row.get::<String>("first_name")?, row.get::<String>("last_name")?);
            row.set("name", name.trim());
            people.update(tx, &row).await?;
        }
        Ok(())
    })
}

async fn go(fresh: &Fresh, loader: &Loader, target: Target) {
    let mut functions = Functions::default();
    functions.insert("people.split_names", split_names);
    functions.insert("people.join_names", join_names);
    let executor = Executor::new(&fresh.db, loader, &functions);
    executor.migrate(&[target], Mode::Run, &mut |_| {}).await.unwrap();
}

#[tokio::test]
async fn a_data_migration_splits_a_column_both_ways_and_stays_valid_after_renames() {
    each(async |fresh| {
        let db = &fresh.db;
        let loader = files(&[
            ("people", "0001_initial", PEOPLE),
            ("people", "0002_split", SPLIT),
            ("people", "0003_renamed", RENAMED),
        ])
        .load();
        go(&fresh, &loader, node("people.0001_initial")).await;
        let state = loader.state_after(&["people.0001_initial".parse().unwrap()]).unwrap();
        let people = state.table("people.Person").unwrap();
        let names = ["Ada Lovelace", "Plato", "Ludwig van Beethoven", "O'Neil \"Q\" 李", ""];
        let tx = db.begin().await.unwrap();
        people.insert(&tx, names.map(|name| Row::new().with("name", name))).await.unwrap();
        tx.commit().await.unwrap();
        go(&fresh, &loader, node("people.0002_split")).await;
        let split = "SELECT first_name || '|' || last_name FROM people_person ORDER BY id";
        assert_eq!(texts(db, split).await, ["Ada|Lovelace", "Plato|", "Ludwig|van Beethoven", "O'Neil|\"Q\" 李", "|"]);
        go(&fresh, &loader, Target::Latest).await;
        assert_eq!(texts(db, "SELECT given_name FROM people_human WHERE id = 1").await, ["Ada"]);
        go(&fresh, &loader, node("people.0001_initial")).await;
        assert_eq!(texts(db, "SELECT name FROM people_person ORDER BY id").await, names);
        // From zero, past the migration that knows the old names, to the new ones.
        go(&fresh, &loader, Target::Zero("people".to_owned())).await;
        go(&fresh, &loader, Target::Latest).await;
        assert_eq!(count(db, "people_human").await, 0);
    })
    .await;
}

#[tokio::test]
async fn steps_follow_the_order_of_the_key_not_of_its_text() {
    each(async |fresh| {
        let (db, state) = (&fresh.db, things(&fresh).await);
        let weights = state.table("x.Weight").unwrap();
        let all = ["9.00", "10.00", "11.50", "100.00"];
        weights.insert(db, all.map(|grams| Row::new().with("grams", grams))).await.unwrap();
        let (mut batches, mut found) = (weights.select().batches(2), Vec::new());
        while let Some(rows) = batches.next(db).await.unwrap() {
            found.extend(rows.iter().map(|row| row.get::<String>("grams").unwrap()));
        }
        assert_eq!(found, all);
    })
    .await;
}
