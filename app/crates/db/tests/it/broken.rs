//! Databases that refuse in the middle: each says what is wrong and what helps, and nothing is half-applied.

use std::{
    fs,
    io::{Seek, SeekFrom, Write},
    time::Duration,
};

use db::{ConnectOptions, Database, Error, migrations::Target};
use sea_orm::TransactionTrait;

use crate::{
    postgres,
    support::{
        Files, applied, count, files, migrate, node, postgres as fresh_postgres, run, says, sqlite, tables, texts,
    },
};

const FIRST: &str = r#"
[[operations]]
op = "create_model"
model = "A"
table = "x_a"
fields = [{ name = "id", type = "integer", primary_key = true }, { name = "text", type = "text", null = true }]
"#;

const SECOND: &str = r#"
dependencies = ["x.0001"]
[[operations]]
op = "create_model"
model = "B"
table = "x_b"
fields = [{ name = "id", type = "integer", primary_key = true }]
"#;

fn two() -> Files {
    files(&[("x", "0001", FIRST), ("x", "0002", SECOND)])
}

/// That only the first migration is there.
async fn unharmed(db: &Database) {
    assert_eq!(applied(db).await, ["x.0001"]);
    assert_eq!(tables(db).await, ["x_a"]);
    migrate(db, &two().load(), &[Target::Latest]).await.expect("afterwards it goes on");
    assert_eq!(tables(db).await, ["x_a", "x_b"]);
}

async fn open(root: &tempfile::TempDir, url: &str) -> Database {
    let options = ConnectOptions { busy_timeout: Duration::from_millis(50), ..ConnectOptions::new(url, root.path()) };
    Database::connect(options).await.unwrap()
}

#[tokio::test]
async fn a_database_that_may_only_be_read() {
    let (fresh, loader) = (sqlite().await, two().load());
    migrate(&fresh.db, &loader, &[node("x.0001")]).await.unwrap();
    let reader = open(&fresh.root, &format!("{}?mode=ro", fresh.url)).await;
    let lock = fresh.root.path().join("var/test.sqlite3-migrate.lock");
    fs::remove_file(&lock).unwrap();
    let outcome = migrate(&reader, &loader, &[node("x.0001")]).await.unwrap();
    assert!(outcome.plan.is_empty() && !lock.exists(), "nothing to do, nothing written");
    let error = migrate(&reader, &loader, &[Target::Latest]).await.unwrap_err();
    says(&error, &["readonly database", "hint: ", "take `mode=ro` out of its url"]);
    reader.close().await.unwrap();
    unharmed(&fresh.db).await;
}

#[tokio::test]
async fn a_database_that_is_full() {
    let (fresh, loader) = (sqlite().await, two().load());
    let db = &fresh.db;
    migrate(db, &loader, &[node("x.0001")]).await.unwrap();
    // The limit holds for the connection, and all migrations of a run share theirs.
    let many = "INSERT INTO x_a (text) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) \
                SELECT 'a text that takes some room ' || i FROM n";
    for atomic in [true, false] {
        let text = format!(
            "atomic = {atomic}\n{SECOND}\n[[operations]]\nop = \"run_sql\"\nsql = \"PRAGMA max_page_count = 20\"\nreverse = \"\"\n\
             [[operations]]\nop = \"run_sql\"\nsql = \"{many}\"\nreverse = \"\"\n"
        );
        let written = files(&[("x", "0001", FIRST), ("x", "0002", &text)]);
        let error = migrate(db, &written.load(), &[Target::Latest]).await.unwrap_err();
        says(&error, &["x.0002, operation 3", "database or disk is full", "hint: ", "max_page_count", "make room"]);
        assert_eq!(count(db, "x_a").await, 0);
        assert_eq!(applied(db).await, ["x.0001"]);
        if !atomic {
            migrate(db, &written.load(), &[node("x.0001")]).await.expect("what was done of it is undone");
        }
        assert_eq!(tables(db).await, ["x_a"]);
    }
    unharmed(db).await;
}

#[tokio::test]
async fn a_database_that_another_process_holds() {
    let (fresh, loader) = (sqlite().await, two().load());
    migrate(&fresh.db, &loader, &[node("x.0001")]).await.unwrap();
    let impatient = open(&fresh.root, &fresh.url).await;
    let writer = fresh.db.begin().await.unwrap();
    run(&writer, "INSERT INTO x_a (text) VALUES ('a')").await;
    let error = migrate(&impatient, &loader, &[Target::Latest]).await.unwrap_err();
    says(&error, &["database is locked", "hint: another process holds"]);
    writer.rollback().await.unwrap();
    unharmed(&impatient).await;
    impatient.close().await.unwrap();
}

