//! Opening databases, good and bad URLs, transactions, bulk inserts.

use std::{fs, net::TcpListener, os::unix::fs::PermissionsExt, time::Duration};

use db::{Backend, ConnectOptions, Database, Error, bulk};
use sea_orm::{AccessMode, ActiveValue::Set, ConnectionTrait, EntityTrait, PaginatorTrait, TransactionTrait};

use crate::{
    entities::{create, user},
    postgres,
    support::{count, each, exists, run, says, sqlite, texts},
};

async fn refused(url: &str, root: &std::path::Path) -> Error {
    let options = ConnectOptions { connect_timeout: Duration::from_millis(800), ..ConnectOptions::new(url, root) };
    Database::connect(options).await.expect_err(url)
}

#[tokio::test]
async fn a_sqlite_file_is_created_with_its_directory_and_set_up() {
    let fresh = sqlite().await;
    assert!(exists(&fresh.root, "var/test.sqlite3"));
    assert_eq!(fresh.db.backend(), Backend::Sqlite);
    assert_eq!(fresh.db.describe(), "sqlite://var/test.sqlite3");
    fresh.db.ping().await.unwrap();
    for (pragma, value) in
        [("journal_mode", "wal"), ("foreign_keys", "1"), ("synchronous", "1"), ("busy_timeout", "30000")]
    {
        let column = if pragma == "busy_timeout" { "timeout" } else { pragma };
        let sql = format!("SELECT CAST({column} AS text) FROM pragma_{pragma}");
        assert_eq!(texts(&fresh.db, &sql).await, [value], "{pragma}");
    }
    assert!(!fresh.db.has_tables().await.unwrap());
    run(&fresh.db, "CREATE TABLE t (id integer PRIMARY KEY AUTOINCREMENT)").await;
    assert!(fresh.db.has_tables().await.unwrap());
    assert_eq!(fresh.db.table_names().await.unwrap(), ["t"], "sqlite_sequence does not count");
}

#[tokio::test]
async fn modes_decide_whether_the_file_is_created_and_written() {
    let fresh = sqlite().await;
    run(&fresh.db, "CREATE TABLE t (id integer)").await;
    let root = fresh.root.path();
    for mode in ["ro", "rw"] {
        let error = refused(&format!("sqlite://none.sqlite3?mode={mode}"), root).await;
        assert!(matches!(error, Error::NoFile { .. }), "{error}");
        says(&error, &["none.sqlite3"]);
        assert!(!exists(&fresh.root, "none.sqlite3"));
    }
    let read = Database::connect(ConnectOptions::new("sqlite://var/test.sqlite3?mode=ro", root)).await.unwrap();
    assert_eq!(count(&read, "t").await, 0);
    let error = read.execute_unprepared("INSERT INTO t VALUES (1)").await.expect_err("read-only");
    assert!(error.to_string().contains("readonly"), "{error}");
    let memory = Database::connect(ConnectOptions::new("sqlite::memory:", root)).await.unwrap();
    run(&memory, "CREATE TABLE t (id integer)").await;
    assert_eq!(count(&memory, "t").await, 0);
}

#[tokio::test]
async fn bad_places_are_named() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("file"), "not a directory").unwrap();
    fs::write(root.path().join("text.sqlite3"), "this is no database, it is only some text, long enough to be read")
        .unwrap();
    says(&refused("sqlite://file/app.sqlite3", root.path()).await, &["file/app.sqlite3", "not writable"]);
    says(
        &refused("sqlite:///proc/none/app.sqlite3", root.path()).await,
        &["/proc/none/app.sqlite3", "/proc/none is not writable"],
    );
    says(&refused("sqlite://text.sqlite3", root.path()).await, &["text.sqlite3", "not a database"]);
    says(&refused("sqlite://.", root.path()).await, &["it is a directory"]);
    says(&refused("mysql://x", root.path()).await, &["`mysql`", "sqlite, postgres, postgresql"]);
    if rustix::process::geteuid().is_root() {
        return; // Nothing is read-only for root.
    }
    let closed = root.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o555)).unwrap();
    says(&refused("sqlite://closed/app.sqlite3", root.path()).await, &["closed is not writable"]);
}

#[tokio::test]
async fn an_unreachable_server_is_named_without_the_password() {
    let root = tempfile::tempdir().unwrap();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = refused(&format!("postgres://joe:s3cret@127.0.0.1:{free}/app"), root.path()).await;
    assert!(matches!(error, Error::Unreachable { .. }), "{error}");
    says(&error, &[&format!("127.0.0.1:{free}"), "refused"]);
    assert!(!error.to_string().contains("s3cret") && !format!("{error:?}").contains("s3cret"));
    let options = ConnectOptions::new("postgres://joe:s3cret@127.0.0.1/app", root.path());
    assert!(!format!("{options:?}").contains("s3cret"));
    // Accepts, but never answers: the pool's deadline ends it.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let error = refused(&format!("postgres://joe:s3cret@127.0.0.1:{port}/app"), root.path()).await;
    assert!(matches!(error, Error::Refused { .. }) && !error.to_string().contains("s3cret"), "{error}");
    says(&error, &["joe:***@127.0.0.1"]);
    says(&refused("postgres://joe:s3cret@127.0.0.1:none/app", root.path()).await, &["cannot be used"]);
    let Some(server) = postgres::server() else { return };
    let error = refused(&format!("postgres://test:s3cret@127.0.0.1:{}/missing", server.port), root.path()).await;
    says(&error, &["test:***@", "database \"missing\" does not exist"]);
}

