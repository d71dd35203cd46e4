//! `squashmigrations` and `optimizemigration` (cases 206–208).

use framework::module::Module;

use crate::sandbox::Sandbox;

const FOLDER: &str = "src/modules/books/migrations";

const INITIAL: &str = r#"initial = true

[[operations]]
op = "create_model"
model = "Author"
table = "books_author"
fields = [{ name = "id", type = "big_integer", primary_key = true, auto_increment = true }]

[[operations]]
op = "add_field"
model = "Author"
field = { name = "name", type = "string", default = "" }
"#;

const SECOND: &str = r#"dependencies = ["books.0001_initial"]

[[operations]]
op = "create_model"
model = "Book"
table = "books_book"
fields = [{ name = "id", type = "big_integer", primary_key = true, auto_increment = true }]

[[operations]]
op = "rename_field"
model = "Author"
from = "name"
to = "full_name"
"#;

const THIRD: &str = r#"dependencies = ["books.0002_second"]

[[operations]]
op = "run_rust"
function = "books.fill"
"#;

fn books() -> Module {
    Module::new("books")
}

fn sandbox() -> Sandbox {
    Sandbox::new(&[books])
        .file("src/modules/books/migrations/0001_initial.toml", INITIAL)
        .file("src/modules/books/migrations/0002_second.toml", SECOND)
        .file("src/modules/books/migrations/0003_third.toml", THIRD)
}

const LIST: &str = "Will squash the following migrations:\n - 0001_initial\n - 0002_second\n";

const ADVICE: &str = "  You should commit this migration but leave the old ones in place;\n  the new migration will be used for \
    new installs. Once you are sure\n  all instances of the codebase have applied the migrations you squashed,\n  you can \
    delete them.\n";

const CREATED: &str = "Created new squashed migration src/modules/books/migrations/0001_squashed_0002_second.toml\n";

#[test]
fn migrations_become_one() {
    // Case 206.
    let sandbox = sandbox().typed("n\n");
    sandbox.line("squashmigrations books 0002").is(0, &format!("{LIST}Do you wish to proceed? [y/N] "), "");
    assert_eq!(sandbox.names(FOLDER).len(), 3);
    let sandbox = sandbox.typed("y\n");
    let optimized = "Optimizing...\n  Optimized from 4 operations to 2 operations.\n";
    let out = format!("{LIST}Do you wish to proceed? [y/N] {optimized}{CREATED}{ADVICE}");
    sandbox.line("squashmigrations books 0002").is(0, &out, "");
    let text = sandbox.text(&format!("{FOLDER}/0001_squashed_0002_second.toml"));
    let begin = "initial = true\ndependencies = []\nreplaces = [\"books.0001_initial\", \"books.0002_second\"]\n";
    assert!(text.starts_with(begin) && text.matches("[[operations]]").count() == 2, "{text}");
    assert_eq!(sandbox.names(FOLDER).len(), 4, "the old files stay");
    let list = "books\n [ ] 0001_squashed_0002_second (2 squashed migrations)\n [ ] 0003_third\n";
    sandbox.line("showmigrations").is(0, list, "");
    let create = "CREATE TABLE \"books_author\"";
    for (migration, statements) in [("0001_initial", 2), ("0002_second", 2), ("0001_squashed_0002_second", 2)] {
        let ran = sandbox.line(&format!("sqlmigrate books {migration}"));
        assert_eq!((ran.code, ran.out.matches(";\n").count()), (0, statements + 2), "{ran:?}");
        assert_eq!(ran.out.contains(create), migration != "0002_second", "{ran:?}");
    }
    sandbox.line("migrate books 0001_squashed_0002_second -v0").is(0, "", "");
    // Squashed migrations can be squashed again.
    let ran = sandbox.line("squashmigrations books 0001_squashed 0003_third --noinput --squashed-name all -v0");
    assert_eq!(ran.code, 0, "{ran:?}");
}

