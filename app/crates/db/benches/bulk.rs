//! Bulk create of many rows on SQLite, against the same rows through one prepared statement; exits with 1 when it takes
//! more than twice as long. When PostgreSQL is installed, its ways to create rows are compared too, for information.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    missing_docs,
    unreachable_pub,
    reason = "a bench program"
)]

use std::{
    path::Path,
    process::ExitCode,
    time::{Duration, Instant},
};

use db::{ConnectOptions, Database, bulk};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ConnectionTrait, EntityTrait, TransactionTrait,
    prelude::DateTimeUtc,
    sqlx::{self, ConnectOptions as _, Connection as _, sqlite},
};

/// At most so many times as long as the prepared statement.
const LIMIT: f64 = 2.0;

/// How often each way is measured; the median counts.
const RUNS: usize = 3;

#[path = "../tests/it/postgres.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod postgres;

mod recipient {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "bench_recipient")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub email: String,
        pub full_name: String,
        pub comment: Option<String>,
        pub is_active: bool,
        pub created_at: DateTimeUtc,
        pub owner_id: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

const SQLITE_TABLE: &str = "CREATE TABLE bench_recipient (id integer PRIMARY KEY AUTOINCREMENT, email varchar NOT NULL, \
     full_name varchar NOT NULL, comment varchar, is_active boolean NOT NULL, \
     created_at timestamp_with_timezone_text NOT NULL, owner_id integer NOT NULL)";

/// One row, as plain values.
#[derive(Clone)]
struct Row {
    email: String,
    full_name: String,
    comment: Option<String>,
    is_active: bool,
    created_at: DateTimeUtc,
    owner_id: i64,
}

fn row(n: usize) -> Row {
    Row {
        email: format!("user{n}@example.com"),
        full_name: format!("Person number {n} of many"),
        comment: n.is_multiple_of(3).then(|| "met at the fair;\tcall back".to_owned()),
        is_active: !n.is_multiple_of(7),
        created_at: "2024-05-06T07:08:09Z".parse::<DateTimeUtc>().unwrap() + Duration::from_secs(n as u64),
        owner_id: (n % 10) as i64,
    }
}

fn models(rows: &[Row]) -> Vec<recipient::ActiveModel> {
    let model = |row: Row| recipient::ActiveModel {
        id: NotSet,
        email: Set(row.email),
        full_name: Set(row.full_name),
        comment: Set(row.comment),
        is_active: Set(row.is_active),
        created_at: Set(row.created_at),
        owner_id: Set(row.owner_id),
    };
    rows.iter().cloned().map(model).collect()
}

#[tokio::main]
async fn main() -> ExitCode {
    let rows: Vec<Row> = (0..rows_asked()).map(row).collect();
    let (mut raw, mut bulk) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        // In turns, so that whatever else the machine does hits both alike.
        raw.push(prepared_statement(&rows).await);
        bulk.push(bulk_create(&rows).await);
    }
    let (raw, bulk) = (median(raw), median(bulk));
    let ratio = bulk.as_secs_f64() / raw.as_secs_f64();
    println!("{} rows, medians of {RUNS} runs, in turns", rows.len());
    report("SQLite, one prepared statement", rows.len(), raw);
    report("SQLite, bulk create", rows.len(), bulk);
    println!("  ratio (at most {LIMIT})            {ratio:10.2}");
    on_postgres(&rows).await;
    // A figure that is not reached is a failure.
    ExitCode::from(u8::from(ratio > LIMIT))
}

/// `--rows N`; cargo adds a `--bench` of its own.
fn rows_asked() -> usize {
    let args: Vec<String> = std::env::args().collect();
    let asked = args.iter().position(|arg| arg == "--rows").and_then(|at| args.get(at + 1));
    asked.map_or(200_000, |rows| rows.parse().expect("`--rows` takes a number"))
}