#[tokio::test]
async fn tls_to_postgres_works_when_asked_for() {
    let Some(server) = postgres::server().filter(|server| server.tls) else { return };
    let root = tempfile::tempdir().unwrap();
    let url = format!("postgres://test@127.0.0.1:{}/postgres?sslmode=require", server.port);
    let db = Database::connect(ConnectOptions::new(url, root.path())).await.unwrap();
    assert_eq!(texts(&db, "SELECT ssl::text FROM pg_stat_ssl WHERE pid = pg_backend_pid()").await, ["true"]);
    db.close().await.unwrap();
}

#[tokio::test]
async fn transactions_commit_roll_back_and_nest() {
    each(async |fresh| {
        run(&fresh.db, "CREATE TABLE t (id integer)").await;
        let tx = fresh.db.begin().await.unwrap();
        run(&tx, "INSERT INTO t VALUES (1)").await;
        let inner = tx.begin().await.unwrap();
        run(&inner, "INSERT INTO t VALUES (2)").await;
        inner.rollback().await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(count(&fresh.db, "t").await, 1);
        drop(async {
            let tx = fresh.db.begin().await.unwrap();
            run(&tx, "INSERT INTO t VALUES (3)").await;
        });
        let failed = fresh.db.transaction(|tx| {
            Box::pin(async move {
                run(tx, "INSERT INTO t VALUES (4)").await;
                Err::<(), _>(std::io::Error::other("no"))
            })
        });
        failed.await.expect_err("rolled back");
        assert_eq!(count(&fresh.db, "t").await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_durable_commit_waits_for_the_disk_and_others_do_not() {
    each(async |mut fresh| {
        let (setting, lasting, usual) = match fresh.db.backend() {
            Backend::Sqlite => ("SELECT CAST(synchronous AS text) FROM pragma_synchronous", "2", "1"),
            Backend::Postgres => {
                let url = format!("{}&options[synchronous_commit]=off", fresh.url);
                let options = ConnectOptions { max_connections: 1, ..ConnectOptions::new(url, fresh.root.path()) };
                fresh.db = Database::connect(options).await.unwrap();
                ("SHOW synchronous_commit", "on", "off")
            }
        };
        let db = &fresh.db;
        run(db, "CREATE TABLE t (id integer)").await;
        for round in 1..=2 {
            let tx = db.begin_durable().await.unwrap();
            assert_eq!(texts(&tx, setting).await, [lasting]);
            run(&tx, "INSERT INTO t VALUES (1)").await;
            tx.commit().await.unwrap();
            assert_eq!(texts(db, setting).await, [usual]);
            assert_eq!(count(db, "t").await, round);
        }
        let tx = db.begin_durable().await.unwrap();
        run(&tx, "INSERT INTO t VALUES (2)").await;
        tx.rollback().await.unwrap();
        let dry = db.dry_run().await.unwrap();
        let tx = dry.database().begin_durable().await.unwrap();
        run(&tx, "INSERT INTO t VALUES (3)").await;
        tx.commit().await.unwrap();
        dry.rollback().await.unwrap();
        assert_eq!(count(db, "t").await, 2);
        db.close().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_transaction_that_reads_first_still_waits_its_turn_to_write() {
    let fresh = sqlite().await;
    run(&fresh.db, "CREATE TABLE t (id integer)").await;
    let both = (0..2).map(|id| {
        let db = fresh.db.clone();
        tokio::spawn(async move {
            for _ in 0..25 {
                let tx = db.begin().await.unwrap();
                user::count(&tx).await;
                run(&tx, &format!("INSERT INTO t VALUES ({id})")).await;
                tx.commit().await.unwrap();
            }
        })
    });
    for task in both.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    assert_eq!(count(&fresh.db, "t").await, 50);
    // Without the write lock, reading goes on beside an open writer.
    let writer = fresh.db.begin().await.unwrap();
    run(&writer, "INSERT INTO t VALUES (9)").await;
    let reader = fresh.db.begin_with_config(None, Some(AccessMode::ReadOnly)).await.unwrap();
    user::count(&reader).await;
    writer.rollback().await.unwrap();
}

#[tokio::test]
async fn entities_work_and_many_rows_go_in_batches_under_the_bind_limit() {
    each(async |fresh| {
        create(&fresh.db).await;
        let rows: Vec<user::ActiveModel> = (0..15_000)
            .map(|n| user::ActiveModel { email: Set(format!("user{n}@example.com")), ..user::active() })
            .collect();
        assert_eq!(bulk::create(rows).exec(&fresh.db).await.unwrap(), 15_000);
        assert_eq!(bulk::create(Vec::<user::ActiveModel>::new()).batch_size(0).exec(&fresh.db).await.unwrap(), 0);
        assert_eq!(user::Entity::find().count(&fresh.db).await.unwrap(), 15_000);
        let one = user::Entity::insert(user::ActiveModel { email: Set("x@example.com".to_owned()), ..user::active() });
        let id = one.exec(&fresh.db).await.unwrap().last_insert_id;
        let found = user::Entity::find_by_id(id).one(&fresh.db).await.unwrap().unwrap();
        assert_eq!((found.email.as_str(), found.is_active), ("x@example.com", true));
        assert_eq!(found.date_joined.to_rfc3339(), "2024-05-06T07:08:09+00:00");
    })
    .await;
}
