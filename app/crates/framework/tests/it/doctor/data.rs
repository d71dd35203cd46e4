//! Databases and migrations.

use std::fs;

use sea_orm::ConnectionTrait as _;

use super::{POLLS, SECOND, fresh, healthy, polls, wrong};
use crate::postgres;
use crate::sandbox::{Sandbox, wait};

fn run(sandbox: &Sandbox, sql: &str) {
    wait(async {
        let ctx = sandbox.ctx();
        ctx.db().await.expect("a database").execute_unprepared(sql).await.expect(sql);
        ctx.close().await;
    });
}

/// Leaves the models as they are, but throws away what was in the column meanwhile.
const SPARE: &str = r#"dependencies = ["polls.0002_opened"]

[[operations]]
op = "add_field"
model = "Question"
field = { name = "spare", type = "boolean", default = true }

[[operations]]
op = "remove_field"
model = "Question"
field = { name = "spare", type = "boolean", default = true }
"#;

#[test]
fn pending_migrations_are_applied_in_development() {
    let sandbox = fresh(&[polls]);
    let fixed = "fixed    applied to `default`: polls.0001_initial, polls.0002_opened (database)\n";
    assert!(wrong(&sandbox, "doctor --fix", 0).contains(fixed));
    assert_eq!(sandbox.line("migrate polls 0001").code, 0);
    let error = "error    not applied to `default`: polls.0002_opened (1) (database.default.migrations)\n  \
        hint: `app migrate`\n";
    assert_eq!(wrong(&sandbox, "doctor -v 0", 1), error);
    let fixed = "fixed    applied to `default`: polls.0002_opened (database)\n\n0 errors, 0 warnings, 1 fixed, 17 ok\n";
    assert_eq!(wrong(&sandbox, "doctor --fix", 0), fixed);
    assert_eq!(wrong(&sandbox, "doctor --fix", 0), "\n0 errors, 0 warnings, 17 ok\n");
}

#[test]
fn what_deletes_or_is_not_for_development_is_left_to_the_person() {
    let with_spare = |sandbox: Sandbox| sandbox.file(&format!("{POLLS}/0003_spare.toml"), SPARE);
    let error = "error    not applied to `default`: polls.0003_spare (1) (database.default.migrations)\n  \
        hint: `app migrate`\n";
    assert_eq!(wrong(&with_spare(healthy(&[polls])), "doctor -v 0 --fix", 1), error);
    // Where there is nothing to lose, all are applied.
    let empty = with_spare(fresh(&[polls]));
    assert!(
        wrong(&empty, "doctor --fix", 0).contains("0001_initial, polls.0002_opened, polls.0003_spare (database)\n")
    );
    let test = healthy(&[polls]).var("APP__ENVIRONMENT", "test");
    assert_eq!(test.line("migrate polls 0001").code, 0);
    assert!(
        wrong(&test, "doctor -v 0 --fix", 1).starts_with("error    not applied to `default`: polls.0002_opened (1) ")
    );
}

#[test]
fn several_databases_are_looked_at() {
    let sandbox = healthy(&[polls]).var("APP__DATABASES__REPORTS__URL", "sqlite://var/reports.sqlite3");
    let warning = "warning  the database `reports` is not there yet (database.reports)\n  \
        hint: `app migrate --database reports`\n";
    assert_eq!(wrong(&sandbox, "doctor -v 0", 0), warning);
    assert!(
        wrong(&sandbox, "doctor --fix", 0)
            .starts_with("fixed    applied to `reports`: polls.0001_initial, polls.0002_opened (database)\n")
    );
    assert_eq!(wrong(&sandbox, "doctor -v 0", 0), "");
    let memory = fresh(&[polls]).var("APP__DATABASE__URL", "sqlite::memory:");
    assert!(memory.line("doctor").out.contains("ok       sqlite::memory: is made anew by each process\n"));
}

