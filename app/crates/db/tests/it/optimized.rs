//! Random lists of operations and what the optimizer makes of them lead to the same tables, with the same rows.

use db::migrations::{Migration, Operation, Target, optimize};

use crate::{
    property::{Author, fill},
    random::Random,
    support::{Files, Fresh, files, migrate, node, postgres, schema, sqlite, tables, texts},
};

const ROUNDS: usize = 12;

fn migration(number: usize, operations: Vec<Operation>) -> String {
    let dependencies = if number == 1 { Vec::new() } else { vec!["x.0001".parse().unwrap()] };
    let migration = Migration {
        initial: number == 1,
        atomic: true,
        dependencies,
        replaces: Vec::new(),
        operations,
        checksum: String::new(),
    };
    migration.to_toml()
}

/// Every row of every table, columns in alphabetical order.
async fn rows(fresh: &Fresh) -> Vec<String> {
    let mut rows = Vec::new();
    for table in tables(&fresh.db).await {
        let mut columns = fresh.db.column_names(&table).await.unwrap();
        columns.sort();
        let columns: Vec<String> =
            columns.iter().map(|column| format!("coalesce(CAST(\"{column}\" AS text), 'NULL')")).collect();
        let found = texts(&fresh.db, &format!("SELECT {} FROM \"{table}\"", columns.join(" || ' ' || "))).await;
        rows.extend(found.into_iter().map(|row| format!("{table} {row}")));
    }
    rows.sort();
    rows
}

/// The tables after both migrations and, gone back, after the first, and the rows in between.
async fn outcome(fresh: &Fresh, written: &Files, log: &str) -> [Vec<String>; 3] {
    let (db, loader) = (&fresh.db, written.load());
    let first = migrate(db, &loader, &[node("x.0001")]).await.unwrap_or_else(|error| panic!("{error}\n{log}"));
    fill(fresh, &first.state).await;
    migrate(db, &loader, &[Target::Latest]).await.unwrap_or_else(|error| panic!("{error}\n{log}"));
    let (after, rows) = (schema(db).await, rows(fresh).await);
    migrate(db, &loader, &[node("x.0001")]).await.unwrap_or_else(|error| panic!("{error}\n{log}"));
    [after, rows, schema(db).await]
}

#[tokio::test]
async fn random_lists_become_shorter_ones_that_do_the_same() {
    let mut author = Author::new(Random::from_environment());
    let (mut before, mut after) = (0, 0);
    for round in 0..ROUNDS {
        author.state = db::ProjectState::default();
        let given = author.operations(6);
        let start = author.state.clone();
        let operations = author.operations(14);
        let optimized = optimize("x", operations.clone());
        before += operations.len();
        after += optimized.len();
        let log = format!(
            "{}\n# list\n{}\n# optimized\n{}",
            migration(1, given.clone()),
            migration(2, operations.clone()),
            migration(2, optimized.clone())
        );
        assert_eq!(optimize("x", optimized.clone()), optimized, "{log}");
        let mut state = start;
        for operation in &optimized {
            operation.apply("x", &mut state).unwrap_or_else(|error| panic!("{error}: {operation:?}\n{log}"));
        }
        assert_eq!(author.state.diff(&state), Vec::<String>::new(), "{log}");

        let list = files(&[("x", "0001", &migration(1, given.clone())), ("x", "0002", &migration(2, operations))]);
        let short = files(&[("x", "0001", &migration(1, given)), ("x", "0002", &migration(2, optimized))]);
        // PostgreSQL takes longer and differs little.
        let on_postgres = round == 0;
        let (one, other) = (sqlite().await, sqlite().await);
        assert_eq!(outcome(&other, &short, &log).await, outcome(&one, &list, &log).await, "{log}");
        if on_postgres && let (Some(one), Some(other)) = (postgres().await, postgres().await) {
            assert_eq!(outcome(&other, &short, &log).await, outcome(&one, &list, &log).await, "{log}");
        }
    }
    assert!(after * 10 < before * 9, "{before} operations became {after}: the test does not test much");
}
