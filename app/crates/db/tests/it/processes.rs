//! Several processes at once, and processes that die in the middle.

use std::{
    io::Write,
    path::Path,
    process::{Child, Command, Stdio},
};

use db::{
    ConnectOptions, Database, ProjectState, Transaction,
    migrations::{DataFuture, Executor, Functions, Loader, Mode, ModuleMigrations, Progress, Source, Target},
};

use sea_orm::ConnectionTrait;

use crate::support::{Fresh, applied, count, each, files, schema, sqlite, tables};

const PROCESSES: usize = 8;

/// Migrates in a process of its own; `crash` makes the function `x.crash` abort it.
pub fn start(fresh: &Fresh, migrations: &Path, crash: &str, stdout: Stdio) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "processes::child", "--ignored", "--nocapture", "--test-threads=1"])
        .env("DB_TEST_URL", &fresh.url)
        .env("DB_TEST_ROOT", fresh.root.path())
        .env("DB_TEST_MIGRATIONS", migrations)
        .env("DB_TEST_CRASH", crash)
        .stdout(stdout)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn crash<'a>(_: &'a Transaction, _: &'a ProjectState) -> DataFuture<'a> {
    Box::pin(async {
        match std::env::var("DB_TEST_CRASH").as_deref() {
            Ok("yes") => std::process::abort(),
            _ => Ok(()),
        }
    })
}

/// Writes a row and says so, for those who kill in the middle.
fn mark<'a>(tx: &'a Transaction, _: &'a ProjectState) -> DataFuture<'a> {
    Box::pin(async {
        let sql = "INSERT INTO x_log DEFAULT VALUES";
        tx.execute_unprepared(sql).await?;
        say("mark");
        Ok(())
    })
}

fn say(what: &str) {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "said {what}").and_then(|()| stdout.flush()).unwrap();
}

#[tokio::test]
#[ignore = "the body of the processes that the other tests start"]
async fn child() {
    let variable = |name: &str| std::env::var(name).unwrap();
    let db = Database::connect(ConnectOptions::new(variable("DB_TEST_URL"), variable("DB_TEST_ROOT"))).await.unwrap();
    let directory = Path::new(&variable("DB_TEST_MIGRATIONS")).join("x/migrations");
    let modules = [ModuleMigrations { label: "x".to_owned(), source: Source::Dir(directory) }];
    let loader = Loader::load(&modules).unwrap();
    let mut functions = Functions::default();
    functions.insert("x.crash", crash);
    functions.insert("x.mark", mark);
    let mut listen = |progress: Progress<'_>| {
        if let Progress::ApplySuccess(key, _) = progress {
            say(&key.name);
        }
    };
    Executor::new(&db, &loader, &functions).migrate(&[Target::Latest], Mode::Run, &mut listen).await.unwrap();
    db.close().await.unwrap();
}

fn history(length: usize) -> crate::support::Files {
    let mut written = files(&[]);
    for n in 1..=length {
        let dependencies = if n == 1 { String::new() } else { format!("dependencies = [\"x.{:04}\"]\n", n - 1) };
        let text = format!(
            "{dependencies}[[operations]]\nop = \"create_model\"\nmodel = \"M{n}\"\ntable = \"x_m{n}\"\n\
             fields = [{{ name = \"id\", type = \"integer\", primary_key = true }}]\n\
             [[operations]]\nop = \"run_rust\"\nfunction = \"x.crash\"\nreverse = \"x.crash\"\n\
             [[operations]]\nop = \"run_sql\"\nsql = \"INSERT INTO x_m1 VALUES ({n})\"\n"
        );
        written.add("x", &format!("{n:04}"), &text);
    }
    let concurrent = format!(
        "atomic = false\ndependencies = [\"x.{length:04}\"]\n[[operations]]\nop = \"add_index\"\nmodel = \"M1\"\n\
         index = {{ name = \"by_id\", fields = [\"id\"] }}\nconcurrently = true\n\
         [[operations]]\nop = \"run_sql\"\nsql = \"INSERT INTO x_m1 VALUES (0)\"\n"
    );
    written.add("x", &format!("{:04}", length + 1), &concurrent);
    written
}

#[tokio::test]
async fn eight_at_once_all_succeed_and_apply_everything_once() {
    each(async |fresh| {
        let written = history(12);
        let children: Vec<Child> =
            (0..PROCESSES).map(|_| start(&fresh, written.root.path(), "no", Stdio::null())).collect();
        for child in children {
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
        assert_eq!(applied(&fresh.db).await.len(), 13);
        assert_eq!(count(&fresh.db, "x_m1").await, 13, "each migration wrote its row once");
    })
    .await;
}

#[tokio::test]
async fn eight_at_once_create_the_sqlite_file_together() {
    let written = history(1);
    let mut fresh = sqlite().await;
    for round in 0..3 {
        fresh.url = format!("sqlite://new/{round}.sqlite3");
        let children: Vec<Child> =
            (0..PROCESSES).map(|_| start(&fresh, written.root.path(), "no", Stdio::null())).collect();
        for child in children {
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
    }
}

#[tokio::test]
async fn a_process_that_dies_in_a_migration_leaves_nothing_of_it() {
    each(async |fresh| {
        let written = history(2);
        for _ in 0..2 {
            let output = start(&fresh, written.root.path(), "yes", Stdio::null()).wait_with_output().unwrap();
            assert!(!output.status.success());
            assert_eq!(applied(&fresh.db).await, Vec::<String>::new());
            assert_eq!(tables(&fresh.db).await, Vec::<String>::new());
        }
        let output = start(&fresh, written.root.path(), "no", Stdio::null()).wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(tables(&fresh.db).await, ["x_m1", "x_m2"]);
        assert!(!schema(&fresh.db).await.is_empty());
    })
    .await;
}