fn report(what: &str, rows: usize, time: Duration) {
    let seconds = time.as_secs_f64();
    println!("{what:34} {:8.1} ms {:10.0} rows/s", seconds * 1e3, rows as f64 / seconds);
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// The connection is set up as `Database` does it.
async fn prepared_statement(rows: &[Row]) -> Duration {
    let root = tempfile::tempdir().unwrap();
    let options = sqlite::SqliteConnectOptions::new()
        .filename(root.path().join("bench.sqlite3"))
        .create_if_missing(true)
        .foreign_keys(true)
        .journal_mode(sqlite::SqliteJournalMode::Wal)
        .synchronous(sqlite::SqliteSynchronous::Normal)
        .disable_statement_logging();
    let mut connection = options.connect().await.unwrap();
    sqlx::query(SQLITE_TABLE).execute(&mut connection).await.unwrap();
    let started = Instant::now();
    let mut transaction = connection.begin().await.unwrap();
    for row in rows {
        sqlx::query(
            "INSERT INTO bench_recipient (email, full_name, comment, is_active, created_at, owner_id) \
             VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(&row.email)
        .bind(&row.full_name)
        .bind(&row.comment)
        .bind(row.is_active)
        .bind(row.created_at)
        .bind(row.owner_id)
        .execute(&mut *transaction)
        .await
        .unwrap();
    }
    transaction.commit().await.unwrap();
    let spent = started.elapsed();
    connection.close().await.unwrap();
    spent
}

async fn sqlite_database(root: &Path) -> Database {
    let database = Database::connect(ConnectOptions::new("sqlite://bench.sqlite3", root)).await.unwrap();
    database.execute_unprepared(SQLITE_TABLE).await.unwrap();
    database
}

async fn bulk_create(rows: &[Row]) -> Duration {
    let root = tempfile::tempdir().unwrap();
    let database = sqlite_database(root.path()).await;
    let models = models(rows);
    let started = Instant::now();
    let transaction = database.begin().await.unwrap();
    assert_eq!(bulk::create(models).exec(&transaction).await.unwrap(), rows.len() as u64);
    transaction.commit().await.unwrap();
    let spent = started.elapsed();
    database.close().await.unwrap();
    spent
}

const POSTGRES_TABLE: &str = "CREATE TABLE bench_recipient (id bigint PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY, \
     email varchar NOT NULL, full_name varchar NOT NULL, comment varchar, is_active bool NOT NULL, \
     created_at timestamp with time zone NOT NULL, owner_id bigint NOT NULL)";

/// A way to create rows on PostgreSQL.
#[derive(Clone, Copy)]
enum Way {
    /// SeaORM's own `insert_many`: `VALUES`, one parameter a value.
    Values,
    /// What bulk create does in a transaction: `UNNEST`, one parameter a column.
    Unnest,
    /// What bulk create does on the database itself: `COPY`.
    Copy,
}

/// For information: all rows at once, and as many small lots as make a noticeable time.
async fn on_postgres(rows: &[Row]) {
    let Some(server) = postgres::server() else { return };
    let url = format!("postgres://test@127.0.0.1:{}/{}?sslmode=disable", server.port, postgres::database(server).await);
    let database = Database::connect(ConnectOptions::new(url, "/")).await.unwrap();
    database.execute_unprepared(POSTGRES_TABLE).await.unwrap();
    let ways = [("VALUES", Way::Values), ("UNNEST", Way::Unnest), ("COPY", Way::Copy)];
    for size in [rows.len(), 10_000, 1000] {
        let lots: Vec<&[Row]> = rows.chunks(size).take(20).collect();
        let count = lots.iter().map(|lot| lot.len()).sum();
        let mut times = [const { Vec::new() }; 3];
        for _ in 0..RUNS {
            for ((_, way), times) in ways.iter().zip(&mut times) {
                database.execute_unprepared("TRUNCATE bench_recipient").await.unwrap();
                times.push(create_lots(&database, &lots, *way).await);
            }
        }
        for ((name, _), times) in ways.iter().zip(times) {
            report(&format!("PostgreSQL, {name}, {size} rows a time"), count, median(times));
        }
    }
    database.close().await.unwrap();
}

async fn create_lots(database: &Database, lots: &[&[Row]], way: Way) -> Duration {
    let lots: Vec<Vec<recipient::ActiveModel>> = lots.iter().map(|lot| models(lot)).collect();
    let started = Instant::now();
    for lot in lots {
        match way {
            Way::Values => {
                let transaction = database.begin().await.unwrap();
                let mut rows = lot.into_iter().peekable();
                while rows.peek().is_some() {
                    let step = rows.by_ref().take(1000);
                    recipient::Entity::insert_many(step).exec_without_returning(&transaction).await.unwrap();
                }
                transaction.commit().await.unwrap();
            }
            Way::Unnest => {
                let transaction = database.begin().await.unwrap();
                bulk::create(lot).exec(&transaction).await.unwrap();
                transaction.commit().await.unwrap();
            }
            Way::Copy => drop(bulk::create(lot).exec(database).await.unwrap()),
        }
    }
    started.elapsed()
}
