//! `migrate` and `showmigrations` beside what the product's own tests show (cases 138, 139, 144–159).

use framework::module::Module;
use sea_orm::ConnectionTrait as _;

use crate::sandbox::{Sandbox, wait};

const FOLDER: &str = "src/modules/books/migrations";

const INITIAL: &str = r#"initial = true

[[operations]]
op = "create_model"
model = "Author"
table = "books_author"
fields = [{ name = "id", type = "big_integer", primary_key = true, auto_increment = true }]
"#;

const SECOND: &str = r#"dependencies = ["books.0001_initial"]

[[operations]]
op = "create_model"
model = "Book"
table = "books_book"
fields = [{ name = "id", type = "big_integer", primary_key = true, auto_increment = true }]
"#;

const THIRD: &str = r#"dependencies = ["books.0002_second"]

[[operations]]
op = "run_sql"
sql = """
INSERT INTO books_author
  DEFAULT VALUES"""
reverse = "DELETE FROM books_author WHERE id IN (1, 2, 3)"

[[operations]]
op = "run_sql"
sql = "SELECT 1"
"#;

/// Without models: the migrations alone say what there is.
fn books() -> Module {
    Module::new("books")
}

fn sandbox() -> Sandbox {
    Sandbox::new(&[books])
        .file("src/modules/books/migrations/0001_initial.toml", INITIAL)
        .file("src/modules/books/migrations/0002_second.toml", SECOND)
        .file("src/modules/books/migrations/0003_third.toml", THIRD)
}

fn tables(sandbox: &Sandbox, alias: &str) -> Vec<String> {
    wait(async {
        let ctx = sandbox.ctx();
        let mut tables = ctx.database(alias).await.expect("a database").table_names().await.expect("tables");
        tables.retain(|table| table.starts_with("books"));
        ctx.close().await;
        tables
    })
}

fn run(sandbox: &Sandbox, sql: &str) {
    wait(async {
        let ctx = sandbox.ctx();
        ctx.db().await.expect("a database").execute_unprepared(sql).await.expect("SQL that runs");
        ctx.close().await;
    });
}

#[test]
fn one_migration_is_applied_and_taken_back() {
    // Case 138.
    let sandbox = sandbox();
    let out = "Operations to perform:\n  Target specific migration: 0001_initial, from books\n\
        Running pre-migrate handlers for application books\nRunning migrations:\n  Applying books.0001_initial... OK\n\
        Running post-migrate handlers for application books\n";
    sandbox.line("migrate books 0001 -v2").is(0, out, "");
    assert_eq!(tables(&sandbox, "default"), ["books_author"]);
    // Case 139.
    let out = "Operations to perform:\n  Apply all migrations: books\nRunning migrations:\n  Applying books.0002_second... OK\n  \
        Applying books.0003_third... OK\n";
    sandbox.line("migrate").is(0, out, "");
    let text = "CommandError: migration books.0003_third cannot be unapplied: Raw SQL operation is irreversible; give it a \
        `reverse`, or go back with --fake\n";
    let ran = sandbox.line("migrate books zero");
    assert_eq!((ran.code, ran.err.as_str()), (1, text), "{ran:?}");
    // Case 148.
    let out = "Operations to perform:\n  Target specific migration: 0002_second, from books\nRunning migrations:\n  \
        Unapplying books.0003_third... FAKED\n";
    sandbox.line("migrate books 0002 --fake").is(0, out, "");
    let out = "Operations to perform:\n  Unapply all migrations: books\nRunning migrations:\n  Unapplying books.0002_second... OK\n  \
        Unapplying books.0001_initial... OK\n";
    sandbox.line("migrate books zero").is(0, out, "");
    assert_eq!(tables(&sandbox, "default"), [""; 0]);
}

#[test]
fn a_plan_is_shown_and_nothing_is_done() {
    // Case 146.
    let sandbox = sandbox();
    let forwards = "Planned operations:\nbooks.0001_initial\n    Create model Author\nbooks.0002_second\n    Create model \
        Book\nbooks.0003_third\n    Raw SQL operation -> INSERT INTO books_author DEFAULT VA…\n    Raw SQL operation -> SELECT 1\n";
    sandbox.line("migrate --plan").is(0, forwards, "");
    // Case 145.
    let pending = "CommandError: 3 unapplied migration(s) in: books\nhint: `app migrate` applies them\n";
    sandbox.line("migrate --check").is(1, "", pending);
    sandbox.line("migrate --check --plan").is(1, forwards, pending);
    assert_eq!(tables(&sandbox, "default"), [""; 0]);
    sandbox.line("migrate -v0").is(0, "", "");
    sandbox.line("migrate --check").is(0, "", "");
    sandbox.line("migrate --plan").is(0, "Planned operations:\n  No planned migration operations.\n", "");
    let backwards = "Planned operations:\nbooks.0003_third\n    Raw SQL operation -> IRREVERSIBLE\n    Raw SQL operation -> \
        DELETE FROM books_author WHERE id I…\nbooks.0002_second\n    Undo Create model Book\nbooks.0001_initial\n    Undo \
        Create model Author\n";
    sandbox.line("migrate books zero --plan").is(0, backwards, "");
    assert_eq!(tables(&sandbox, "default").len(), 2);
}