#[test]
fn squashing_has_options() {
    // Case 207.
    let sandbox = sandbox();
    let out = format!("{LIST}(Skipping optimization.)\n{CREATED}{ADVICE}");
    sandbox.line("squashmigrations books 0002 --no-optimize --noinput").is(0, &out, "");
    let sandbox = self::sandbox();
    let late = "CommandError: The migration 'books.0003_third' cannot be found. Maybe it comes after the migration \
        'books.0002_second'?\nHave a look at:\n  app showmigrations books\nto debug this issue.\n";
    sandbox.line("squashmigrations books 0003 0002 --noinput").is(1, "", late);
    let taken = "CommandError: Migration 0001_initial already exists. Use a different name.\n";
    sandbox.line("squashmigrations books 0002 --squashed-name initial --noinput").is(1, "", taken);
    sandbox.line("squashmigrations books 0002 --squashed-name ../up --noinput").says_on_err(1, "valid Rust identifier");
    sandbox.line("squashmigrations books 0001 0002 --squashed-name begin --noinput -v0").is(0, "", "");
    let text = sandbox.text(&format!("{FOLDER}/0001_begin.toml"));
    assert!(text.contains("replaces = [\"books.0001_initial\", \"books.0002_second\"]\n"), "{text}");
}

#[test]
fn what_was_written_by_hand_is_named() {
    // Case 208.
    let out = "Will squash the following migrations:\n - 0002_second\n - 0003_third\nOptimizing...\n  No optimizations \
        possible.\nCreated new squashed migration src/modules/books/migrations/0002_second_squashed_0003_third.toml\n";
    let porting = "Manual porting required\n  Your migrations contained SQL and functions that were written by hand:\n   - \
        books.0003_third: Rust function books.fill\n  See whether they still make sense where the squashed migration has \
        them, on an\n  empty database. What was only needed for old rows can say `elidable = true`.\n";
    let sandbox = sandbox();
    sandbox.line("squashmigrations books 0002 0003 --noinput").is(0, &format!("{out}{ADVICE}{porting}"), "");
}

#[test]
fn what_does_not_exist_is_named() {
    let sandbox = sandbox();
    for command in ["squashmigrations", "optimizemigration"] {
        let label = "CommandError: No installed app with label 'nope'.\n";
        sandbox.line(&format!("{command} nope 0001")).is(1, "", label);
        let ambiguous = "CommandError: More than one migration matches '0' in app 'books'. Please be more specific.\n";
        sandbox.line(&format!("{command} books 0")).is(1, "", ambiguous);
        let unknown = "CommandError: Cannot find a migration matching '0009' from app 'books'.\n";
        sandbox.line(&format!("{command} books 0009")).is(1, "", unknown);
    }
    sandbox.line("squashmigrations books 0002").says_on_err_with(3, LIST, "standard input is not a terminal");
    assert_eq!(sandbox.names(FOLDER).len(), 3);
}

#[test]
fn a_migration_is_made_shorter_in_place() {
    let sandbox = sandbox();
    sandbox.line("optimizemigration books 0001 --check").is(1, "Optimizing from 2 operations to 1 operations.\n", "");
    assert_eq!(sandbox.text(&format!("{FOLDER}/0001_initial.toml")), INITIAL);
    let out = "Optimizing from 2 operations to 1 operations.\nOptimized migration src/modules/books/migrations/0001_initial.toml\n";
    sandbox.line("optimizemigration books 0001").is(0, out, "");
    assert_eq!(sandbox.text(&format!("{FOLDER}/0001_initial.toml")).matches("[[operations]]").count(), 1);
    sandbox.line("optimizemigration books 0001").is(0, "No optimizations possible.\n", "");
    sandbox.line("optimizemigration books 0003 --check").is(0, "No optimizations possible.\n", "");
    sandbox.line("optimizemigration books 0003 -v0").is(0, "", "");
}
