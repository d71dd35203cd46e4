//! Migrations that are not atomic: they go on, or back, from where they were stopped.

use db::{
    Backend, Database, Error, ProjectState, Transaction,
    migrations::{DataFuture, Direction, Executor, Functions, Loader, Mode, Progress, Target},
    schema::Change,
};
use sea_orm::ConnectionTrait;

use crate::support::{
    Files, applied, each, files, key, migrate, migrate_aloud, node, postgres, run, says, schema, tables, texts,
};

const FIRST: &str = r#"
initial = true
[[operations]]
op = "create_model"
model = "Author"
table = "x_author"
fields = [
  { name = "id", type = "big_integer", primary_key = true, auto_increment = true },
  { name = "name", type = "text", null = true },
]
"#;

/// Creates, alters (a rebuild on SQLite), writes by SQL, fills by a function, creates.
const STEPS: &str = r#"
atomic = false
dependencies = ["x.0001_initial"]
[[operations]]
op = "create_model"
model = "Book"
table = "x_book"
fields = [{ name = "id", type = "integer", primary_key = true }]
[[operations]]
op = "alter_field"
model = "Author"
old = { name = "name", type = "text", null = true }
new = { name = "name", type = "string(50)", null = true }
[[operations]]
op = "run_sql"
sql = "INSERT INTO x_log VALUES ('three')"
reverse = "INSERT INTO x_log VALUES ('back three')"
[[operations]]
op = "run_rust"
function = "x.four"
reverse = "x.four"
[[operations]]
op = "create_model"
model = "Prize"
table = "x_prize"
fields = [{ name = "id", type = "integer", primary_key = true }]
"#;

fn steps() -> Files {
    files(&[("x", "0001_initial", FIRST), ("x", "0002_steps", STEPS)])
}

fn four<'a>(tx: &'a Transaction, _: &'a ProjectState) -> DataFuture<'a> {
    Box::pin(async {
        tx.execute_unprepared("INSERT INTO x_log VALUES ('four')").await?;
        Ok(())
    })
}

fn fail<'a>(tx: &'a Transaction, _: &'a ProjectState) -> DataFuture<'a> {
    Box::pin(async {
        tx.execute_unprepared("INSERT INTO x_log VALUES ('lost')").await?;
        Err("on purpose".into())
    })
}

async fn go(db: &Database, loader: &Loader, target: Target, broken: bool) -> Result<Vec<String>, Error> {
    let mut functions = Functions::default();
    functions.insert("x.four", if broken { fail } else { four });
    let mut said = Vec::new();
    let mut listen = |progress: Progress<'_>| {
        if let Progress::Resuming { key, done, total } = progress {
            said.push(format!("{key} after {done} of {total}"));
        }
    };
    let done = Executor::new(db, loader, &functions).migrate(&[target], Mode::Run, &mut listen).await;
    done.map(|_| said)
}

/// What `x_log` says, in order.
async fn log(db: &Database) -> Vec<String> {
    texts(db, "SELECT word FROM x_log").await
}

/// After `0001_initial`, with the log.
async fn begun(db: &Database, loader: &Loader) {
    migrate(db, loader, &[node("x.0001_initial")]).await.unwrap();
    run(db, "CREATE TABLE x_log (word text)").await;
}

#[tokio::test]
async fn a_failed_migration_goes_on_after_its_last_operation() {
    each(async |fresh| {
        let (db, loader) = (&fresh.db, steps().load());
        begun(db, &loader).await;
        assert!(!db.table_names().await.unwrap().contains(&"migration_progress".to_owned()), "made when it is needed");
        for _ in 0..2 {
            says(&go(db, &loader, Target::Latest, true).await.unwrap_err(), &["x.0002_steps", "on purpose"]);
            let left = db.unfinished_migrations().await.unwrap().remove(&key("x.0002_steps")).unwrap();
            assert_eq!((left.direction, left.done, left.total, left.under_way), (Direction::Forwards, 3, 5, None));
            assert_eq!(log(db).await, ["three"], "once, and nothing of the operation that failed");
            assert_eq!(applied(db).await, ["x.0001_initial"]);
        }
        let said = go(db, &loader, Target::Latest, false).await.unwrap();
        assert_eq!(said, ["x.0002_steps after 3 of 5"]);
        assert_eq!(log(db).await, ["three", "four"]);
        assert_eq!(applied(db).await, ["x.0001_initial", "x.0002_steps"]);
        assert!(db.unfinished_migrations().await.unwrap().is_empty());
        assert_eq!(tables(db).await, ["x_author", "x_book", "x_log", "x_prize"]);
        assert!(go(db, &loader, Target::Latest, false).await.unwrap().is_empty(), "nothing is left to resume");
    })
    .await;
}