#[test]
fn only_the_named_database_is_migrated() {
    // Case 153.
    let sandbox = sandbox().var("APP__DATABASES__OTHER__URL", "sqlite://var/other.sqlite3");
    sandbox.line("migrate --database other -v0").is(0, "", "");
    assert_eq!(tables(&sandbox, "other").len(), 2);
    assert_eq!(tables(&sandbox, "default"), [""; 0]);
}

#[test]
fn a_dependency_that_is_not_applied_is_an_error() {
    // Case 150.
    let sandbox = sandbox();
    sandbox.line("migrate -v0").is(0, "", "");
    run(&sandbox, "DELETE FROM migration_history WHERE name = '0001_initial'");
    let text = "CommandError: Migration books.0002_second is applied before its dependency books.0001_initial";
    sandbox.line("migrate").says_on_err(1, text);
    let list = "books\n [ ] 0001_initial\n [X] 0002_second\n [X] 0003_third\n";
    sandbox.line("showmigrations").is(0, list, "");
}

#[test]
fn a_first_migration_whose_tables_are_there_is_only_recorded() {
    let sandbox = sandbox();
    run(&sandbox, "CREATE TABLE books_author (id integer NOT NULL PRIMARY KEY AUTOINCREMENT)");
    let ran = sandbox.line("migrate");
    assert!(ran.code == 1 && ran.err.contains("books_author"), "{ran:?}");
    let out = "Operations to perform:\n  Apply all migrations: books\nRunning migrations:\n  Applying books.0001_initial... \
        FAKED\n  Applying books.0002_second... OK\n  Applying books.0003_third... OK\n";
    sandbox.line("migrate --fake-initial").is(0, out, "");
    sandbox.line("migrate --fake --fake-initial").says_on_err(2, "cannot be used with");
}

#[test]
fn records_without_files_are_pruned() {
    let sandbox = sandbox();
    sandbox.line("migrate -v0").is(0, "", "");
    let text = "CommandError: Migrations can be pruned only when an app is specified.\n";
    sandbox.line("migrate --prune").is(1, "", text);
    sandbox.line("migrate books --prune").is(0, "Pruning migrations:\n  No migrations to prune.\n", "");
    std::fs::remove_file(sandbox.dir.path().join(FOLDER).join("0003_third.toml")).expect("a file");
    sandbox.line("migrate books --prune").is(0, "Pruning migrations:\n  Pruning books.0003_third OK\n", "");
    sandbox.line("migrate books --prune -v0").is(0, "", "");
    sandbox.line("migrate books zero -v0").is(0, "", "");
}

#[test]
fn an_edit_of_an_applied_migration_is_noticed() {
    let sandbox = sandbox();
    sandbox.line("migrate -v0").is(0, "", "");
    let sandbox = sandbox.file("src/modules/books/migrations/0002_second.toml", &format!("{SECOND}# a word\n"));
    let out = "Operations to perform:\n  Apply all migrations: books\nRunning migrations:\n  No migrations to apply.\n  Your \
        models in app(s): books have changes that are not yet reflected in a migration, and so won't be applied.\n  Run 'app \
        makemigrations' to make new migrations, and then re-run 'app migrate' to apply them.\n";
    let err = "warning: edited after it was applied: books.0002_second\nhint: `app migrate --drift` says whether the tables \
        differ; put the old text back and write a new migration, or go back and apply it again\n";
    sandbox.line("migrate").is(0, out, err);
    sandbox.line("migrate -v0").is(0, "", "");
    let path = "src/modules/books/migrations/0001_initial.toml";
    let first = std::fs::read_to_string(sandbox.dir.path().join(path)).expect("a file");
    let sandbox = sandbox.file(path, &format!("{first}# anew\n"));
    let hint = "if `books` was removed and made anew, `app migrate books zero --fake` forgets the old one\n";
    sandbox.line("migrate").says_on_err_with(0, out, hint);
    sandbox.line("migrate books zero --fake -v0").is(0, "", "");
    sandbox.line("migrate --fake -v0").is(0, "", "");
    sandbox.line("migrate").is(0, out, "");
}

const SQUASHED: &str = r#"initial = true
replaces = ["books.0001_initial", "books.0002_second"]

[[operations]]
op = "create_model"
model = "Author"
table = "books_author"
fields = [{ name = "id", type = "big_integer", primary_key = true, auto_increment = true }]