#[test]
fn models_without_a_migration_are_an_error() {
    let sandbox = healthy(&[polls]);
    fs::remove_file(sandbox.dir.path().join(POLLS).join("0002_opened.toml")).expect("a file");
    let error = "error    models were changed without a migration in: polls (models)\n  hint: `app makemigrations`\n";
    let shown = wrong(&sandbox, "doctor -v 0", 1);
    assert!(shown.starts_with(error), "{shown}");
}

#[test]
fn migrations_that_cannot_be_read_or_contradict_each_other_are_errors() {
    let broken = healthy(&[polls]).file(&format!("{POLLS}/0003_broken.toml"), "operations = [\n");
    let shown = wrong(&broken, "doctor", 1);
    assert!(shown.contains(&format!("/{POLLS}/0003_broken.toml:")), "{shown}");
    assert!(shown.contains(&format!("  hint: `${{EDITOR:-vi}} +1 {POLLS}/0003_broken.toml`\n")), "{shown}");
    let skipped = "skipped  models are not compared while models or migrations cannot be read (models)\n\
        skipped  tables are not compared while migrations cannot be read (database.default.migrations)\n";
    assert!(shown.contains(skipped), "{shown}");
    let forked = healthy(&[polls]).file(&format!("{POLLS}/0002_other.toml"), SECOND);
    let shown = wrong(&forked, "doctor -v 0 --fix", 1);
    assert!(shown.starts_with("error    Conflicting migrations detected; "), "{shown}");
    assert!(shown.contains("(migrations)\n  hint: `app makemigrations --merge`\n"), "{shown}");
}

#[test]
fn drift_is_an_error() {
    let sandbox = healthy(&[polls]);
    run(&sandbox, "ALTER TABLE polls_question ADD COLUMN stray text");
    let error = "error    the tables of `default` differ from the migrations (1): polls.Question: column stray is in the \
        database, but not in the migrations (database.default.drift)\n  hint: `app migrate --drift`\n";
    assert_eq!(wrong(&sandbox, "doctor -v 0 --fix", 1), error);
}

#[test]
fn a_migration_that_stopped_in_the_middle_is_an_error() {
    let half = "atomic = false\ndependencies = [\"polls.0002_opened\"]\n\n[[operations]]\nop = \"run_sql\"\n\
        sql = \"CREATE TABLE polls_a (id integer)\"\n\n[[operations]]\nop = \"run_sql\"\nsql = \"nonsense\"\n";
    let sandbox = healthy(&[polls]).file(&format!("{POLLS}/0003_half.toml"), half);
    assert_eq!(sandbox.line("migrate").code, 1);
    let expected = "error    migration polls.0003_half stopped in the middle: 1 of its 2 operations are done \
        (database.default.unfinished)\n  hint: `app migrate`\n\
        error    not applied to `default`: polls.0003_half (1) (database.default.migrations)\n  hint: `app migrate`\n";
    assert_eq!(wrong(&sandbox, "doctor -v 0 --fix", 1), expected);
}

#[test]
fn a_file_that_is_no_database_is_an_error() {
    let sandbox = healthy(&[polls]);
    let file = sandbox.dir.path().join("var/test.sqlite3");
    fs::write(&file, "nonsense".repeat(1000)).expect("a file");
    let error = "error    database file {root}/var/test.sqlite3 cannot be opened: file is not a database \
        (database.default)\n  hint: `sqlite3 var/test.sqlite3 .recover | sqlite3 var/test.sqlite3.recovered`\n";
    assert_eq!(wrong(&sandbox, "doctor -v 0 --fix", 1), error);
    fs::remove_file(&file).and_then(|()| fs::create_dir(&file)).expect("a directory");
    let error =
        "error    database file {root}/var/test.sqlite3 cannot be opened: it is a directory (database.default)\n";
    assert!(wrong(&sandbox, "doctor -v 0", 1).starts_with(error));
}

