//! `flush` and `sqlflush` (case 238).

use framework::migrations::MigrateEvent;
use framework::module::Module;
use sea_orm::{ConnectionTrait as _, Statement};

use crate::sandbox::{Sandbox, wait};

/// Two tables that reference each other, one of them in a way that no order of deletions satisfies.
const INITIAL: &str = r#"
initial = true

[[operations]]
op = "create_model"
model = "Author"
table = "books_author"
fields = [
  { name = "id", type = "big_integer", primary_key = true, auto_increment = true },
  { name = "mentor_id", type = "big_integer", null = true, references = { model = "books.Author", column = "id", on_delete = "restrict" } },
]

[[operations]]
op = "create_model"
model = "Book"
table = "books_book"
fields = [
  { name = "isbn", type = "string", primary_key = true },
  { name = "author_id", type = "big_integer", references = { model = "books.Author", column = "id" } },
]
"#;

async fn announce(event: MigrateEvent<'_>) -> anyhow::Result<()> {
    event.console.stdout.write(format!("after {}", event.alias));
    Ok(())
}

fn books() -> Module {
    Module::new("books").embedded_migrations(&[("0001_initial", INITIAL)]).post_migrate(announce).clone()
}

const QUESTION: &str = "You have requested a flush of the database.\nThis will IRREVERSIBLY DESTROY all data currently \
    in the \"sqlite://var/test.sqlite3\" database,\nand return each table to an empty state.\nAre you sure you want to \
    do this?\n\n    Type 'yes' to continue, or 'no' to cancel: ";

fn run(sandbox: &Sandbox, sql: &str) {
    wait(async {
        let ctx = sandbox.ctx();
        ctx.db().await.expect("a database").execute_unprepared(sql).await.expect("SQL that runs");
        ctx.close().await;
    });
}

/// The only number of a query.
fn number(sandbox: &Sandbox, sql: &str) -> i64 {
    wait(async {
        let ctx = sandbox.ctx();
        let db = ctx.db().await.expect("a database");
        let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await.expect("a query");
        let number = row.and_then(|row| row.try_get_by_index(0).ok()).expect("a number");
        ctx.close().await;
        number
    })
}

fn filled() -> Sandbox {
    let sandbox = Sandbox::new(&[books]);
    sandbox.line("migrate -v0").is(0, "after default\n", "");
    run(&sandbox, "INSERT INTO books_author (mentor_id) VALUES (NULL), (1); INSERT INTO books_book VALUES ('a', 2)");
    sandbox
}

const ROWS: &str = "SELECT (SELECT count(*) FROM books_author) + (SELECT count(*) FROM books_book)";

#[test]
fn a_flush_asks_first() {
    let sandbox = filled().typed("y\n");
    sandbox.line("flush").is(0, &format!("{QUESTION}Flush cancelled.\n"), "");
    assert_eq!(number(&sandbox, ROWS), 3);
    let sandbox = sandbox.typed("yes\n");
    sandbox.line("flush").is(0, &format!("{QUESTION}after default\n"), "");
    assert_eq!(number(&sandbox, ROWS), 0);
    assert_eq!(number(&sandbox, "SELECT count(*) FROM migration_history"), 1);
    // Keys start again, and foreign keys hold.
    run(&sandbox, "INSERT INTO books_author (mentor_id) VALUES (NULL)");
    assert_eq!(number(&sandbox, "SELECT max(id) FROM books_author"), 1);
}

#[test]
fn a_flush_without_questions_runs_at_once_and_a_question_needs_a_terminal() {
    let sandbox = filled();
    sandbox.line("flush").says_on_err(3, "standard input is not a terminal");
    assert_eq!(number(&sandbox, ROWS), 3);
    sandbox.line("flush --noinput -v2").is(
        0,
        "Running post-migrate handlers for application books\nafter default\n",
        "",
    );
    assert_eq!(number(&sandbox, ROWS), 0);
}

#[test]
fn the_sql_of_a_flush_is_printed() {
    let sandbox = Sandbox::new(&[books]);
    sandbox.line("sqlflush").is(0, "", "No tables found.\n");
    sandbox.line("migrate -v0").is(0, "after default\n", "");
    let text = "PRAGMA foreign_keys = OFF;\nBEGIN;\nDELETE FROM \"books_author\";\nDELETE FROM \"books_book\";\n\
        DELETE FROM \"sqlite_sequence\" WHERE \"name\" IN ('books_author');\nCOMMIT;\nPRAGMA foreign_keys = ON;\n";
    sandbox.line("sqlflush").is(0, text, "");
}

#[test]
fn a_flush_that_fails_changes_nothing() {
    let sandbox = filled();
    run(&sandbox, "CREATE TRIGGER no BEFORE DELETE ON books_book BEGIN SELECT RAISE(ABORT, 'not these'); END");
    let ran = sandbox.line("flush --noinput");
    ran.says_on_err(1, "CommandError: Database sqlite://var/test.sqlite3 couldn't be flushed: ");
    ran.says_on_err(1, "not these");
    ran.says_on_err(1, "hint: `app sqlflush` prints the SQL");
    assert_eq!(number(&sandbox, ROWS), 3);
}