[[operations]]
op = "create_model"
model = "Book"
table = "books_book"
fields = [{ name = "id", type = "big_integer", primary_key = true, auto_increment = true }]
"#;

const SQUASHED_FILE: &str = "src/modules/books/migrations/0001_squashed_0002_second.toml";

#[test]
fn the_modules_stand_out_where_there_are_colours() {
    // Case 154.
    let ran = sandbox().line("showmigrations --force-color");
    ran.is(0, "\u{1b}[1mbooks\n\u{1b}[0m [ ] 0001_initial\n [ ] 0002_second\n [ ] 0003_third\n", "");
}

#[test]
fn a_squashed_migration_is_one_line() {
    // Case 159.
    let sandbox = sandbox().file(SQUASHED_FILE, SQUASHED);
    let list = "books\n [ ] 0001_squashed_0002_second (2 squashed migrations)\n [ ] 0003_third\n";
    sandbox.line("showmigrations").is(0, list, "");
    sandbox.line("migrate -v0").is(0, "", "");
    sandbox.line("showmigrations").is(0, &list.replace("[ ]", "[X]"), "");
}

#[test]
fn a_squashed_migration_whose_parts_are_applied_is_still_to_be_recorded() {
    let sandbox = sandbox();
    sandbox.line("migrate books 0002 -v0").is(0, "", "");
    let sandbox = sandbox.file(SQUASHED_FILE, SQUASHED);
    let list = "books\n [-] 0001_squashed_0002_second (2 squashed migrations) Run 'app migrate' to finish recording.\n [ ] \
        0003_third\n";
    sandbox.line("showmigrations").is(0, list, "");
    let plan = "[X]  books.0001_squashed_0002_second\n[ ]  books.0003_third ... (books.0001_squashed_0002_second)\n";
    sandbox.line("showmigrations books --plan -v2").is(0, plan, "");
    sandbox.line("migrate -v0").is(0, "", "");
    let list = "books\n [X] 0001_squashed_0002_second (2 squashed migrations)\n [X] 0003_third\n";
    sandbox.line("showmigrations").is(0, list, "");
}

const STEPS: &str = r#"atomic = false
dependencies = ["books.0003_third"]

[[operations]]
op = "run_sql"
sql = "CREATE TABLE books_step (id integer)"
reverse = "DROP TABLE books_step"

[[operations]]
op = "run_sql"
sql = "INSERT INTO books_later VALUES (1)"
reverse = ""
"#;

#[test]
fn a_migration_that_stopped_half_way_says_so_and_goes_on() {
    let sandbox = sandbox().file("src/modules/books/migrations/0004_steps.toml", STEPS);
    let ran = sandbox.line("migrate");
    assert!(ran.code == 1 && ran.err.contains("books_later"), "{ran:?}");
    let ran = sandbox.line("showmigrations");
    assert!(ran.out.ends_with(" [-] 0004_steps (stopped after operation 1 of 2)\n"), "{}", ran.out);
    let plan = "[X]  books.0001_initial\n[X]  books.0002_second\n[X]  books.0003_third\n[ ]  books.0004_steps\n";
    sandbox.line("showmigrations --plan").is(0, plan, "");
    run(&sandbox, "CREATE TABLE books_later (id integer)");
    let out = "Operations to perform:\n  Apply all migrations: books\nRunning migrations:\n  Applying books.0004_steps... \
        resuming after operation 1 of 2... OK\n";
    sandbox.line("migrate").is(0, out, "");
    assert!(sandbox.line("showmigrations").out.ends_with(" [X] 0004_steps\n"));
    // Half of the way back: nothing stands for the second operation, so the first one cannot be undone.
    run(&sandbox, "DROP TABLE books_step");
    assert_eq!(sandbox.line("migrate books 0003").code, 1);
    sandbox.line("showmigrations --plan").is(0, plan, "");
}

#[test]
fn to_look_makes_no_database() {
    let sandbox = sandbox();
    let plan = "[ ]  books.0001_initial\n[ ]  books.0002_second\n[ ]  books.0003_third\n";
    sandbox.line("showmigrations --plan").is(0, plan, "");
    assert!(!sandbox.dir.path().join("var").join("test.sqlite3").exists());
    let sandbox = sandbox.file("var/test.sqlite3", "");
    sandbox.line("showmigrations --plan").is(0, plan, "");
    let sandbox = sandbox.file("var/test.sqlite3", "this is no database, however long one looks at it");
    let ran = sandbox.line("showmigrations --plan");
    assert!(ran.code == 1 && ran.out.is_empty() && ran.err.contains("not a database"), "{ran:?}");
    let sandbox = sandbox.var("APP__DATABASE__URL", "postgres://nobody@127.0.0.1:1/none");
    let ran = sandbox.line("showmigrations --plan");
    assert!(ran.code == 1 && ran.out.is_empty() && ran.err.contains("127.0.0.1"), "{ran:?}");
}