#[test]
fn a_damaged_page_is_found() {
    let sandbox = healthy(&[polls]);
    let insert = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) \
        INSERT INTO polls_question (question_text) SELECT i FROM n";
    run(&sandbox, insert);
    run(&sandbox, "PRAGMA wal_checkpoint(TRUNCATE)");
    let file = sandbox.dir.path().join("var/test.sqlite3");
    let mut bytes = fs::read(&file).expect("a file");
    let last = bytes.len() - 4096;
    bytes[last..].fill(0xff);
    fs::write(&file, bytes).expect("a file");
    let shown = wrong(&sandbox, "doctor -v 0", 1);
    assert!(shown.starts_with("error    sqlite://var/test.sqlite3 is damaged: "), "{shown}");
    assert!(shown.contains("(database.default.file)\n  hint: `sqlite3 var/test.sqlite3 .recover | "), "{shown}");
}

#[test]
fn a_server_that_does_not_answer_is_an_error() {
    // Nobody listens there: the port was just given to this test, and given back.
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a port").port();
    let url = format!("postgres://joe:secret@127.0.0.1:{port}/books");
    let sandbox = healthy(&[polls]).var("APP__DATABASE__URL", &url);
    let error = format!(
        "error    cannot reach PostgreSQL at 127.0.0.1:{port}: Connection refused (os error 111); is the server running, \
         and is the address right? (database.default)\n  hint: `sudo systemctl start postgresql`\n"
    );
    assert_eq!(wrong(&sandbox, "doctor -v 0 --fix", 1), error);
    let other = healthy(&[polls]).var("APP__DATABASE__URL", "mysql://joe:secret@localhost/books");
    let shown = wrong(&other, "doctor -v 0", 1);
    assert!(shown.starts_with("error    unknown database scheme `mysql`"), "{shown}");
    assert!(shown.ends_with("  hint: `unset APP__DATABASE__URL`\n") && !shown.contains("secret"), "{shown}");
}

#[test]
fn nothing_is_applied_to_a_server() {
    let Some(server) = postgres::server() else { return };
    let name = wait(postgres::database(server));
    let url = format!("postgres://test@127.0.0.1:{}/{name}?sslmode=disable", server.port);
    let sandbox = healthy(&[polls]).var("APP__DATABASE__URL", &url);
    let error = "error    not applied to `default`: polls.0001_initial, polls.0002_opened (2) (database.default.migrations)\n  \
        hint: `app migrate`\n";
    assert_eq!(wrong(&sandbox, "doctor -v 0 --fix", 1), error);
    assert_eq!(sandbox.line("migrate -v 0").code, 0);
    assert_eq!(wrong(&sandbox, "doctor -v 0", 0), "");
    let gone = url.replace(&name, "nowhere");
    let shown = wrong(&healthy(&[polls]).var("APP__DATABASE__URL", &gone), "doctor -v 0", 1);
    assert!(shown.contains("database \"nowhere\" does not exist (database.default)\n"), "{shown}");
}

#[test]
fn several_things_at_once() {
    let sandbox = fresh(&[polls])
        .file("var", "")
        .file(&format!("{POLLS}/0003_broken.toml"), "operations = [\n")
        .var("APP__SECRET_KEY", "short");
    let ran = sandbox.line("doctor --fix --json");
    assert_eq!((ran.code, ran.err.as_str()), (1, ""));
    let document: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
    let findings = document["findings"].as_array().expect("a list");
    let wrong = findings.iter().filter(|finding| finding["level"] != "ok");
    let found: Vec<String> = wrong.map(|finding| format!("{} {}", finding["level"], finding["id"])).collect();
    let expected = [
        "\"warning\" \"secrets.key\"",
        "\"error\" \"var\"",
        "\"error\" \"migrations\"",
        "\"skipped\" \"models\"",
        "\"warning\" \"database.default\"",
    ];
    assert_eq!(found, expected);
}