#[tokio::test]
async fn what_was_done_is_undone_when_it_goes_back_instead() {
    each(async |fresh| {
        let (db, loader) = (&fresh.db, steps().load());
        begun(db, &loader).await;
        let before = schema(db).await;
        go(db, &loader, Target::Latest, true).await.unwrap_err();
        let functions = Functions::default();
        let plan = Executor::new(db, &loader, &functions).plan(&[node("x.0001_initial")]).await.unwrap();
        assert_eq!(plan.direction(), Some(Direction::Backwards));
        let said = go(db, &loader, node("x.0001_initial"), false).await.unwrap();
        assert_eq!(said, ["x.0002_steps after 3 of 5"]);
        assert_eq!(log(db).await, ["three", "back three"]);
        assert_eq!(schema(db).await, before);
        assert!(db.unfinished_migrations().await.unwrap().is_empty());

        // And the other way round: stopped on the way back, it is done again forwards.
        go(db, &loader, Target::Latest, false).await.unwrap();
        let full = schema(db).await;
        go(db, &loader, Target::Zero("x".to_owned()), true).await.unwrap_err();
        let left = db.unfinished_migrations().await.unwrap().remove(&key("x.0002_steps")).unwrap();
        assert_eq!((left.direction, left.done, left.under_way), (Direction::Backwards, 4, None));
        assert_eq!(applied(db).await, ["x.0001_initial", "x.0002_steps"], "still recorded");
        let said = go(db, &loader, Target::Latest, false).await.unwrap();
        assert_eq!(said, ["x.0002_steps after 4 of 5"]);
        assert_eq!(schema(db).await, full);
        assert_eq!(log(db).await, ["three", "back three", "three", "four"]);
        go(db, &loader, Target::Zero("x".to_owned()), true).await.unwrap_err();
        go(db, &loader, Target::Zero("x".to_owned()), false).await.unwrap();
        assert_eq!(applied(db).await, Vec::<String>::new());
        assert_eq!(tables(db).await, ["x_log"]);
    })
    .await;
}