#[tokio::test]
async fn a_database_whose_file_is_damaged() {
    let (fresh, loader) = (sqlite().await, two().load());
    migrate(&fresh.db, &loader, &[node("x.0001")]).await.unwrap();
    fresh.db.close().await.unwrap();
    let path = fresh.root.path().join("var/test.sqlite3");
    let mut file = fs::File::options().write(true).open(&path).unwrap();
    let length = file.metadata().unwrap().len();
    file.seek(SeekFrom::Start(4096)).unwrap();
    file.write_all(&vec![0xa5; usize::try_from(length - 4096).unwrap()]).unwrap();
    drop(file);
    let before = fs::read(&path).unwrap();
    let broken = open(&fresh.root, &fresh.url).await;
    let error = migrate(&broken, &loader, &[Target::Latest]).await.unwrap_err();
    says(&error, &["malformed", "hint: the file is damaged", "integrity_check"]);
    broken.close().await.unwrap();
    assert!(fs::read(&path).unwrap() == before, "left as it was");
}

#[tokio::test]
async fn a_rollback_that_the_database_did_itself_hides_no_reason() {
    let fresh = sqlite().await;
    let text = format!(
        "{SECOND}\n[[operations]]\nop = \"run_sql\"\nsql = \"INSERT OR ROLLBACK INTO x_a (id) VALUES (1), (1)\"\n"
    );
    let written = files(&[("x", "0001", FIRST), ("x", "0002", &text)]);
    let error = migrate(&fresh.db, &written.load(), &[Target::Latest]).await.unwrap_err();
    says(&error, &["x.0002, operation 2", "UNIQUE constraint failed"]);
    unharmed(&fresh.db).await;
}

#[tokio::test]
async fn postgresql_says_which_row_does_not_fit() {
    let Some(fresh) = fresh_postgres().await else { return };
    let mut written = two();
    migrate(&fresh.db, &written.load(), &[Target::Latest]).await.unwrap();
    run(&fresh.db, "INSERT INTO x_a (id, text) VALUES (1, 'twice'), (2, 'twice')").await;
    let unique = "dependencies = [\"x.0002\"]\n[[operations]]\nop = \"add_constraint\"\nmodel = \"A\"\n\
                  constraint = { kind = \"unique\", name = \"once\", fields = [\"text\"] }\n";
    written.add("x", "0003", unique);
    let error = migrate(&fresh.db, &written.load(), &[Target::Latest]).await.unwrap_err();
    says(&error, &["could not create unique index \"once\": Key (text)=(twice) is duplicated\n"]);
}

#[tokio::test]
async fn a_postgresql_user_without_rights_and_a_read_only_server() {
    let Some(fresh) = fresh_postgres().await else { return };
    let (db, loader) = (&fresh.db, two().load());
    let Some(server) = postgres::server() else { return };
    migrate(db, &loader, &[node("x.0001")]).await.unwrap();
    let name = texts(db, "SELECT current_database()::text").await.remove(0);
    run(db, &format!("CREATE ROLE weak_{name} LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO weak_{name}"))
        .await;
    let weak =
        open(&fresh.root, &format!("postgres://weak_{name}@127.0.0.1:{}/{name}?sslmode=disable", server.port)).await;
    assert!(migrate(&weak, &loader, &[node("x.0001")]).await.unwrap().plan.is_empty(), "there is nothing to do");
    let error = migrate(&weak, &loader, &[Target::Latest]).await.unwrap_err();
    says(&error, &["permission denied", "hint: the database's user may not do this", "GRANT"]);
    weak.close().await.unwrap();

    let read_only = format!("{}&options[default_transaction_read_only]=on", fresh.url);
    let read_only = open(&fresh.root, &read_only).await;
    let error = migrate(&read_only, &loader, &[Target::Latest]).await.unwrap_err();
    says(&error, &["read-only transaction", "hint: the server or the session is read-only"]);
    read_only.close().await.unwrap();
    unharmed(db).await;
}

#[tokio::test]
async fn a_server_that_goes_away_in_the_middle() {
    let Some(fresh) = fresh_postgres().await else { return };
    let text = format!(
        "{SECOND}\n[[operations]]\nop = \"run_sql\"\nsql = \"SELECT pg_terminate_backend(pg_backend_pid())\"\n"
    );
    let written = files(&[("x", "0001", FIRST), ("x", "0002", &text)]);
    let error = migrate(&fresh.db, &written.load(), &[Target::Latest]).await.unwrap_err();
    assert!(matches!(error, Error::Statement { .. }), "{error}");
    says(&error, &["x.0002, operation 2", "terminating connection", "hint: the connection to the server broke off"]);
    unharmed(&fresh.db).await;
}
