//! `sqlmigrate`: the SQL of a migration (cases 160–164).

use framework::module::Module;

use crate::sandbox::Sandbox;

const INITIAL: &str = r#"
initial = true

[[operations]]
op = "create_model"
model = "Author"
table = "books_author"
fields = [
  { name = "id", type = "big_integer", primary_key = true, auto_increment = true },
  { name = "name", type = "string" },
]
indexes = [{ name = "books_author_name", fields = ["name"] }]

[[operations]]
op = "create_model"
model = "Tag"
table = "books_tag"
fields = [{ name = "id", type = "big_integer", primary_key = true, auto_increment = true }]
"#;

const SECOND: &str = r#"
dependencies = ["books.0001_initial"]

[[operations]]
op = "rename_model"
from = "Tag"
to = "Label"
from_table = "books_tag"
to_table = "books_tag"

[[operations]]
op = "run_rust"
function = "books.fill"

[[operations]]
op = "run_sql"
sql = { sqlite = "UPDATE books_author SET name = '' -- all of them", postgres = "SELECT 1" }
"#;

const THIRD: &str = r#"
atomic = false
dependencies = ["books.0002_second"]

[[operations]]
op = "alter_field"
model = "Author"
old = { name = "name", type = "string" }
new = { name = "name", type = "text", null = true }
"#;

fn books() -> Module {
    Module::new("books")
        .embedded_migrations(&[
            ("0001_initial", INITIAL),
            ("0002_second", SECOND),
            ("0003_third", THIRD),
            ("0004_empty", "dependencies = [\"books.0003_third\"]\n"),
        ])
        .clone()
}

fn plain() -> Module {
    Module::new("plain")
}

fn sandbox() -> Sandbox {
    Sandbox::new(&[books, plain])
}

fn postgres() -> Sandbox {
    // Nobody listens there: the SQL is made without a database.
    sandbox().var("APP__DATABASE__URL", "postgres://nobody@127.0.0.1:1/none")
}

#[test]
fn a_migration_is_printed_as_sql_for_the_backend() {
    let sqlite = "BEGIN;\n--\n-- Create model Author\n--\nCREATE TABLE \"books_author\" (\"id\" integer NOT NULL \
        PRIMARY KEY AUTOINCREMENT, \"name\" varchar NOT NULL);\nCREATE INDEX \"books_author_name\" ON \"books_author\" \
        (\"name\");\n--\n-- Create model Tag\n--\nCREATE TABLE \"books_tag\" (\"id\" integer NOT NULL PRIMARY KEY \
        AUTOINCREMENT);\nCOMMIT;\n";
    sandbox().line("sqlmigrate books 0001").is(0, sqlite, "");
    let ran = postgres().line("sqlmigrate books 0001 --force-color");
    assert!(
        ran.out.starts_with("BEGIN;\n--\n-- Create model Author\n--\nCREATE TABLE \"books_author\" (\"id\" bigint")
    );
    assert!(ran.out.ends_with(";\nCOMMIT;\n"), "case 164: {ran:?}");
}

#[test]
fn backwards_goes_in_reverse_order() {
    // Case 161. Nothing is looked up in the database, so it need not be applied.
    let text = "BEGIN;\n--\n-- Create model Tag\n--\nDROP TABLE \"books_tag\";\n--\n-- Create model Author\n--\n\
        DROP TABLE \"books_author\";\nCOMMIT;\n";
    sandbox().line("sqlmigrate books 0001 --backwards").is(0, text, "");
    let text = "CommandError: migration books.0002_second cannot be unapplied: Rust function books.fill is \
        irreversible; give it a `reverse`, or go back with --fake\n";
    sandbox().line("sqlmigrate books 0002 --backwards").is(1, "", text);
}

#[test]
fn a_migration_that_is_not_atomic_is_no_transaction() {
    // Case 162.
    let text = "--\n-- Alter field name on author\n--\nALTER TABLE \"books_author\" ALTER COLUMN \"name\" TYPE text";
    let ran = postgres().line("sqlmigrate books 0003");
    assert!(ran.code == 0 && ran.out.starts_with(text) && !ran.out.contains("COMMIT"), "{ran:?}");
    let ran = sandbox().line("sqlmigrate books 0003");
    let begin = "PRAGMA foreign_keys = OFF;\n--\n-- Alter field name on author\n--\n\
        -- (`migrate` also makes again what raw SQL hung on books_author: indexes, triggers)\nCREATE TABLE ";
    assert!(ran.out.starts_with(begin) && ran.out.ends_with("\nPRAGMA foreign_keys = ON;\n"), "{ran:?}");
}

#[test]
fn what_is_no_sql_says_so() {
    // Case 163.
    let text = "BEGIN;\n--\n-- Rename model Tag to Label\n--\n-- (no-op)\n--\n-- Rust function books.fill\n--\n\
        -- THIS OPERATION CANNOT BE WRITTEN AS SQL\n--\n-- Raw SQL operation\n--\n\
        UPDATE books_author SET name = '' -- all of them\n;\nCOMMIT;\n";
    sandbox().line("sqlmigrate books 0002").is(0, text, "");
    sandbox().line("sqlmigrate books 0004").is(0, "", "No operations found.\n");
    sandbox().line("sqlmigrate books 0004 -v0").is(0, "", "");
}

#[test]
fn what_does_not_exist_is_named() {
    let sandbox = sandbox();
    let ambiguous = "CommandError: More than one migration matches '0' in app 'books'. Please be more specific.\n";
    sandbox.line("sqlmigrate books 0").is(1, "", ambiguous);
    let unknown = "CommandError: Cannot find a migration matching '0009' from app 'books'.\n";
    sandbox.line("sqlmigrate books 0009").is(1, "", unknown);
    sandbox.line("sqlmigrate plain 0001").is(1, "", "CommandError: App 'plain' does not have migrations.\n");
    let label = "CommandError: No installed app with label 'nope'.\n";
    sandbox.line("sqlmigrate nope 0001").is(1, "", label);
    let meant = "CommandError: No installed app with label 'contrib.books'. Did you mean 'books'?\n";
    sandbox.line("sqlmigrate contrib.books 0001").is(1, "", meant);
    let choice = "CommandError: argument --database: invalid choice: 'deflaut' (choose from 'default')\n";
    sandbox.line("sqlmigrate books 0001 --database deflaut").is(2, "", choice);
}