#[tokio::test]
async fn a_file_edited_in_between_is_refused_and_a_fake_settles_it() {
    each(async |fresh| {
        let (db, mut written) = (&fresh.db, steps());
        let loader = written.load();
        begun(db, &loader).await;
        go(db, &loader, Target::Latest, true).await.unwrap_err();
        written.add("x", "0002_steps", &STEPS.replace("'three'", "'3'"));
        for target in [Target::Latest, node("x.0001_initial")] {
            let error = go(db, &written.load(), target, false).await.unwrap_err();
            says(
                &error,
                &[
                    "x.0002_steps was stopped after operation 3 of 5",
                    "its file no longer says what it had done",
                    "put that back",
                    "--fake",
                ],
            );
        }
        assert_eq!(log(db).await, ["three"]);
        migrate_aloud(db, &written.load(), &[Target::Latest], Mode::Fake).await.unwrap();
        assert_eq!(applied(db).await, ["x.0001_initial", "x.0002_steps"]);
        assert!(db.unfinished_migrations().await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_file_that_is_gone_in_between_is_missed_until_it_is_pruned() {
    each(async |fresh| {
        let (db, written) = (&fresh.db, steps());
        begun(db, &written.load()).await;
        go(db, &written.load(), Target::Latest, true).await.unwrap_err();
        std::fs::remove_file(written.root.path().join("x/migrations/0002_steps.toml")).unwrap();
        let loader = written.load();
        let functions = Functions::default();
        let executor = Executor::new(db, &loader, &functions);
        let said = ["x.0002_steps was stopped after operation 3 of 5", "its file no longer says", "--prune"];
        says(&executor.plan(&[Target::Latest]).await.unwrap_err(), &said);
        says(&go(db, &loader, Target::Latest, false).await.unwrap_err(), &said);
        assert_eq!(executor.prune("x").await.unwrap(), [key("x.0002_steps")]);
        assert!(db.unfinished_migrations().await.unwrap().is_empty());
        assert!(migrate(db, &loader, &[Target::Latest]).await.unwrap().plan.is_empty());
    })
    .await;
}

#[tokio::test]
async fn what_was_not_done_yet_may_be_mended() {
    each(async |fresh| {
        let (db, mut written) = (&fresh.db, steps());
        begun(db, &written.load()).await;
        written.add("x", "0002_steps", &STEPS.replace("INTO x_log VALUES ('three')", "INTO x_lag VALUES ('three')"));
        says(&go(db, &written.load(), Target::Latest, false).await.unwrap_err(), &["x_lag"]);
        let mended = format!("# mended\n{}", STEPS.replace("'three'", "'3'"));
        written.add("x", "0002_steps", &mended.replace("atomic = false", ""));
        says(
            &go(db, &written.load(), Target::Latest, false).await.unwrap_err(),
            &["was stopped after operation 2 of 5"],
        );
        written.add("x", "0002_steps", &mended);
        let said = go(db, &written.load(), Target::Latest, false).await.unwrap();
        assert_eq!(said, ["x.0002_steps after 2 of 5"]);
        assert_eq!(log(db).await, ["3", "four"]);
        assert!(db.unfinished_migrations().await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_file_whose_first_operation_failed_may_be_mended() {
    each(async |fresh| {
        let db = &fresh.db;
        let of = |sql: &str| {
            let text = format!("atomic = false\n[[operations]]\nop = \"run_sql\"\nsql = \"{sql}\"\nreverse = \"\"\n");
            files(&[("x", "0001_log", &text)]).load()
        };
        run(db, "CREATE TABLE x_log (word text)").await;
        says(&go(db, &of("INSERT INTO x_lag VALUES ('one')"), Target::Latest, false).await.unwrap_err(), &["x_lag"]);
        let left = db.unfinished_migrations().await.unwrap().remove(&key("x.0001_log")).unwrap();
        assert_eq!((left.done, left.under_way), (0, None));
        let said = go(db, &of("INSERT INTO x_log VALUES ('one')"), Target::Latest, false).await.unwrap();
        assert_eq!(said, Vec::<String>::new(), "there is nothing to go on after");
        assert_eq!(log(db).await, ["one"]);
        assert_eq!(applied(db).await, ["x.0001_log"]);
        assert!(db.unfinished_migrations().await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn sql_that_stopped_in_the_middle_is_run_again_but_not_undone() {
    each(async |fresh| {
        let (db, loader) = (&fresh.db, steps().load());
        begun(db, &loader).await;
        go(db, &loader, Target::Latest, true).await.unwrap_err();
        // As a process leaves it that is killed inside the third operation.
        run(db, "UPDATE migration_progress SET done = 2, under_way = 3").await;
        let error = go(db, &loader, node("x.0001_initial"), false).await.unwrap_err();
        says(
            &error,
            &["x.0002_steps", "inside operation 3 (Raw SQL operation) on its way forwards", "finish it that way first"],
        );
        assert_eq!(go(db, &loader, Target::Latest, false).await.unwrap(), ["x.0002_steps after 2 of 5"]);
        assert_eq!(log(db).await, ["three", "three", "four"]);

        run(db, "DROP TABLE x_log").await;
        migrate_aloud(db, &loader, &[node("x.0001_initial")], Mode::Fake).await.unwrap();
        run(db, "DROP TABLE x_book").await;
        run(db, "DROP TABLE x_prize").await;
        let failed = go(db, &loader, Target::Latest, false).await.unwrap_err();
        says(&failed, &["operation 3 (Raw SQL operation)", "x_log"]);
        let left = db.unfinished_migrations().await.unwrap().remove(&key("x.0002_steps")).unwrap();
        assert_eq!((left.done, left.under_way), (2, None), "one statement fails wholly");
        go(db, &loader, node("x.0001_initial"), false).await.unwrap();
        assert_eq!(tables(db).await, ["x_author"]);
    })
    .await;
}

const CONCURRENT: &str = r#"
atomic = false
dependencies = ["x.0001_initial"]
[[operations]]
op = "add_index"
model = "Author"
index = { name = "by_name", fields = ["name"], condition = "id > 0" }
concurrently = true
"#;

const CONCURRENT_AWAY: &str = r#"
atomic = false
dependencies = ["x.0002_index"]
[[operations]]
op = "remove_index"
model = "Author"
index = { name = "by_name", fields = ["name"], condition = "id > 0" }
concurrently = true
"#;

fn concurrent() -> Files {
    files(&[("x", "0001_initial", FIRST), ("x", "0002_index", CONCURRENT), ("x", "0003_away", CONCURRENT_AWAY)])
}

#[tokio::test]
async fn concurrent_indexes_go_both_ways_and_are_the_same_to_the_state() {
    each(async |fresh| {
        let (db, loader) = (&fresh.db, concurrent().load());
        migrate(db, &loader, &[node("x.0002_index")]).await.unwrap();
        let plain = CONCURRENT.replace("concurrently = true", "");
        let plain = files(&[("x", "0001_initial", FIRST), ("x", "0002_index", &plain)]).load();
        assert_eq!(loader.state_after(&[key("x.0001_initial"), key("x.0002_index")]).unwrap(), plain.state().unwrap());
        let with = schema(db).await;
        assert!(with.iter().any(|line| line.contains("by_name")), "{with:?}");
        migrate(db, &loader, &[Target::Latest]).await.unwrap();
        assert!(!schema(db).await.iter().any(|line| line.contains("by_name")));
        migrate(db, &loader, &[node("x.0002_index")]).await.unwrap();
        assert_eq!(schema(db).await, with);
        migrate(db, &loader, &[Target::Zero("x".to_owned())]).await.unwrap();
        assert_eq!(tables(db).await, Vec::<String>::new());
    })
    .await;
}

#[test]
fn concurrent_indexes_are_shown_as_sql() {
    let loader = concurrent().load();
    let before = loader.state_after(&[key("x.0001_initial")]).unwrap();
    let after = loader.state_after(&[key("x.0001_initial"), key("x.0002_index")]).unwrap();
    let operation = &loader.migration(&key("x.0002_index")).unwrap().operations[0];
    assert_eq!(operation.describe(), "Concurrently create index by_name on field(s) name of model author");
    let reversed = operation.reversed().unwrap();
    assert_eq!(reversed.describe(), "Concurrently remove index by_name from author");
    let there = Change { operation, module: "x", before: &before, after: &after };
    let back = Change { operation: &reversed, module: "x", before: &after, after: &before };
    for (backend, change, sql) in [
        (Backend::Postgres, there, r#"CREATE INDEX CONCURRENTLY "by_name" ON "x_author" ("name") WHERE id > 0"#),
        (Backend::Postgres, back, r#"DROP INDEX CONCURRENTLY "by_name""#),
        (Backend::Sqlite, there, r#"CREATE INDEX "by_name" ON "x_author" ("name") WHERE id > 0"#),
        (Backend::Sqlite, back, r#"DROP INDEX "by_name""#),
    ] {
        assert_eq!(change.statements(backend, &[]).unwrap().unwrap(), [sql]);
    }
}

#[tokio::test]
async fn what_a_killed_concurrent_build_leaves_is_built_anew() {
    let Some(fresh) = postgres().await else { return };
    let (db, loader) = (&fresh.db, concurrent().load());
    migrate(db, &loader, &[node("x.0001_initial")]).await.unwrap();
    run(db, "CREATE INDEX by_name ON x_author (name)").await;
    for _ in 0..2 {
        let error = migrate(db, &loader, &[node("x.0002_index")]).await.unwrap_err();
        says(&error, &["by_name", "already exists"]);
    }
    let left = db.unfinished_migrations().await.unwrap().remove(&key("x.0002_index")).unwrap();
    assert_eq!((left.done, left.under_way), (0, None), "it failed, and changed nothing");
    run(db, "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'by_name'::regclass").await;
    migrate(db, &loader, &[node("x.0002_index")]).await.unwrap();
    let valid = "SELECT CAST(indisvalid AS text) || pg_get_indexdef(indexrelid) FROM pg_index WHERE indexrelid = 'by_name'::regclass";
    let found = texts(db, valid).await;
    assert!(found[0].starts_with("true") && found[0].contains("WHERE"), "the right one: {found:?}");

    // Killed between the end of the build and the note of it, or going on backwards from inside it.
    let killed = "INSERT INTO migration_progress SELECT module, name, 'forwards', 0, 1, 1, checksum FROM migration_history WHERE name = '0002_index'";
    for target in [node("x.0002_index"), node("x.0001_initial")] {
        run(db, killed).await;
        run(db, "DELETE FROM migration_history WHERE name = '0002_index'").await;
        migrate(db, &loader, &[target]).await.unwrap();
    }
    assert!(texts(db, "SELECT indexname::text FROM pg_indexes WHERE indexname = 'by_name'").await.is_empty());
    assert_eq!(applied(db).await, ["x.0001_initial"]);
}
